"""Kills of the commands that write; `make fuzz` tries every operation of every one of them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.fuzz import warm
from tests.fuzz.child import Bounds, in_child
from tests.fuzz.kills import Undisturbed, Writing, half_written, killed, tree, undisturbed
from tests.fuzz.operations import Operation
from tests.fuzz.writing_commands import WRITING, empty

# command -> every which of its operations is tried here.
EVERY = {"validate --fix": 1, "data subtitles": 3, "data split": 5, "data split --out": 9,
         "init --data": 5, "predict --track": 16,
         "train bm25": 15, "init --from": 50, "init --from, into a root": 40}  # fmt: skip


@pytest.mark.parametrize("name", EVERY)
def test_a_killed_command_leaves_nothing_half_written_and_can_be_called_again(tmp_path: Path, name: str) -> None:
    warm.imported()
    (writing,) = (writing for writing in WRITING if writing.name == name)
    folder = tmp_path / "folder"
    seen = undisturbed(writing, folder)
    assert len(seen.operations) >= 4
    numbers = range(1 + EVERY[name] // 2, len(seen.operations) + 1, EVERY[name])
    assert [str(kill) for number in numbers for kill in killed(writing, seen, number, folder)] == []


def _write_in_place() -> int:
    Path("result.json").write_text("x" * 100, encoding="utf-8")
    return 0


def test_a_file_written_in_place_is_found(tmp_path: Path) -> None:
    """What the kills look for: the first half of a file under its final name."""
    folder = tmp_path / "folder"
    folder.mkdir()
    operations: list[Operation] = []

    def stop_within_the_write(operation: Operation) -> None:
        if operation.half is not None:
            operation.half()
            os._exit(0)

    ended = in_child(_write_in_place, folder, Bounds(), stop_within_the_write, folder)
    assert ended.code == 0
    assert (folder / "result.json").read_text(encoding="utf-8") == "x" * 50
    whole = Path(tmp_path / "whole")
    whole.mkdir()
    (whole / "result.json").write_text("x" * 100, encoding="utf-8")
    versions = {name: {digest} for name, digest in tree(whole).items()}
    assert half_written(Undisturbed(operations, {}, {}, versions), folder) == ["result.json"]
    assert half_written(Undisturbed(operations, {}, {}, versions), whole) == []


def test_every_kind_of_operation_is_told(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    journal = tmp_path / "journal"
    descriptor = os.open(journal, os.O_WRONLY | os.O_CREAT)
    note = os.write

    def change() -> int:
        Path("a").mkdir()
        Path("a/b").write_bytes(b"12345")
        Path("a/b").chmod(0o600)
        os.truncate("a/b", 2)
        os.link("a/b", "a/c")
        Path("a/d").symlink_to("b")
        Path("a/b").rename("a/e")
        Path("a/c").replace("a/f")
        Path("a/d").unlink()
        raw = os.open("a/g", os.O_WRONLY | os.O_CREAT)
        os.write(raw, b"x")
        Path("z").mkdir()
        Path("z").rmdir()
        return 0

    def listener(told: Operation) -> None:
        note(descriptor, f"{told.kind} ".encode())

    in_child(change, folder, Bounds(), listener, folder)
    os.close(descriptor)
    assert journal.read_text(encoding="ascii").split() == [
        "mkdir", "open", "write", "chmod", "truncate", "link", "symlink", "rename", "rename", "remove", "open", "write",
        "mkdir", "rmdir",
    ]  # fmt: skip


def test_a_command_that_does_not_work_is_no_base_for_kills(tmp_path: Path) -> None:
    warm.imported()
    with pytest.raises(AssertionError, match="sample"):
        undisturbed(Writing("sample", empty, ("sample", "--track", "9")), tmp_path / "folder")
