"""How long a video is, read from its container without decoding it.

MP4, M4V and MOV files are a tree of boxes (ISO/IEC 14496-12, section 4.2); ``moov/mvhd`` (8.2.2) holds the duration and
its unit. Only box headers are read, so a file of a gigabyte costs a few reads. The files come from anywhere: whatever
is wrong with one, its duration is unknown and nothing is raised.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from cmivqa_kit.errors import UserError

SUFFIXES = frozenset({".mp4", ".m4v", ".mov"})
MAX_BOXES = 100_000  # a long fragmented file has some thousands at its top level; more is damage or malice


def mp4_duration(path: Path) -> float | None:
    """Seconds of the video in ``path``, or ``None`` where the file does not say or cannot be read. Never raises.

    A fragmented file whose header says 0, and the all-ones "unknown" of the standard, give ``None``.
    """
    try:
        if not path.is_file():  # opening a pipe would wait for ever
            return None
        with path.open("rb") as stream:
            return _duration(stream, path.stat().st_size)
    except (OSError, ValueError, OverflowError):
        return None


def read_durations(folder: Path) -> dict[str, float]:
    """Video id (file stem) -> seconds for the ``.mp4``, ``.m4v`` and ``.mov`` files in ``folder``, ordered by id.

    Files whose duration cannot be read are left out; of two files with one stem the first by name that has one counts.

    Raises:
        UserError: there is no such folder, or it cannot be listed.
    """
    try:
        files = sorted(path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES)
    except OSError as error:
        raise UserError(
            f"{folder}: not a folder that can be listed ({error.strerror or error})",
            "Name the folder that holds the videos.",
        ) from None
    durations: dict[str, float] = {}
    for path in files:
        if path.stem not in durations and not path.name.startswith("."):
            seconds = mp4_duration(path)
            if seconds is not None:
                durations[path.stem] = seconds
    return dict(sorted(durations.items()))


def _duration(stream: BinaryIO, size: int) -> float | None:
    for kind, start, end in _boxes(stream, 0, size):
        if kind != b"moov":
            continue
        for inner, inner_start, inner_end in _boxes(stream, start, end):
            if inner == b"mvhd":
                stream.seek(inner_start)
                return _movie_header(stream.read(min(32, inner_end - inner_start)))
        return None
    return None


def _boxes(stream: BinaryIO, start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """(type, first byte, byte after the last) of the content of every box between two file offsets.

    Stops at the first header that makes no sense. A box that claims to reach beyond ``end`` is cut there.
    """
    offset = start
    for _ in range(MAX_BOXES):
        if offset + 8 > end:
            return
        stream.seek(offset)
        header = stream.read(16)
        if len(header) < 8:
            return
        size, kind = struct.unpack(">I4s", header[:8])
        length = 8
        if size == 1:  # the size did not fit into 32 bits and follows
            if len(header) < 16:
                return
            size, length = struct.unpack(">Q", header[8:])[0], 16
        elif size == 0:  # to the end of the file
            size = end - offset
        if size < length:
            return
        stop = min(offset + size, end)
        if offset + length > stop:
            return
        yield kind, offset + length, stop
        offset = stop


def _movie_header(content: bytes) -> float | None:
    """Seconds from the content of an ``mvhd`` box: version, flags, two dates, timescale (units/second), duration."""
    try:
        if content[:1] == b"\0":
            timescale, duration = struct.unpack_from(">II", content, 12)
            unknown = 2**32 - 1
        elif content[:1] == b"\1":
            timescale, duration = struct.unpack_from(">IQ", content, 20)
            unknown = 2**64 - 1
        else:
            return None
    except struct.error:  # the box is cut off
        return None
    if timescale == 0 or duration in (0, unknown):
        return None
    return float(duration / timescale)
