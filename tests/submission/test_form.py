"""An edition names the submission form that it uses; one without can be scored by, not validated or written."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cmivqa_kit.cli.main import cli
from cmivqa_kit.data.corpus import open_split
from cmivqa_kit.editions import edition_names, load_edition
from cmivqa_kit.errors import UserError
from cmivqa_kit.scoring import score
from cmivqa_kit.submission import write
from cmivqa_kit.submission.form import forms, submission_form
from cmivqa_kit.submission.read import Document
from cmivqa_kit.submission.schema import load_schema, structural_findings
from cmivqa_kit.submission.validate import validate
from tests.submission.small import VIDEOS, put, records, root_2023

LINE = 'submission = "cmivqa-2023"'


def own_edition(folder: Path, line: str, name: str) -> Path:
    """The edition of 2023 under another name, with another line about its submission form."""
    text = (resources.files("cmivqa_kit.editions") / "cmivqa-2023.toml").read_text(encoding="utf-8")
    assert LINE in text
    path = folder / "my-edition.toml"
    path.write_text(text.replace('name = "cmivqa-2023"', f'name = "{name}"').replace(LINE, line), encoding="utf-8")
    return path


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    root_2023(tmp_path / "data")
    rows = [{"id": row["id"], "output": [[VIDEOS[0], 0.0, 9.0]]} for row in records("dev")]
    put(tmp_path / "lists.json", rows)
    return tmp_path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, [*arguments, "--edition", "my-edition.toml"])


def test_the_editions_of_the_kit_all_name_a_form() -> None:
    assert {name: load_edition(name).submission for name in edition_names()} == {
        "cmivqa-2023": "cmivqa-2023",
        "mmivqa-2024": "mmivqa-2024",
        "m4ivqa-2025": "m4ivqa-2025",
        "medvidqa": "m4ivqa-2025",
    }
    assert forms() == ("cmivqa-2023", "m4ivqa-2025", "mmivqa-2024")
    assert [submission_form(name) for name in edition_names()] == [
        load_edition(name).submission for name in edition_names()
    ]


COMMANDS = [
    ("validate", "lists.json", "--data", "data", "--split", "dev"),
    ("validate", "lists.json", "--data", "data", "--split", "dev", "--track", "3", "--fix", "mended.json"),
    ("schema", "show", "--track", "2"),
    ("sample", "--data", "data", "--split", "dev", "--track", "3", "--out", "mine.json"),
]


@pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
@pytest.mark.parametrize("line", ["", 'submission = "2025"'])
def test_without_a_form_the_command_says_what_to_add(folder: Path, arguments: tuple[str, ...], line: str) -> None:
    own_edition(folder, line, "formless")
    done = run(*arguments)
    assert done.exit_code == 2
    assert "edition formless: " in done.stderr
    assert 'submission = "mmivqa-2024"' in done.stderr
    assert "above the first table" in done.stderr
    assert ("'2025', which does not exist" in done.stderr) == bool(line)
    assert not (folder / "mine.json").exists()
    assert not (folder / "mended.json").exists()


@pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
def test_with_a_form_it_does_its_work(folder: Path, arguments: tuple[str, ...]) -> None:
    own_edition(folder, LINE, "formed")
    done = run(*arguments)
    assert done.exit_code == 0, done.output
    if arguments[0] == "schema":
        assert '"urn:cmivqa-kit:schema:cmivqa-2023:track2"' in done.stdout


def test_scoring_needs_no_form(folder: Path) -> None:
    own = own_edition(folder, "", "scored-only")
    done = run("score", "lists.json", "--data", "data", "--split", "dev", "--resamples", "20")
    assert done.exit_code == 0, done.output
    assert "edition:scored-only" in done.stdout
    assert score(folder / "lists.json", folder / "data" / "dev.json", track=2, edition=str(own)).strict.metrics


def test_the_library_refuses_it_too(folder: Path) -> None:
    edition = load_edition(str(own_edition(folder, "", "formless-library")))
    split = open_split(folder / "data", "dev", edition=str(folder / "my-edition.toml"))
    answers = [(question.id, [(VIDEOS[0], 0.0, 1.0)]) for question in split.questions]
    for refused in (
        lambda: write(answers, split, 3, folder / "out.json"),
        lambda: validate(Document(Path("x"), [], True, ()), (3,), edition),
        lambda: list(structural_findings([], edition, 3)),
        lambda: load_schema("formless-library", 3),
    ):
        with pytest.raises(UserError, match="does not say which submission form"):
            refused()
    assert not (folder / "out.json").exists()


def test_a_form_that_is_no_text_is_a_fault_of_the_file(folder: Path) -> None:
    with pytest.raises(UserError, match="submission is wrong"):
        load_edition(str(own_edition(folder, "submission = 2025", "odd")))
