"""The BigFile of video retrieval: one matrix of rows by name (docs/spec/features.md, section 3).

``feature.bin`` holds the rows, ``id.txt`` their names, ``shape.txt`` how many there are and how wide. Nothing is ever
evaluated. Reads answer as the published reader does: each name once, unknown ones dropped, in the order of the file.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cmivqa_kit.data.display import count
from cmivqa_kit.errors import UserError
from cmivqa_kit.files import read_bytes

FEATURES, NAMES, SHAPE = "feature.bin", "id.txt", "shape.txt"
TYPE = np.dtype("<f4")
ENCODING = "iso-8859-1"  # of the names, as the published reader decodes them
THREE = f"A BigFile is a folder of {FEATURES}, {NAMES} and {SHAPE}, copied together."
AGAIN = f"Copy {FEATURES}, {NAMES} and {SHAPE} again, all three from the same place."


class BigFile:
    """The rows of a BigFile by name, memory-mapped.

    Args:
        folder: of the three files.

    Raises:
        UserError: one of them is missing or damaged, or they do not belong together.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.shape = parse_shape(_text(folder / SHAPE), folder / SHAPE)
        self.names = parse_names(_text(folder / NAMES))
        rows, width = self.shape
        if len(self.names) != rows:
            what = f"{folder / NAMES}: {count(len(self.names), 'name')}, where {SHAPE} states {count(rows, 'row')}"
            raise UserError(what, AGAIN)
        size, expected = _size(folder / FEATURES), rows * width * TYPE.itemsize
        if size != expected:
            state = "cut off" if size < expected else "of other rows"
            raise UserError(
                f"{folder / FEATURES}: {size:,} bytes; {SHAPE} states {rows:,} rows of {width:,} float32, "
                f"{expected:,} bytes: it is {state}",
                AGAIN,
            )

    @cached_property
    def numbers(self) -> dict[str, int]:
        """Name -> number of its row; of a name that stands twice the last."""
        return {name: number for number, name in enumerate(self.names)}

    @cached_property
    def rows(self) -> NDArray[np.float32]:
        """All rows, (rows, width), memory-mapped."""
        return np.memmap(self.folder / FEATURES, TYPE, "r", shape=self.shape)

    def read(self, names: Iterable[str]) -> tuple[list[str], NDArray[np.float32]]:
        """The names that are known, each once, and their rows, both in the order of the file."""
        return self.read_numbers({self.numbers[name] for name in names if name in self.numbers})

    def read_numbers(self, numbers: Iterable[int]) -> tuple[list[str], NDArray[np.float32]]:
        """The names and rows of these numbers, each once, in the order of the file.

        Raises:
            IndexError: a number is negative, or behind the last row.
        """
        chosen = sorted(set(numbers))
        if chosen and not 0 <= chosen[0] <= chosen[-1] < len(self.names):
            raise IndexError(f"row {chosen[0] if chosen[0] < 0 else chosen[-1]} of {len(self.names)}")
        return [self.names[number] for number in chosen], np.asarray(self.rows[chosen])

    def read_one(self, name: str) -> NDArray[np.float32]:
        """The row of a name, (width,).

        Raises:
            IndexError: there is none.
        """
        if name not in self.numbers:
            raise IndexError(name)
        return np.asarray(self.rows[self.numbers[name]])


def parse_shape(text: str, path: Path) -> tuple[int, int]:
    """Rows and width, from the first line of ``shape.txt``: two whole numbers above 0.

    Raises:
        UserError: they are none.
    """
    line = text.split("\n", 1)[0].strip()
    words = line.split()
    if len(words) != 2 or not all(word.isascii() and word.isdigit() and len(word) < 16 for word in words):
        raise UserError(f"{path}:1: {line[:60]!r}; expected two whole numbers, rows and width", AGAIN)
    rows, width = map(int, words)
    if rows == 0 or width == 0:
        raise UserError(f"{path}:1: {rows} rows of {width} numbers; expected at least one of each", AGAIN)
    return rows, width


def parse_names(text: str) -> Sequence[str]:
    """The names of ``id.txt``, set off by any white space."""
    return tuple(text.split())


def _text(path: Path) -> str:
    if not path.exists():
        raise UserError(f"{path}: no such file", THREE)
    return read_bytes(path).decode(ENCODING)


def _size(path: Path) -> int:
    try:
        return os.stat(path).st_size  # noqa: PTH116
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror or error})", THREE) from None
