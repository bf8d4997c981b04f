"""Temporary files: those of a killed process go, those of a running one stay."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from cmivqa_kit.files import atomic_path, write_text
from cmivqa_kit.temporary_files import sweep, temporary_file, temporary_folder, waiting_lock


def in_child(work: Callable[[], None]) -> int:
    """Run ``work`` in a child process; its exit status."""
    child = os.fork()
    if child == 0:
        try:
            work()
        finally:
            os._exit(0)
    return os.waitpid(child, 0)[1]


def leave_behind(folder: Path) -> None:
    """What a killed process leaves: a file and a folder with something in it."""
    with temporary_file(folder, "data.json"), temporary_folder(folder, "work") as made:
        (made / "inside").write_bytes(b"x")
        os.kill(os.getpid(), signal.SIGKILL)


def test_what_a_killed_process_left_goes_with_the_next_write(tmp_path: Path) -> None:
    assert in_child(lambda: leave_behind(tmp_path)) == signal.SIGKILL
    assert len(list(tmp_path.iterdir())) == 2
    write_text(tmp_path / "other.json", "x")
    assert [path.name for path in tmp_path.iterdir()] == ["other.json"]


def test_what_a_running_process_holds_stays(tmp_path: Path) -> None:
    with temporary_file(tmp_path, "data.json") as file, temporary_folder(tmp_path, "work") as folder:
        (folder / "inside").write_bytes(b"x")
        in_child(lambda: sweep(tmp_path))
        sweep(tmp_path)
        assert file.exists() and (folder / "inside").exists()
    assert list(tmp_path.iterdir()) == []


def test_what_others_made_stays(tmp_path: Path) -> None:
    names = (".editor.tmp", ".data.json.abcdefgh.tmp", "cmivqa-x", ".hidden")
    for name in names:
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / ".cmivqa-link").symlink_to(tmp_path.parent)
    sweep(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {*names, ".cmivqa-link"}


def test_a_failed_block_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(KeyError), atomic_path(tmp_path / "a") as temporary:
        temporary.write_bytes(b"half")
        raise KeyError
    assert list(tmp_path.iterdir()) == []


def test_a_lock_is_waited_for(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.touch()
    ready, go = os.pipe()

    def second() -> None:
        os.read(ready, 1)
        with waiting_lock(tmp_path), log.open("a") as stream:
            stream.write("second ")

    child = os.fork()
    if child == 0:
        try:
            second()
        finally:
            os._exit(0)
    with waiting_lock(tmp_path):
        os.write(go, b"x")
        with log.open("a") as stream:
            stream.write("first ")
    assert os.waitpid(child, 0)[1] == 0
    assert log.read_text() == "first second "
