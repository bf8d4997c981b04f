"""`cmivqa diagnose`: what it prints, with which code it leaves, and what it refuses."""

from __future__ import annotations

import json
import shlex
import shutil
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from cmivqa_kit.cli.main import cli
from cmivqa_kit.data.demo import demo_corpus
from tests.cli.running import cmivqa
from tests.data.corpora import mmivqa_2024, read, write
from tests.diagnosis.made import answer, others, target

ROOT = Path(__file__).parents[2]
ENTRY = ROOT / "submissions" / "cmivqa-2023" / "demo-bm25-5eacb2ce" / "run-1" / "submission.json"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    targets = [target(i, f"v{i:02}", i, i + 10, question=f"why {i}?", language_type="English") for i in range(20)]
    rows = [
        answer(i, *others(9), *([[f"v{i:02}", i, i + 4 + i / 4]] if i < 12 else [["v99", 0, 1]]), *others(40))
        for i in range(19)
    ]
    write(tmp_path / "truth.json", targets)
    write(tmp_path / "my entry.json", rows)
    write(tmp_path / "spans.json", [{"id": i, "start_second": i, "end_second": i + 5} for i in range(20)])
    shutil.copyfile(ENTRY, tmp_path / "submission.json")
    return tmp_path


def run(*arguments: str, code: int = 0) -> Result:
    result = CliRunner().invoke(cli, ["diagnose", *arguments])
    assert result.exit_code == code, result.output
    return result


