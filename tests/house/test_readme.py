"""The READMEs: the same blocks in both, a first screen that the program prints, figures that docs/results.md has."""

from __future__ import annotations

import json
import re
import runpy
import shutil
from pathlib import Path

import pytest

from cmivqa_kit.data.demo import demo_corpus
from cmivqa_kit.leaderboard.filed import entries_of
from tests.cli.running import cmivqa_here as cmivqa
from tests.house.markdown import ROOT, blocks, shell_lines
from tests.house.test_docs_commands import run

READMES = ("README.md", "README.zh-CN.md")
SUBMISSIONS = ROOT / "submissions"
ENTRY = SUBMISSIONS / "cmivqa-2023" / "demo-bm25-5eacb2ce" / "run-1"
LINES = 220  # a README is read in one sitting


@pytest.mark.parametrize("name", READMES)
def test_a_readme_stays_short(name: str) -> None:
    assert len((ROOT / name).read_text(encoding="utf-8").splitlines()) <= LINES


def test_both_readmes_have_the_same_code_blocks() -> None:
    english, chinese = (blocks(ROOT / name) for name in READMES)
    assert len(english) >= 4
    assert english == chinese


def plain(text: str) -> str:
    """Output as the documents have it: no blanks at line ends, and of Python any version."""
    lines = [line.rstrip() for line in text.strip("\n").splitlines()]
    return re.sub(r"\|python:3\.\d+\|", "|python:3|", "\n".join(lines))


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The workspace that the demo leaves."""
    folder = tmp_path_factory.mktemp("demo")
    done = cmivqa("demo", "--quick", cwd=folder)
    assert done.returncode == 0, done.stderr
    return folder / "demo-workspace"


def test_the_first_screen_is_what_the_program_prints(workspace: Path) -> None:
    """Every shell block of it is run in the demo's workspace; the block after it is the output of its last line."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    start = text.index("<!-- first screen -->")
    before = len(re.findall(r"^```\w+$", text[:start], re.MULTILINE))
    within = len(re.findall(r"^```\w+$", text[start : text.index("\n## ", start)], re.MULTILINE))
    screen = blocks(ROOT / "README.md")[before : before + within]
    assert [language for language, _ in screen] == ["bash", "text"] * 3
    codes = []
    for (_, commands), (_, shown) in zip(screen[::2], screen[1::2], strict=True):
        lines = [line for line in shell_lines(commands) if line.command != f"cd {workspace.name}"]
        ended = [run(line, workspace) for line in lines]
        assert plain(ended[-1].stdout.decode()) == plain(shown)
        codes.append([process.returncode for process in ended])
    assert codes == [[0, 1], [0], [0]]


def test_the_diagnosis_in_the_docs_is_what_the_program_prints(tmp_path: Path) -> None:
    """The parts between lines of three dots stand in the output, in this order."""
    (tmp_path / "submissions").symlink_to(SUBMISSIONS, target_is_directory=True)
    done = cmivqa("diagnose", ENTRY.relative_to(ROOT) / "submission.json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    output = plain(done.stdout.decode())
    (shown,) = [text for language, text in blocks(ROOT / "docs" / "participants.md") if language == "text"]
    *parts, advice = plain(shown).replace("\n...\n", "\n\0").split("\0")
    assert parts
    place = 0
    for part in [*parts, advice.partition("\nNext: ")[0]]:
        place = output.index(part.strip("\n"), place) + 1


@pytest.mark.parametrize("page", ["README.md", "docs/participants.md"])
def test_the_python_lines_run(page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With an entry, its answers and a data root beside them."""
    shutil.copytree(demo_corpus(), tmp_path / "data")
    shutil.copy(ENTRY / "submission.json", tmp_path)
    (answers,) = (tmp_path / "data" / "answers").iterdir()
    shutil.copy(answers, tmp_path / "answers.json")
    monkeypatch.chdir(tmp_path)
    (code,) = [text for language, text in blocks(ROOT / page) if language == "python"]
    Path("lines.py").write_text(code, encoding="utf-8")
    runpy.run_path("lines.py")
    assert page == "README.md" or cmivqa("validate", "mine.json", "--data", "data", cwd=tmp_path).returncode == 0


@pytest.mark.parametrize("name", READMES)
def test_figures_of_the_baselines_stand_in_the_results(name: str) -> None:
    results = (ROOT / "docs" / "results.md").read_text(encoding="utf-8")
    rows = [
        line
        for line in (ROOT / name).read_text(encoding="utf-8").splitlines()
        if line.startswith("| [") and "](baselines/" in line
    ]
    figures = [figure for row in rows for figure in re.findall(r"(?<![\d.])\d?\.\d{3,4}\b", row)]
    assert len(rows) >= 6 and len(figures) >= 20
    stated = set(re.findall(r"(?<![\d.])\d?\.\d{3,4}\b", results))
    assert set(figures) <= stated


def test_the_chinese_text_has_no_breaks_within_sentences() -> None:
    """A break between two lines of prose would show as a blank between two characters."""
    text = re.sub(r"^```.*?^```$", "", (ROOT / "README.zh-CN.md").read_text(encoding="utf-8"), flags=re.M | re.S)
    assert not re.findall(r"[^\n|>]\n(?![\n|#<]|```)[^\n]", text)
    assert not re.search(r"(?i)\btracks? ?[123]\b", text)  # one word for it: 赛道


@pytest.mark.parametrize("name", ["diagnosis.png", "board.png"])
def test_the_pictures_are_small(name: str) -> None:
    picture = ROOT / "docs" / "images" / name
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert picture.stat().st_size <= 200 * 1024


def test_the_example_entries_are_valid_and_made_again_by_the_lines_that_stand_beside_them(tmp_path: Path) -> None:
    lines = shell_lines(blocks(SUBMISSIONS / "README.md")[-1][1])
    assert [run(line, tmp_path).returncode for line in lines] == [0] * len(lines)
    examples = tree(SUBMISSIONS)
    assert len(examples) >= 6
    assert tree(tmp_path / "submissions") == examples
    assert cmivqa("validate", SUBMISSIONS, cwd=tmp_path).returncode == 0
    assert not entries_of(SUBMISSIONS).problems
    assert len(json.loads((ENTRY / "submission.json").read_text(encoding="utf-8"))) >= 80


def tree(folder: Path) -> dict[str, bytes]:
    """The files of the entries, by path."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.glob("*/*/*/*")}
