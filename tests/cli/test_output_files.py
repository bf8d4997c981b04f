"""Where commands may write: regular files and new names; `-` of `predict --out` and `validate --fix` as a stream."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.cli.running import cmivqa_here

COMMANDS = {
    "validate --fix": ("validate", "mine.json", "--force", "--fix"),
    "diagnose --html": ("diagnose", "mine.json", "--force", "--html"),
    "predict --out": ("predict", "--track", "1", "--force", "--out"),
    "sample --out": ("sample", "--track", "1", "--split", "dev", "--force", "--out"),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a submission and a run of the cheapest system."""
    made = tmp_path_factory.mktemp("outputs")
    assert cmivqa_here("sample", "--track", "1", "--split", "dev", "--out", "mine.json", cwd=made).returncode == 0
    assert cmivqa_here("train", "-m", "prior", cwd=made).returncode == 0
    return made


@pytest.mark.parametrize("command", COMMANDS)
def test_what_is_no_regular_file_is_refused_and_stays(folder: Path, command: str) -> None:
    pipe, link = folder / "pipe.json", folder / "link.json"
    pipe.unlink(missing_ok=True)
    link.unlink(missing_ok=True)
    os.mkfifo(pipe)
    link.symlink_to(pipe.name)
    for name in ("pipe.json", "link.json"):
        done = cmivqa_here(*COMMANDS[command], name, cwd=folder)
        assert done.returncode == 2 and b"is a pipe (FIFO), not a regular file" in done.stderr
    assert pipe.is_fifo() and link.is_symlink()


@pytest.mark.parametrize("command", COMMANDS)
def test_a_link_to_nothing_counts_as_a_file(folder: Path, command: str) -> None:
    link, target = folder / "dangling.json", folder / "absent.json"
    link.unlink(missing_ok=True)
    target.unlink(missing_ok=True)
    link.symlink_to(target.name)
    careful = [word for word in COMMANDS[command] if word != "--force"]
    done = cmivqa_here(*careful, link.name, cwd=folder)
    assert done.returncode == 2 and b"exists" in done.stderr and not target.exists()
    assert cmivqa_here(*COMMANDS[command], link.name, cwd=folder).returncode == 0
    assert link.is_symlink() and target.stat().st_size > 0


def test_predictions_as_a_stream(folder: Path) -> None:
    words = ("predict", "--track", "1", "--out")
    assert cmivqa_here(*words, "spans.json", cwd=folder).returncode == 0
    done = cmivqa_here(*words, "-", cwd=folder)
    assert done.returncode == 0 and done.stdout == (folder / "spans.json").read_bytes()
    assert b"standard output: " in done.stderr
    assert not (folder / "-").exists()


def test_a_mended_copy_as_a_stream(folder: Path) -> None:
    whole = (folder / "mine.json").read_bytes()
    (folder / "marked.json").write_bytes(b"\xef\xbb\xbf" + whole)
    done = cmivqa_here("validate", "marked.json", "--fix", "-", cwd=folder)
    assert done.returncode == 0 and done.stdout == whole
    assert b"mended into standard output" in done.stderr and b"standard output: valid" in done.stderr


@pytest.mark.parametrize("words", [("validate", "mine.json", "--fix"), ("predict", "--track", "1", "--out")])
def test_one_thing_alone_goes_to_standard_output(folder: Path, words: tuple[str, ...]) -> None:
    done = cmivqa_here(*words, "-", "--format", "json", cwd=folder)
    assert done.returncode == 2 and b"both want standard output" in done.stderr and done.stdout == b""


@pytest.mark.parametrize("command", ["diagnose --html", "sample --out"])
def test_other_commands_write_no_stream(folder: Path, command: str) -> None:
    done = cmivqa_here(*COMMANDS[command], "-", cwd=folder)
    assert done.returncode == 2 and b"-: standard output cannot be written to here" in done.stderr
    assert not (folder / "-").exists()
