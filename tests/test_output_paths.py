"""What may be written to: regular files and new names, through links; nothing else."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from cmivqa_kit.errors import UserError
from cmivqa_kit.files import atomic_path, write_text
from cmivqa_kit.output_paths import is_taken, regular_target, require_writable


def test_new_names_and_regular_files(tmp_path: Path) -> None:
    for name in ("new", "folder/new"):
        write_text(tmp_path / name, "a")
        write_text(tmp_path / name, "b")
        assert (tmp_path / name).read_text(encoding="utf-8") == "b"


def test_what_is_no_regular_file_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    os.mkfifo("pipe")
    Path("folder").mkdir()
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("socket")
    Path("to-pipe").symlink_to("pipe")
    Path("circle").symlink_to("circle")
    Path("nowhere").symlink_to("absent/file")
    before = {path.name: path.lstat() for path in tmp_path.iterdir()}
    nouns = {
        "pipe": "a pipe", "folder": "a directory", "socket": "a socket", "to-pipe": "a pipe",
        "circle": "back to itself", "nowhere": "whose folder does not exist", os.devnull: "a device",
        "/dev/stdout": "a stream", "-": "standard output",
    }  # fmt: skip
    for name, noun in nouns.items():
        for write in (lambda path: write_text(path, "x"), regular_target, lambda path: require_writable(path, True)):
            with pytest.raises(UserError, match=noun):
                write(Path(name))
    after = {path.name: path.lstat() for path in tmp_path.iterdir()}
    assert [(name, stat.st_mode, stat.st_ino) for name, stat in before.items()] == [
        (name, stat.st_mode, stat.st_ino) for name, stat in after.items()
    ]


def test_a_link_stays_and_its_file_is_written(tmp_path: Path) -> None:
    (tmp_path / "far").mkdir()
    target, link, second = tmp_path / "far" / "file", tmp_path / "link", tmp_path / "second"
    link.symlink_to(target)
    second.symlink_to("link")
    assert is_taken(link)
    with pytest.raises(UserError, match="exists already"):
        require_writable(link, force=False)
    require_writable(link, force=True)
    with atomic_path(second) as temporary:
        assert temporary.parent == target.parent
        temporary.write_text("new", encoding="utf-8")
    assert link.is_symlink() and second.is_symlink() and target.read_text(encoding="utf-8") == "new"


def test_an_input_is_no_output_by_whatever_name(tmp_path: Path) -> None:
    (tmp_path / "input").write_bytes(b"x")
    (tmp_path / "link").symlink_to("input")
    (tmp_path / "hard").hardlink_to(tmp_path / "input")
    for name in ("input", "link", "hard"):
        with pytest.raises(UserError, match="is read by this command"):
            require_writable(tmp_path / name, True, [tmp_path / "input"])
