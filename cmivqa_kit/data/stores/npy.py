"""A folder of ``VIDEO_ID.npy`` files, each memory-mapped: the format in which the organizers hand features out."""

from __future__ import annotations

import tokenize
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cmivqa_kit.data.feature_names import SUFFIX, feature_files, name_videos
from cmivqa_kit.data.stores.registry import store_format
from cmivqa_kit.data.stores.store import GET_AGAIN, OBJECTS, AddRows, Header, Rows, StoredFeatures, require_rows
from cmivqa_kit.errors import Problem, UserError, problems_error
from cmivqa_kit.foreign_content import foreign_content

# What numpy raises on damaged bytes: a cut-off file, a hostile header, a shape larger than any memory.
DAMAGE = (OSError, ValueError, EOFError, SyntaxError, TypeError, OverflowError, MemoryError, tokenize.TokenError)
MOST_NAME = 255  # bytes of a file's name


@store_format
class NpyFolder(StoredFeatures):
    """A ``.npy`` file per id, called by it."""

    name = "npy"

    @classmethod
    def recognises(cls, path: Path) -> bool:
        """True for a folder with a ``.npy`` file in it."""
        return bool(feature_files(path))

    @classmethod
    def refusal(cls, name: str, dtype: np.dtype[Any]) -> str:
        """Ids that cannot be the name of a file that is read again."""
        if not name or name.startswith(".") or "/" in name or "\\" in name or not name.isprintable():
            return "cannot be the name of a file"
        return "is too long for the name of a file" if len(f"{name}{SUFFIX}".encode()) > MOST_NAME else ""

    @classmethod
    @contextmanager
    def writing(cls, path: Path, shapes: dict[str, Header], seconds_per_row: float | None) -> Iterator[AddRows]:
        """A block that writes one file for every id."""
        yield lambda name, rows: np.save(path / f"{name}{SUFFIX}", rows, allow_pickle=False)

    @classmethod
    def fills(cls, folder: Path) -> bool:
        """True for a folder of ``.npy`` files alone."""
        return all(path.is_file() and path.suffix == SUFFIX for path in folder.iterdir())

    @cached_property
    def files(self) -> dict[str, Path]:
        """Id -> file, ordered by id.

        Raises:
            UserError: two files are of one id, ``a.npy`` and ``a.NPY``; or the folder may not be read.
        """
        names = name_videos(feature_files(self.path))
        if names.unnamed:
            problems = [Problem(path.name, f"is of the id {path.stem!r} too") for path in names.unnamed]
            raise problems_error(self.path, problems, "Keep one file of each id.")
        return dict(names.files)

    @property
    def ids(self) -> Sequence[str]:
        """All ids, in order.

        Raises:
            UserError: as `files`.
        """
        return tuple(self.files)

    def header(self, name: str) -> Header:
        """Shape and type of a file.

        Raises:
            UserError: it is no array.
        """
        array = self.read(name)
        return array.shape, array.dtype

    def read(self, name: str) -> NDArray[Any]:
        """The array of a file, memory-mapped.

        Raises:
            UserError: it is no array.
        """
        return map_array(self.files[name])

    def location(self, name: str) -> str:
        """The file."""
        return str(self.files[name])

    def file(self, name: str) -> Path:
        """The file."""
        return self.files[name]


def open_rows(path: Path) -> Rows:
    """The rows of a ``.npy`` file, memory-mapped.

    Raises:
        UserError: it is not a two-dimensional array of floating-point numbers with at least one row.
    """
    array = map_array(path)
    require_rows(array.shape, array.dtype, str(path))
    return array


def map_array(path: Path) -> NDArray[Any]:
    """The array of a ``.npy`` file, memory-mapped.

    Raises:
        UserError: it is none.
    """
    try:
        # open_memmap, not load: load would open a zip too, and hand back something that is no array.
        array: NDArray[Any] = np.lib.format.open_memmap(path, mode="r")
    except DAMAGE as error:
        content = foreign_content(path)
        if content is not None and content.kind != "npy":
            raise UserError(f"{path}: is {content.noun}", content.fix) from None
        objects = "object" in str(error)  # whatever they are, nothing is ever unpickled
        raise UserError(f"{path}: not a readable .npy file ({error})", OBJECTS if objects else GET_AGAIN) from None
    return array
