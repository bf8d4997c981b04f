"""Durations come from the `mvhd` box, wherever it stands; damaged files have none and never raise."""

from __future__ import annotations

import os
import struct
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmivqa_kit.data.container import mp4_duration, read_durations
from cmivqa_kit.errors import UserError


def box(kind: bytes, content: bytes, large: bool = False) -> bytes:
    if large:
        return struct.pack(">I4sQ", 1, kind, 16 + len(content)) + content
    return struct.pack(">I4s", 8 + len(content), kind) + content


def mvhd(timescale: int, duration: int, version: int = 0) -> bytes:
    dates_and_length = struct.pack(">IIII" if version == 0 else ">QQIQ", 1, 2, timescale, duration)
    return box(b"mvhd", bytes([version, 0, 0, 0]) + dates_and_length + bytes(80))


FTYP = box(b"ftyp", b"isom\0\0\2\0isomiso2")


def movie(header: bytes) -> bytes:
    return FTYP + box(b"moov", header + box(b"trak", bytes(40)))


def duration(folder: Path, content: bytes) -> float | None:
    path = folder / "a.mp4"
    path.write_bytes(content)
    return mp4_duration(path)


def test_both_versions_of_the_header(tmp_path: Path) -> None:
    assert duration(tmp_path, movie(mvhd(1000, 263300))) == 263.3
    assert duration(tmp_path, movie(mvhd(90000, 2**33, version=1))) == 2**33 / 90000


def test_moov_after_the_media_and_64_bit_sizes(tmp_path: Path) -> None:
    media = box(b"mdat", bytes(5000), large=True)
    moov = box(b"moov", box(b"udta", b"x") + mvhd(600, 90000), large=True)
    assert duration(tmp_path, FTYP + media + box(b"free", b"") + moov) == 150.0


def test_a_last_box_of_size_zero_reaches_to_the_end(tmp_path: Path) -> None:
    header = mvhd(10, 125)
    assert duration(tmp_path, FTYP + struct.pack(">I4s", 0, b"moov") + header) == 12.5
    assert duration(tmp_path, FTYP + struct.pack(">I4s", 0, b"mdat") + movie(header)) is None


def test_media_larger_than_the_disk_are_skipped_not_read(tmp_path: Path) -> None:
    path = tmp_path / "big.mp4"
    size = 2**33
    with path.open("wb") as stream:
        stream.write(FTYP + struct.pack(">I4sQ", 1, b"mdat", 16 + size))
        stream.seek(size, os.SEEK_CUR)
        stream.write(movie(mvhd(1000, 5500)))
    assert mp4_duration(path) == 5.5


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\0",
        b"<!DOCTYPE html>" * 10,
        FTYP,
        FTYP + box(b"moov", b""),
        FTYP + box(b"moov", box(b"trak", b"")),
        movie(mvhd(0, 1000)),
        movie(mvhd(1000, 0)),
        movie(mvhd(1000, 2**32 - 1)),
        movie(mvhd(1000, 2**64 - 1, version=1)),
        movie(mvhd(1000, 1000, version=0).replace(b"mvhd\0", b"mvhd\7")),
        movie(mvhd(1000, 1000))[: len(FTYP) + 8 + 8 + 14],
        FTYP + struct.pack(">I4s", 3, b"moov") + mvhd(1000, 1000),
        FTYP + struct.pack(">I4sQ", 1, b"mdat", 2**64 - 1) + movie(mvhd(1000, 1000)),
        FTYP + struct.pack(">I4sQ", 1, b"mdat", 2),
        FTYP + struct.pack(">I4s", 1, b"mdat"),
        mvhd(1000, 1000),
    ],
)
def test_files_that_do_not_say(tmp_path: Path, content: bytes) -> None:
    assert duration(tmp_path, content) is None


def test_a_chain_of_too_many_boxes_is_given_up(tmp_path: Path) -> None:
    assert duration(tmp_path, box(b"free", b"") * 100_000 + movie(mvhd(1000, 1000))) is None


def test_what_is_no_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.mp4")
    for path in (tmp_path, tmp_path / "none.mp4", tmp_path / "pipe.mp4", Path("a\0b.mp4")):
        assert mp4_duration(path) is None


def test_a_folder_of_videos(tmp_path: Path) -> None:
    for name in ("b.mp4", "a.MOV", "c.m4v", "d.mkv", "._b.mp4"):
        (tmp_path / name).write_bytes(movie(mvhd(1000, 1500)))
    (tmp_path / "c.mov").write_bytes(b"broken")
    (tmp_path / "e.mp4").write_bytes(b"broken")
    (tmp_path / "f.mp4").mkdir()
    found = read_durations(tmp_path)
    assert found == {"a": 1.5, "b": 1.5, "c": 1.5}
    assert list(found) == ["a", "b", "c"]
    with pytest.raises(UserError, match="not a folder"):
        read_durations(tmp_path / "none")


@given(st.integers(1, 2**32 - 1), st.integers(1, 2**32 - 2), st.booleans(), st.booleans())
def test_any_duration_comes_back(timescale: int, length: int, late: bool, wide: bool) -> None:
    moov = box(b"moov", mvhd(timescale, length, version=int(wide)), large=wide)
    media = box(b"mdat", b"xyz")
    with tempfile.TemporaryDirectory() as folder:
        assert duration(Path(folder), FTYP + (media + moov if late else moov + media)) == length / timescale


@given(st.binary(max_size=200), st.integers(0, 150), st.binary(max_size=12))
def test_random_and_damaged_bytes_never_raise(noise: bytes, place: int, patch: bytes) -> None:
    good = movie(mvhd(1000, 1000))
    damaged = good[:place] + patch + good[place + len(patch) :]
    with tempfile.TemporaryDirectory() as folder:
        for content in (noise, damaged):
            found = duration(Path(folder), content)
            assert found is None or found > 0
