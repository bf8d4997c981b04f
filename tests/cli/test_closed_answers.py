"""A folder ``answers`` that may not be read stops nobody who does not need it."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cli.running import cmivqa_here
from tests.submission.small import put, records, root_2023

Close = Callable[[pytest.MonkeyPatch], None]


def closed_to_listing(patch: pytest.MonkeyPatch) -> None:
    """As `chmod 700` of somebody else: root itself could read it all the same."""
    scandir = os.scandir

    def listing(path: Any = ".") -> Any:
        if not isinstance(path, int) and Path(os.fspath(path)).name == "answers":
            raise PermissionError(13, "Permission denied", os.fspath(path))
        return scandir(path)

    patch.setattr(os, "scandir", listing)


def closed_to_all_but_listing(patch: pytest.MonkeyPatch) -> None:
    """As `chmod 744` of somebody else: names are seen, and nothing of the files."""
    stat = os.stat

    def status(path: Any, *arguments: Any, **options: Any) -> os.stat_result:
        if not isinstance(path, int) and Path(os.fspath(path)).parent.name == "answers":
            raise PermissionError(13, "Permission denied", os.fspath(path))
        return stat(path, *arguments, **options)

    patch.setattr(os, "stat", status)


@pytest.mark.parametrize("close", [closed_to_listing, closed_to_all_but_listing])
def test_commands_that_need_no_answers_go_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, close: Close) -> None:
    root = root_2023(tmp_path / "data", answers=True)
    put(tmp_path / "track1.json", records("testA"))
    put(tmp_path / "dev1.json", records("dev"))
    close(monkeypatch)
    here = ("--data", str(root))
    for command in (
        ("data", "check"), ("train", "-m", "prior"),
        ("predict", "-m", "prior", "--split", "testA", "--track", "1", "--out", "out.json"),
        ("validate", "track1.json", "--split", "testA", "--track", "1"),
        ("score", "dev1.json", "--split", "dev", "--track", "1"),
    ):  # fmt: skip
        done = cmivqa_here(*command, *here, cwd=tmp_path)
        assert done.returncode in (0, 1), (command, done.stderr.decode())
        assert "Permission denied" not in (done.stdout + done.stderr).decode()
    for command in (("score", "track1.json"), ("diagnose", "track1.json"), ("compare", "track1.json", "out.json")):
        done = cmivqa_here(*command, *here, "--split", "testA", "--track", "1", cwd=tmp_path)
        assert done.returncode == 2, command
        assert f"{root / 'answers'}: cannot be read" in done.stderr.decode()


def test_downloads_with_closed_answers_are_taken_without(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root_2023(tmp_path / "downloads", answers=True)
    closed_to_listing(monkeypatch)
    done = cmivqa_here("init", "--from", "downloads", "--data", "data", cwd=tmp_path)
    assert done.returncode == 0, done.stderr.decode()
    assert b"answers/: cannot be read" in done.stdout
    assert not (tmp_path / "data" / "answers").exists()


def test_another_folder_that_may_not_be_read_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = root_2023(tmp_path / "data")
    (root / "more").mkdir()
    scandir = os.scandir

    def listing(path: Any = ".") -> Any:
        if Path(os.fspath(path)).name == "more":
            raise PermissionError(13, "Permission denied", os.fspath(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", listing)
    done = cmivqa_here("data", "check", "--data", root, cwd=tmp_path)
    assert done.returncode == 2
    assert f"{root / 'more'}: cannot be read (Permission denied)" in done.stderr.decode()


def test_a_diagnosis_as_json_says_whom_it_is_for(tmp_path: Path) -> None:
    root = root_2023(tmp_path / "data", answers=True)
    put(tmp_path / "mine.json", records("testA"))
    put(tmp_path / "dev.json", records("dev"))

    def document(*words: str) -> dict[str, Any]:
        done = cmivqa_here("diagnose", *words, "--track", "1", "--data", str(root), "--format", "json", cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        read: dict[str, Any] = json.loads(done.stdout)
        return read

    held, public = (document("mine.json", "--split", "testA", *more) for more in ((), ("--public",)))
    assert held["organizers_only"] is True
    assert "organizers_only" not in public
    assert any(row["position"] is not None for row in held["questions"])
    assert {row["position"] for row in public["questions"]} == {None}
    assert "organizers_only" not in document("dev.json", "--split", "dev")
