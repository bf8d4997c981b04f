"""Kills of the commands that write; `make fuzz` tries every operation of every one of them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import click
import pytest

from cmivqa_kit.cli.main import COMMANDS
from tests.fuzz import warm
from tests.fuzz.child import Bounds, in_child
from tests.fuzz.kills import Undisturbed, Writing, half_written, killed, leftovers, tree, undisturbed
from tests.fuzz.operations import Operation
from tests.fuzz.writing_commands import CALLS, READS, WRITING, empty

# command -> every which of its operations is tried here; all of them are by `make fuzz`.
EVERY = {"sample": 9, "validate --fix": 1, "score --per-question": 9, "diagnose --html": 9, "fuse": 9,
         "diagnose A B --html": 9,
         "import": 9, "leaderboard add": 2, "leaderboard show --html": 30,
         "data subtitles": 3, "data pack": 4, "data pack bigfile": 6, "data token-counts": 3,
         "bench score": 9, "export trec": 40, "export codabench": 50,
         "data split": 5, "data split --out": 9, "data split --corpus-size": 7,
         "data convert": 60, "init --data": 5, "init --from": 50,
         "init --from, into a root": 40,
         "predict": 30, "predict --track": 16, "predict --all": 30,
         "baselines new": 5, "train bm25": 15, "train prior": 25}  # fmt: skip
# Those that need torch, by `make fuzz` alone; what they taught is tested beside what was mended.
LATER = {
    "train ccgs",
    "train ccgs, then --resume",
    "train --resume",
    "predict ccgs",
    "rerank",
    "convert-checkpoint",
    "bench train",
    "bench predict",
    "export medvidqa",
    "export tvr",
    "data pack hdf5",
    "data pack npz",
    "data pack npy",
    "features extract",
    "features encode-assistq",
}


def test_every_command_that_writes_is_killed() -> None:
    assert {writing.name for writing in WRITING} == EVERY.keys() | LATER
    killed = {words for writing in WRITING for words in (writing.words[0], " ".join(writing.words[:2]))}
    commands = {
        words for name, (module, _) in COMMANDS.items() for words in words_of(name, import_module(module).command)
    }
    assert {words for words in commands if words not in killed | READS | CALLS} == set()


def words_of(name: str, command: click.Command) -> Iterator[str]:
    """The names of a command's subcommands; of one without any its own."""
    if isinstance(command, click.Group):
        context = click.Context(command)
        for below in command.list_commands(context):  # those that are imported when they are called, too
            subcommand = command.get_command(context, below)
            assert subcommand is not None
            yield from words_of(f"{name} {below}", subcommand)
    else:
        yield name


@pytest.mark.parametrize("name", EVERY)
def test_a_killed_command_leaves_nothing_half_written_and_can_be_called_again(tmp_path: Path, name: str) -> None:
    warm.imported()
    (writing,) = (writing for writing in WRITING if writing.name == name)
    folder = tmp_path / "folder"
    seen = undisturbed(writing, folder)
    assert len(seen.operations) >= 4
    numbers = range(1 + EVERY[name] // 2, len(seen.operations) + 1, EVERY[name])
    for number in numbers:
        assert [str(kill) for kill in killed(writing, seen, number, folder)] == []
        assert leftovers(folder) == []


def test_a_command_that_had_ended_may_be_refused_and_leaves_nothing_either(tmp_path: Path) -> None:
    warm.imported()
    (writing,) = (writing for writing in WRITING if writing.name == "data convert")
    seen = undisturbed(writing, tmp_path / "folder")
    assert seen.operations[-1].kind == "rmdir"
    assert list(killed(writing, seen, len(seen.operations), tmp_path / "folder")) == []
    assert leftovers(tmp_path / "folder") == []


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


def test_a_log_may_end_in_a_cut_line_until_somebody_goes_on_with_it(tmp_path: Path) -> None:
    whole, cut, damaged = (tmp_path / name for name in ("whole.jsonl", "cut.jsonl", "damaged.jsonl"))
    whole.write_text('{"step": 1}\n', encoding="utf-8")
    cut.write_text('{"step": 1}\n{"st', encoding="utf-8")
    damaged.write_text('{"st\n{"step": 1}\n', encoding="utf-8")
    seen = Undisturbed([], {}, {}, {})
    assert half_written(seen, tmp_path, cut=True) == ["damaged.jsonl"]
    assert half_written(seen, tmp_path) == ["cut.jsonl", "damaged.jsonl"]


def test_lock_files_stay_and_temporary_files_do_not(tmp_path: Path) -> None:
    (tmp_path / "runs" / "bm25-1").mkdir(parents=True)
    (tmp_path / "runs" / "bm25-1" / ".lock").touch()
    (tmp_path / "runs" / "bm25-1" / ".run.json.x.cmivqa.tmp").touch()
    assert leftovers(tmp_path) == ["runs/bm25-1/.run.json.x.cmivqa.tmp"]


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