def document(*arguments: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(run(*arguments, "--format", "json").stdout)
    return document


def rows_of(text: str, title: str) -> list[list[str]]:
    """The words of the lines that begin with ``title``, that left out."""
    return [line.strip()[len(title) :].split() for line in text.splitlines() if line.strip().startswith(title)]


def test_the_entry_of_the_repository(folder: Path) -> None:
    """The numbers of the terminal are those of the JSON, and those of `score`."""
    text = run("submission.json").stdout
    found = document("submission.json")
    scored = CliRunner().invoke(cli, ["score", "submission.json", "--track", "3", "--format", "json", "--no-intervals"])
    card = json.loads(scored.stdout)[0]["scores"][0]
    assert found["score"] == card["strict"]["metrics"]["Average"] and found["signature"] == card["signature"]
    assert f"  Average {found['score']:.4f} strict, {found['loss']:.4f} lost" in text
    for one in found["classes"]:
        first, second = rows_of(text, one["title"])
        assert first[:2] == [f"{one['share']:.4f}", str(one["questions"])]
        assert second == [f"{value:.4f}" for value in (*one["by_cutoff"], one["share"])]
    for oracle in found["oracles"]:
        assert rows_of(text, oracle["title"])[0] == [f"{v:.4f}" for v in (*oracle["values"], oracle["average"])]
    for prior in found["prior"]:
        assert rows_of(text, prior["title"])[-1] == [f"{prior['value']:.4f}"]
    for grouping in found["groups"]:
        assert f"  {grouping['title']}" in text
        for row in grouping["rows"]:
            cells = [str(row["n"]), *(f"{value:.4f}" for value in (row["score"], *row["shares"]))]
            assert cells in rows_of(text, row["name"])
    assert [one["title"] for one in found["groups"]][-1] == "language"
    assert f"What to do: {found['next']}" in text
    assert text.splitlines()[-1] == "Next: cmivqa diagnose submission.json --html submission.html"


def test_json_is_documented(folder: Path) -> None:
    from cmivqa_kit.diagnosis import Diagnosis

    found = document("submission.json")
    for name in set(found) - {"file", "made_by"}:
        assert f"``{name}``" in str(Diagnosis.to_dict.__doc__), name
    assert (found["file"], found["made_by"]) == ("submission.json", None)
    assert sum(one["share"] for one in found["classes"]) == pytest.approx(found["loss"], abs=1e-12)
    assert len(found["questions"]) == 113


def test_answers_given_apart(folder: Path) -> None:
    """--truth alone: no corpus, and it is said plainly."""
    text = run("my entry.json", "--truth", "truth.json").stdout
    assert "my entry.json: Track 3, truth, 20 questions" in text
    assert "no data root at hand: no video lengths, no subtitles, and no trivial prior" in text
    assert "of the retrieval miss: 1 question unanswered, 0.0500" in text
    assert "video length, s" not in text and "prior's" not in text
    assert rows_of(text, "English")[0][0] == "20"
    assert text.splitlines()[-1] == "Next: cmivqa diagnose 'my entry.json' --html 'my entry.html' --truth truth.json"
    found = document("my entry.json", "--truth", "truth.json")
    assert [one["questions"] for one in found["classes"]] == [8, 12, 0, 12]
    assert found["classes"][0]["share"] == pytest.approx(0.4)
    assert [one["code"] for one in found["warnings"]] == ["unanswered", "constant-output", "near-duplicate-spans"]


def test_answers_given_apart_beside_data(folder: Path) -> None:
    """With --data the corpus of the split that the file answers is used, and the prior of its train split."""
    corpus = demo_corpus()
    found = document("submission.json", "--truth", str(next((corpus / "answers").iterdir())), "--data", str(corpus))
    assert "video length, s" in [one["title"] for one in found["groups"]]
    assert len(found["prior"]) == 2 and found["remarks"] == []
    whole = document("submission.json")
    assert (found["score"], found["prior"]) == (whole["score"], whole["prior"])
    foreign = document("my entry.json", "--truth", "truth.json", "--data", str(corpus))
    assert foreign["prior"] == [] and foreign["remarks"][0].startswith(f"{corpus} has no split that")


def test_ids_of_the_embedded_corpus_are_made_up_and_no_others(folder: Path) -> None:
    """They only look like YouTube's; also where its data root is named, as in the workspace of `demo`."""

    def unlinked(*arguments: str) -> bool:
        run(*arguments, "--html", "page.html", "--force")
        return '"unlinked":true' in (folder / "page.html").read_text(encoding="utf-8")

    assert unlinked("submission.json")
    assert unlinked("submission.json", "--data", str(demo_corpus()))
    assert not unlinked("my entry.json", "--truth", "truth.json")
    assert not unlinked("my entry.json", "my entry.json", "--truth", "truth.json")


def test_track_1(folder: Path) -> None:
    text = run("spans.json", "--truth", "truth.json").stdout
    assert "spans.json: Track 1, truth, 20 questions" in text
    assert "  mIoU 0.5000 strict, 0.5000 lost" in text
    assert "ranked low" not in text and "gold video" not in text and "within the first k" not in text
    assert rows_of(text, "unanswered")[0] == ["0.0000", "0"]
    assert rows_of(text, "boundary error")[0][:2] == ["0.5000", "20"]


def test_a_part_of_the_questions(folder: Path) -> None:
    found = document("my entry.json", "--truth", "truth.json", "--only", "0,1,19")
    assert [one["id"] for one in found["questions"]] == [0, 1, 19]
    text = run("my entry.json", "--truth", "truth.json", "--only", "0,1,19").stdout
    assert "3*" in text and "* fewer than 10 questions" in text
    assert text.splitlines()[-1].endswith("--only 0,1,19")


def test_track_2_has_no_spans(folder: Path) -> None:
    refused = run("my entry.json", "--truth", "truth.json", "--track", "2", code=2)
    assert "my entry.json: is for Track 2, which has no spans to judge" in refused.stderr
    assert "cmivqa score 'my entry.json', and `cmivqa diagnose` on the Track 3 file" in refused.stderr
    # Ids that carry the track say the same.
    root = mmivqa_2024(folder / "data")
    questions = read(root / "dev" / "MMIVQA_DEV_TASK2.json")
    write(folder / "two.json", [{"id": q["id"], "question": q["question"], "output": [["x", 0, 1]]} for q in questions])
    assert "is for Track 2" in run("two.json", "--data", str(root), code=2).stderr


def test_lists_without_spans_are_no_track_3(folder: Path) -> None:
    """A corpus file of 2023 may be for Track 2 alone: a list of videos is not a retrieval miss of everything."""
    rows = [{"id": i, "output": [[f"v{i:02}"], ["x"]]} for i in range(20)]
    write(folder / "names.json", rows)
    refused = run("names.json", "--truth", "truth.json", code=2)
    assert "no entry of any list has a valid span" in refused.stderr and "--track 3" in refused.stderr
    assert document("names.json", "--truth", "truth.json", "--track", "3")["score"] == 0


@pytest.mark.parametrize("content", ["", "[", "{}", "3", "[]", "\ufeff[]"])
@pytest.mark.parametrize("track", [(), ("--track", "3")])
def test_what_cannot_be_read_is_wrong_usage(folder: Path, content: str, track: tuple[str, ...]) -> None:
    (folder / "bad one.json").write_text(content, encoding="utf-8")
    empty = content == "[]" and track
    result = run("bad one.json", "--truth", "truth.json", *track, code=0 if empty else 2)
    assert "bad one.json" in result.output and "Traceback" not in result.output
    if content in ("", "["):
        assert "E105" in result.stderr and "Run: cmivqa validate 'bad one.json'" in result.stderr
    if empty:
        assert "What to do: Answer every question first: 100.0% of them have no answer" in result.stdout


def test_missing_and_foreign_files(folder: Path) -> None:
    assert "nowhere.json: cannot be diagnosed: E101" in run("nowhere.json", code=2).stderr
    assert "nothing is judged on the" in run("my entry.json", code=2).stderr
    doubled = read(folder / "truth.json") * 2
    write(folder / "twice.json", doubled)
    assert "the id is there twice" in run("my entry.json", "--truth", "twice.json", code=2).stderr
    assert run(code=2).stderr


def test_official_and_strict_may_differ(folder: Path) -> None:
    rows = read(folder / "my entry.json")
    rows[0]["output"][0] = ["v00", -1, 10]
    write(folder / "negative.json", rows)
    assert (
        "the diagnosis is of the strict score (the card of `score` says why"
        in run("negative.json", "--truth", "truth.json").stdout
    )
    write(folder / "crash.json", [*rows, {"output": []}])
    assert "the official program would crash on this file" in run("crash.json", "--truth", "truth.json").stdout


def test_who_made_it(folder: Path) -> None:
    for words in (["train", "-m", "bm25"], ["predict", "-m", "bm25", "--split", "dev", "--out", "dev.json"]):
        assert CliRunner().invoke(cli, words).exit_code == 0
    assert "  made by bm25, run bm25-1" in run("dev.json").stdout
    assert document("dev.json")["made_by"] == "bm25, run bm25-1"


@pytest.mark.parametrize("encoding", ["ascii", "utf-8"])
def test_bars_on_any_console(folder: Path, encoding: str) -> None:
    done = cmivqa("diagnose", "submission.json", cwd=folder, PYTHONIOENCODING=encoding)
    assert done.returncode == 0, done.stderr
    assert ("\u2588" in done.stdout.decode(encoding)) == (encoding == "utf-8")
    assert (b"###" in done.stdout) == (encoding == "ascii")


def test_hostile_texts_do_not_reach_the_terminal(folder: Path) -> None:
    targets = read(folder / "truth.json")
    for one in targets:
        one["language_type"] = "\x1b[31m\u202e"
    write(folder / "hostile.json", targets)
    text = run("my entry.json", "--truth", "hostile.json").stdout
    assert "\x1b" not in text and "\u202e" not in text and "\\x1b[31m\\u202e" in text


def test_the_next_command_runs(folder: Path) -> None:
    last = run("my entry.json", "--truth", "truth.json").stdout.splitlines()[-1]
    words = shlex.split(last.removeprefix("Next: cmivqa "))
    done = CliRunner().invoke(cli, words)
    assert done.exit_code == 0, done.output
    assert (folder / "my entry.html").stat().st_size > 1000
    # The name is taken now: the next step is another one.
    assert done.stdout.splitlines()[-1] == "Next: cmivqa score 'my entry.json' --truth truth.json"
    assert run("my entry.json", "--truth", "truth.json").stdout.splitlines()[-1].startswith("Next: cmivqa score")
    again = CliRunner().invoke(cli, words)
    assert again.exit_code == 2 and "exists already" in again.stderr
    assert CliRunner().invoke(cli, [*words, "--force"]).exit_code == 0


def test_the_page_never_takes_the_place_of_an_input(folder: Path) -> None:
    for name in ("my entry.json", "truth.json"):
        refused = run("my entry.json", "--truth", "truth.json", "--html", name, "--force", code=2)
        assert f"{name}: is read by this command" in refused.stderr
