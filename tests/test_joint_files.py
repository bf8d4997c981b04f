"""Files that belong together: all of them or none."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import pytest

from cmivqa_kit import joint_files
from cmivqa_kit.errors import RunFailed, UserError
from cmivqa_kit.joint_files import READY, complete, published_together
from tests.test_temporary_files import in_child

NAMES = ("a.json", "b.json")


def publish(folder: Path, content: str = "new") -> None:
    with published_together(folder) as reserve:
        for name in NAMES:
            reserve(name).write_text(content, encoding="utf-8")


def names_in(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


def contents(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir() if path.is_file()}


def killed_between_the_files(folder: Path) -> None:
    """Publish in a child process that is killed when its first file has its name."""
    plain = joint_files._put

    def put(staged: Path, target: Path) -> None:
        plain(staged, target)
        os.kill(os.getpid(), signal.SIGKILL)

    def work() -> None:
        joint_files._put = put
        publish(folder)

    assert in_child(work) == signal.SIGKILL


def test_all_or_none(tmp_path: Path) -> None:
    publish(tmp_path / "made")
    assert contents(tmp_path / "made") == dict.fromkeys(NAMES, "new")
    with pytest.raises(KeyError), published_together(tmp_path / "made") as reserve:
        reserve("a.json").write_text("other", encoding="utf-8")
        raise KeyError
    assert contents(tmp_path / "made") == dict.fromkeys(NAMES, "new")
    assert sorted(names_in(tmp_path / "made")) == list(NAMES)


def test_the_next_call_completes_what_a_killed_one_began(tmp_path: Path) -> None:
    killed_between_the_files(tmp_path)
    assert contents(tmp_path) == {"a.json": "new"}
    complete(tmp_path)
    assert contents(tmp_path) == dict.fromkeys(NAMES, "new")
    assert sorted(names_in(tmp_path)) == list(NAMES)


def test_a_running_one_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plain, seen = joint_files._put, []

    def put(staged: Path, target: Path) -> None:
        in_child(lambda: complete(tmp_path))
        seen.append(staged.exists())
        plain(staged, target)

    monkeypatch.setattr(joint_files, "_put", put)
    publish(tmp_path)
    assert seen == [True, True]


@pytest.mark.parametrize("name", ["../stolen.json", "/stolen.json", "sub/../../stolen.json", "sub//x", "./x", ".."])
def test_a_journal_of_a_stranger_writes_nothing_elsewhere(tmp_path: Path, name: str) -> None:
    ready = tmp_path / "data" / f"{READY}x"
    ready.mkdir(parents=True)
    (ready / "0").write_bytes(b"evil")
    (ready / "journal.json").write_text(json.dumps([name]), encoding="utf-8")
    complete(tmp_path / "data")
    assert names_in(tmp_path) == ["data"] and names_in(tmp_path / "data") == []


@pytest.mark.parametrize("journal", ["", "5", "[5]", "{"])
def test_a_damaged_journal_is_no_crash(tmp_path: Path, journal: str) -> None:
    ready = tmp_path / f"{READY}x"
    ready.mkdir()
    (ready / "0").write_bytes(b"x")
    (ready / "journal.json").write_text(journal, encoding="utf-8")
    complete(tmp_path)
    assert contents(tmp_path) == {}


def test_a_pipe_in_the_way_and_a_full_disk_publish_nothing(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "b.json")
    with pytest.raises(UserError, match="a pipe"):
        publish(tmp_path)
    assert names_in(tmp_path) == ["b.json"]
    with pytest.raises(RunFailed, match="could not be written"), published_together(tmp_path / "other"):
        raise OSError(28, "No space left on device")
    assert names_in(tmp_path / "other") == []


def test_a_link_is_followed(tmp_path: Path) -> None:
    (tmp_path / "far").mkdir()
    (tmp_path / "near").mkdir()
    (tmp_path / "near" / "a.json").symlink_to(tmp_path / "far" / "file.json")
    publish(tmp_path / "near")
    assert (tmp_path / "near" / "a.json").is_symlink() and contents(tmp_path / "far") == {"file.json": "new"}


def test_the_links_of_a_stranger_are_not_followed_by_his_journal(tmp_path: Path) -> None:
    (tmp_path / "mine.json").write_text("mine", encoding="utf-8")
    ready = tmp_path / "data" / f"{READY}x"
    ready.mkdir(parents=True)
    (ready / "0").write_bytes(b"evil")
    (ready / "journal.json").write_text('["train.json"]', encoding="utf-8")
    (tmp_path / "data" / "train.json").symlink_to("../mine.json")
    with pytest.raises(UserError, match="is a link, and what a killed command had ready"):
        complete(tmp_path / "data")
    assert (tmp_path / "mine.json").read_text(encoding="utf-8") == "mine"


def test_links_and_folders_are_published_with_the_files(tmp_path: Path) -> None:
    (tmp_path / "far").mkdir()
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "spread").symlink_to(tmp_path / "far")
    with published_together(tmp_path / "data") as reserve:
        reserve("dev/dev.json").write_text("[]", encoding="utf-8")
        reserve("rows", regular=False).symlink_to(tmp_path / "far")
        reserve("spread", regular=False).mkdir()
        assert names_in(tmp_path / "data") != []
        assert not (tmp_path / "data" / "dev").exists()
    assert (tmp_path / "data" / "dev" / "dev.json").read_text(encoding="utf-8") == "[]"
    assert (tmp_path / "data" / "rows").is_symlink()
    assert not (tmp_path / "data" / "spread").is_symlink() and (tmp_path / "data" / "spread").is_dir()
    assert (tmp_path / "far").stat().st_mode & 0o111  # what a link leads to is left alone


def test_a_folder_of_a_stranger_that_is_a_link_is_not_entered(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    ready = tmp_path / "data" / f"{READY}x"
    ready.mkdir(parents=True)
    (ready / "0").write_bytes(b"evil")
    (ready / "journal.json").write_text('["sub/deep/train.json"]', encoding="utf-8")
    (tmp_path / "data" / "sub").symlink_to("../mine")
    with pytest.raises(UserError, match="is a link, and what a killed command had ready"):
        complete(tmp_path / "data")
    assert names_in(tmp_path / "mine") == []
