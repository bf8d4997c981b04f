"""A BigFile as a store of videos: ``video2frames.txt`` says which rows are of which; without it a row is an id.

Source: docs/spec/features.md, section 3. The published reader takes the last of two rows of one name without a word;
here that is an error, as are frames that have no row.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cmivqa_kit.data.stores.bigfile_reader import (
    ENCODING,
    FEATURES,
    NAMES,
    SHAPE,
    TYPE,
    BigFile,
)
from cmivqa_kit.data.stores.registry import store_format
from cmivqa_kit.data.stores.store import AddRows, Header, StoredFeatures
from cmivqa_kit.data.stores.video_frames import parse_video_frames, video_frames_text
from cmivqa_kit.errors import Problem, problems_error
from cmivqa_kit.files import read_bytes

FRAMES = "video2frames.txt"


@store_format
class BigFileStore(StoredFeatures):
    """The rows of a video are those of its frames, in their order."""

    name = "bigfile"

    @classmethod
    def recognises(cls, path: Path) -> bool:
        """True for a folder with two of the three files."""
        return path.is_dir() and sum((path / name).is_file() for name in (FEATURES, NAMES, SHAPE)) >= 2

    @classmethod
    def refusal(cls, name: str, dtype: np.dtype[Any]) -> str:
        """Names that ``id.txt`` cannot hold, and all types but float32."""
        if dtype.newbyteorder("<") != TYPE:
            return f"{dtype} cannot be kept: a BigFile holds float32"
        try:
            name.encode(ENCODING)
        except UnicodeEncodeError:
            return f"cannot be written in {ENCODING.upper()}, the encoding of {NAMES}"
        return "" if len(name.split()) == 1 and name.isprintable() else f"{NAMES} cannot hold a name with white space"

    @classmethod
    @contextmanager
    def writing(cls, path: Path, shapes: dict[str, Header], seconds_per_row: float | None) -> Iterator[AddRows]:
        """A block that writes the matrix, the names ``ID_0 ID_1 ...`` and the frames of every id."""
        frames = {name: [f"{name}_{row}" for row in range(shape[0])] for name, (shape, _) in shapes.items()}
        names = [frame for listed in frames.values() for frame in listed]
        width = next((shape[1] for shape, _ in shapes.values()), 0)
        (path / NAMES).write_bytes(" ".join(names).encode(ENCODING))
        (path / SHAPE).write_text(f"{len(names)} {width}\n", encoding="ascii")
        (path / FRAMES).write_text(video_frames_text(frames), encoding="ascii")
        with (path / FEATURES).open("wb") as stream:

            def add(name: str, rows: NDArray[Any]) -> None:
                stream.write(np.ascontiguousarray(rows, TYPE).data)

            yield add

    @classmethod
    def fills(cls, folder: Path) -> bool:
        """True for a folder of the four files alone."""
        return all(path.is_file() and path.name in (FEATURES, NAMES, SHAPE, FRAMES) for path in folder.iterdir())

    @cached_property
    def bigfile(self) -> BigFile:
        """The matrix.

        Raises:
            UserError: it is damaged.
        """
        return BigFile(self.path)

    @cached_property
    def frames(self) -> dict[str, list[int]]:
        """Id -> numbers of its rows, in order.

        Raises:
            UserError: a name stands twice, or a frame has no row; all of them are listed.
        """
        times = Counter(self.bigfile.names)
        problems = [Problem(repr(name), f"stands {number} times") for name, number in times.items() if number > 1]
        if problems:
            fix = "Remove all but one row of each; the published reader takes the last row of a name, without a word."
            raise problems_error(self.path / NAMES, problems, fix)
        numbers, listed = self.bigfile.numbers, self.path / FRAMES
        if not listed.is_file():
            return {name: [number] for name, number in numbers.items()}
        videos = parse_video_frames(_frames_text(listed), listed)
        problems = [Problem(video, "has no frame") for video, frames in videos.items() if not frames]
        problems += [
            Problem(video, f"frame {frame!r} is not in {NAMES}")
            for video, frames in videos.items()
            for frame in frames
            if frame not in numbers
        ]
        if problems:
            raise problems_error(listed, problems, f"Copy {FRAMES}, {NAMES} and the others from the same place.")
        return {video: [numbers[frame] for frame in frames] for video, frames in videos.items()}

    @property
    def ids(self) -> Sequence[str]:
        """The videos; without ``video2frames.txt`` the names of the rows.

        Raises:
            UserError: the files are damaged.
        """
        return tuple(self.frames)

    def header(self, name: str) -> Header:
        """The number of its frames, and the width of all."""
        return (len(self.frames[name]), self.bigfile.shape[1]), TYPE

    def read(self, name: str) -> NDArray[Any]:
        """The rows of a video: mapped where they follow each other in the file, else copied."""
        numbers = self.frames[name]
        first, last = numbers[0], numbers[-1]
        if numbers == list(range(first, last + 1)):
            return self.bigfile.rows[first : last + 1]
        return np.asarray(self.bigfile.rows[numbers])

    def location(self, name: str) -> str:
        """The file of the rows, and the video."""
        return f"{self.path / FEATURES}, video {name!r}"

    def file(self, name: str) -> Path:
        """The file of the rows."""
        return self.path / FEATURES


def _frames_text(path: Path) -> str:
    data = read_bytes(path)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:  # written as id.txt is
        return data.decode(ENCODING)
