"""HDF5: one file per extractor, a dataset per id (docs/spec/features.md, section 2).

The dataset of an id may lie in a group called by the id, alone. The length of a row stands in the file's attribute
``seconds_per_row``. What leads out of the file (links, external storage, virtual datasets) is refused.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cmivqa_kit.damage import reading
from cmivqa_kit.data.stores.keyed import KeyedFiles, require_possible
from cmivqa_kit.data.stores.packages import required_package
from cmivqa_kit.data.stores.registry import store_format
from cmivqa_kit.data.stores.store import GET_AGAIN, MOST_PACKED, AddRows, Header, require_clock
from cmivqa_kit.errors import UserError

CLOCK = "seconds_per_row"
OUTSIDE = "Write the rows into the file itself, a dataset per video."


@store_format
class Hdf5Store(KeyedFiles):
    """Datasets by name."""

    name = "hdf5"
    suffixes = (".hdf5", ".h5")
    magic = b"\x89HDF"
    keeps_clock = True

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._streams: dict[tuple[int, Path], Any] = {}

    @classmethod
    def refusal(cls, name: str, dtype: np.dtype[Any]) -> str:
        """Names that are a path in the file, and types that HDF5 does not have everywhere."""
        if not name.strip(".") or "/" in name or not name.isprintable():
            return "cannot be the name of a dataset"
        return f"{dtype} is not the same on every machine" if dtype.itemsize > 8 else ""

    @classmethod
    @contextmanager
    def writing(cls, path: Path, shapes: dict[str, Header], seconds_per_row: float | None) -> Iterator[AddRows]:
        """A block that writes a dataset for every id, without times of writing, so that the same rows give the same
        bytes."""
        with _h5py(path).File(path, "w", locking=False) as stream:
            if seconds_per_row is not None:
                stream.attrs[CLOCK] = seconds_per_row

            def add(name: str, rows: NDArray[Any]) -> None:
                stream.create_dataset(name, data=rows, track_times=False)

            yield add

    @cached_property
    def seconds_per_row(self) -> float | None:
        """Seconds of a row as the attribute of all files says.

        Raises:
            UserError: it is no number of seconds, or a file is damaged.
        """
        stated: set[float | None] = set()
        for file in self.files_in(self.path) if self.path.is_dir() else [self.path]:
            with reading(file, "a file of hdf5 features", GET_AGAIN):
                value = self._stream(file).attrs.get(CLOCK)
            stated.add(None if value is None else require_clock(value, f"{file}, attribute {CLOCK}"))
        return stated.pop() if len(stated) == 1 else None

    def keys(self, file: Path) -> Sequence[str]:
        """The names at the top of the file."""
        return list(self._stream(file))

    def header_in(self, file: Path, key: str) -> Header:
        """Shape and type of a dataset, held against the bytes that are stored of it."""
        dataset = _dataset(file, self._stream(file), key)
        shape, dtype = dataset.shape or (), dataset.dtype
        require_possible(shape, dtype, dataset.id.get_storage_size(), MOST_PACKED)
        return shape, dtype

    def read_in(self, file: Path, key: str) -> NDArray[Any]:
        """A dataset; the library lets one thread at a time read."""
        array: NDArray[Any] = _dataset(file, self._stream(file), key)[...]
        return array

    def _stream(self, file: Path) -> Any:
        """The open file, one for each process."""
        key = os.getpid(), file
        if key not in self._streams:
            self._streams[key] = _h5py(file).File(file, "r", locking=False)
        return self._streams[key]


def _dataset(file: Path, stream: Any, key: str) -> Any:
    """The dataset of an id: under its name, or the only one in a group of its name."""
    h5py = _h5py(file)
    dataset = _linked(file, stream, key, key)
    if isinstance(dataset, h5py.Group):
        names = list(dataset)
        if len(names) != 1:
            listed = ", ".join(map(repr, names[:5])) or "nothing"
            raise UserError(f"{file}, key {key!r}: a group of {listed}; expected one dataset", OUTSIDE)
        dataset = _linked(file, dataset, names[0], key)
    if not isinstance(dataset, h5py.Dataset):
        raise UserError(f"{file}, key {key!r}: no dataset; expected (seconds, dimensions) of float32", OUTSIDE)
    if dataset.is_virtual or dataset.external:
        raise UserError(f"{file}, key {key!r}: its rows lie in another file, which is not read", OUTSIDE)
    return dataset


def _linked(file: Path, holder: Any, name: str, key: str) -> Any:
    """What lies in a group under a name, in this file."""
    if not isinstance(holder.get(name, getlink=True), _h5py(file).HardLink):
        raise UserError(f"{file}, key {key!r}: a link, which may lead out of the file, is not followed", OUTSIDE)
    return holder[name]


def _h5py(file: Path) -> Any:
    with required_package("h5py", "hdf5", f"{file}: an HDF5 file"):
        import h5py
    return h5py
