"""Rows of numbers that may be too many for memory: written one behind the other, read back a run at a time.

Few rows stay in memory, more lie in a temporary file of the cache's disk. It has no name and vanishes with its owner.
Knows no torch.
"""

from __future__ import annotations

import weakref
from contextlib import suppress
from tempfile import SpooledTemporaryFile
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from cmivqa_kit.errors import NotWritten
from cmivqa_kit.files import cache_root

IN_MEMORY = 1 << 25  # bytes of rows that need no file
ADVICE = "Free some space there, or set CMIVQA_CACHE=DIR"


class Rows(Protocol):
    """Rows of numbers, read a run at a time: an array, or a `RowFile`."""

    def __len__(self) -> int:
        """How many there are."""
        ...

    def __getitem__(self, run: slice) -> NDArray[Any]:
        """Those of a run."""
        ...


class RowFile:
    """Rows of one shape and type.

    Args:
        dtype: of their numbers.
        shape: of a row; a row of no dimension is a number.
    """

    def __init__(self, dtype: type[np.generic], shape: tuple[int, ...] = ()) -> None:
        self.dtype, self.shape = np.dtype(dtype), shape
        self._bytes = self.dtype.itemsize * int(np.prod(shape))  # of a row
        self._count = 0
        folder = cache_root()
        with suppress(OSError):  # told where the file is needed
            folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._file = SpooledTemporaryFile(IN_MEMORY, dir=str(folder))  # noqa: SIM115
        weakref.finalize(self, self._file.close)

    def __len__(self) -> int:
        return self._count

    def append(self, rows: NDArray[Any]) -> slice:
        """Put rows behind the others; the run that they are now.

        Raises:
            NotWritten: the disk is full, or the folder takes no files.
        """
        try:
            self._file.seek(self._count * self._bytes)
            self._file.write(np.ascontiguousarray(rows, self.dtype).tobytes())
        except OSError as error:
            what = f"{self._folder}: a temporary file could not be written ({error.strerror or error})"
            raise NotWritten(what, f"{ADVICE}.", ADVICE) from None
        begin, self._count = self._count, self._count + len(rows)
        return slice(begin, self._count)

    def __getitem__(self, run: slice) -> NDArray[Any]:
        """The rows of a run of neighbours."""
        begin, stop, _ = run.indices(self._count)
        count = max(0, stop - begin)
        self._file.seek(begin * self._bytes)
        data = self._file.read(count * self._bytes)
        return np.frombuffer(data, self.dtype).reshape(count, *self.shape)
