"""The entries below a folder: nothing there is dropped without a word."""

from __future__ import annotations

import os
from hashlib import sha256
from pathlib import Path

import pytest

from cmivqa_kit.errors import UserError
from cmivqa_kit.leaderboard.filed import entries_of
from cmivqa_kit.leaderboard.records import FiledFile, State

TEAM = "cmivqa-2023/wan"


def filed(root: Path, *names: str, text: str = "[]") -> None:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def problems(root: Path) -> list[tuple[str, str]]:
    return [(str(Path(p.location).relative_to(root)), p.message) for p in entries_of(root).problems]


def test_a_run_made_by_hand_is_an_entry(tmp_path: Path) -> None:
    filed(tmp_path, f"{TEAM}/run-1/b.json", f"{TEAM}/run-1/a.json", f"{TEAM}/run-1/README.md", f"{TEAM}/run-1/.c.json")
    (entry,) = entries_of(tmp_path).entries
    digest = sha256(b"[]").hexdigest()
    assert (entry.edition, entry.team, entry.run) == ("cmivqa-2023", "wan", "run-1")
    assert entry.files == (FiledFile("a.json", "a.json", digest), FiledFile("b.json", "b.json", digest))
    assert entry.received is None
    assert entry.state is State.ACCEPTED
    assert not problems(tmp_path)


def test_runs_come_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    filed(tmp_path, *(f"{TEAM}/{run}/a.json" for run in ("run-10", "run-2", "best", "run-1")))
    assert [entry.run for entry in entries_of(tmp_path).entries] == ["best", "run-1", "run-2", "run-10"]


def test_a_folder_without_entries_has_none(tmp_path: Path) -> None:
    filed(tmp_path, "README.md", "cmivqa-2023/README.md", ".cmivqa-entry-x/a.json")
    assert entries_of(tmp_path).entries == ()
    assert not problems(tmp_path)


def test_no_folder_is_an_error(tmp_path: Path) -> None:
    filed(tmp_path, "file")
    for name in ("none", "file"):
        with pytest.raises(UserError, match="not a folder that can be listed"):
            entries_of(tmp_path / name)


def test_a_damaged_record_is_named_and_the_others_are_listed(tmp_path: Path) -> None:
    filed(tmp_path, f"{TEAM}/run-1/a.json", f"{TEAM}/run-2/a.json")
    filed(tmp_path, f"{TEAM}/run-1/entry.toml", text="team = ")
    assert [entry.run for entry in entries_of(tmp_path).entries] == ["run-2"]
    ((location, message),) = problems(tmp_path)
    assert location == f"{TEAM}/run-1"
    assert message.startswith("entry.toml: damaged")


def test_files_that_the_record_names_and_are_not_there(tmp_path: Path) -> None:
    record = f"[[files]]\nname = 'a.json'\noriginal = 'a.json'\nsha256 = '{'0' * 64}'"
    filed(tmp_path, f"{TEAM}/run-1/entry.toml", text=record)
    assert entries_of(tmp_path).entries == ()
    assert problems(tmp_path) == [(f"{TEAM}/run-1", "a.json is not there")]


def test_a_run_without_a_submission(tmp_path: Path) -> None:
    (tmp_path / TEAM / "run-1").mkdir(parents=True)
    assert problems(tmp_path) == [(f"{TEAM}/run-1", "no submission in it")]


@pytest.mark.parametrize("name", ["a.json", "cmivqa-2023/a.json", f"{TEAM}/a.json", f"{TEAM}/entry.toml"])
def test_a_submission_outside_of_a_run_is_named(name: str, tmp_path: Path) -> None:
    filed(tmp_path, name)
    ((location, message),) = problems(tmp_path)
    assert location == name
    assert "lies outside of an entry" in message


@pytest.mark.parametrize("name", ["cmivqa-2023", TEAM, f"{TEAM}/run-1"])
def test_links_to_folders_are_not_followed(name: str, tmp_path: Path) -> None:
    filed(tmp_path, "elsewhere/wan/run-1/a.json", "elsewhere/run-1/a.json", "elsewhere/a.json")
    root = tmp_path / "submissions"
    (root / name).parent.mkdir(parents=True)
    (root / name).symlink_to(tmp_path / "elsewhere")
    assert entries_of(root).entries == ()
    assert problems(root) == [(name, "is a link, and links are not followed")]


@pytest.mark.parametrize("name", ["a.json", "entry.toml"])
def test_links_to_files_are_not_followed(name: str, tmp_path: Path) -> None:
    filed(tmp_path, "secret.json", f"submissions/{TEAM}/run-1/b.json")
    (tmp_path / "submissions" / TEAM / "run-1" / name).symlink_to(tmp_path / "secret.json")
    assert entries_of(tmp_path / "submissions").entries == ()
    ((location, message),) = problems(tmp_path / "submissions")
    assert location == f"{TEAM}/run-1"
    assert f"{name}" in message
    assert "is a link" in message


@pytest.mark.parametrize("name", ["a.json", "entry.toml"])
def test_a_pipe_is_not_waited_for(name: str, tmp_path: Path) -> None:
    (tmp_path / TEAM / "run-1").mkdir(parents=True)
    os.mkfifo(tmp_path / TEAM / "run-1" / name)
    ((_, message),) = problems(tmp_path)
    assert "is no plain file" in message
