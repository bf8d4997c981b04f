"""Which files of which teams are meant."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cmivqa_kit.errors import UserError
from cmivqa_kit.leaderboard.attachments import mail_of


def made(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        path = folder / name.replace("__", "/").replace("_json", ".json").replace("_txt", ".txt")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def meant(*paths: Path, team: str | None = None) -> list[tuple[str, str]]:
    return [(a.team, a.path.name) for a in mail_of(paths, team).attachments]


def test_files_are_those_of_the_team_that_is_named(tmp_path: Path) -> None:
    made(tmp_path, a_json="[]", b_txt="any file that is named is judged")
    assert meant(tmp_path / "b.txt", tmp_path / "a.json", team="WAN") == [("WAN", "b.txt"), ("WAN", "a.json")]


def test_a_folder_has_a_folder_per_team(tmp_path: Path) -> None:
    made(tmp_path, WAN__b_json="[]", WAN__a_json="", 鹏城__a_json="{")
    assert meant(tmp_path) == [("WAN", "a.json"), ("WAN", "b.json"), ("鹏城", "a.json")]


def test_a_folder_without_folders_is_a_team_s_own(tmp_path: Path) -> None:
    assert meant(made(tmp_path / "WAN", a_json="[]")) == [("WAN", "a.json")]


def test_only_what_may_be_a_submission_is_taken_from_a_folder(tmp_path: Path) -> None:
    folder = made(tmp_path / "WAN", a_json="no JSON", answers=' [{"id": 0}]', mail_txt="Dear organizers")
    (folder / "a.zip").write_bytes(b"PK\x03\x04 damaged")
    (folder / "a.rar").write_bytes(b"Rar!\x1a\x07\x00")
    (folder / ".DS_Store").write_bytes(b"x")
    (folder / "link.json").symlink_to("a.json")
    mail = mail_of([folder], None)
    assert [a.path.name for a in mail.attachments] == ["a.json", "a.rar", "a.zip", "answers"]
    assert {file.path.name: file.reason for file in mail.left_out} == {
        ".DS_Store": "hidden, or macOS's own",
        "link.json": "no plain file",
        "mail.txt": "no answers, by its content",
    }


def test_what_lies_deeper_is_named(tmp_path: Path) -> None:
    made(tmp_path, WAN__a_json="[]", WAN__deep__b_json="[]")
    (left,) = mail_of([tmp_path], None).left_out
    assert left.reason == "a folder within a team's folder"


def test_everything_that_is_wrong_is_said_at_once(tmp_path: Path) -> None:
    made(tmp_path, week__WAN__a_json="[]", week__loose_json="[]", a_json="[]")
    (tmp_path / "nothing").mkdir()
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(UserError) as error:
        mail_of([tmp_path / name for name in ("week", "nothing", "a.json", "none.json", "pipe")], None)
    lines = error.value.message.splitlines()
    assert [line.removeprefix(f"{tmp_path}/") for line in lines] == [
        "week/loose.json: lies beside the teams' folders, so whose is it?",
        "nothing: no attachment in this folder",
        "a.json: whose is it? --team names the team of a file",
        "none.json: no such file",
        "pipe: is no plain file",
    ]


def test_a_team_is_not_named_twice(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="--team cannot name one"):
        mail_of([made(tmp_path, WAN__a_json="[]")], "WAN")
