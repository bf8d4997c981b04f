"""``.npz``: one file of many arrays, or a folder of files of one array each (docs/spec/features.md, section 2)."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib import format as npy_format
from numpy.typing import NDArray

from cmivqa_kit.data.stores.keyed import KeyedFiles, require_possible
from cmivqa_kit.data.stores.registry import store_format
from cmivqa_kit.data.stores.store import MOST_PACKED, OBJECTS, AddRows, Header
from cmivqa_kit.errors import UserError

SUFFIX = ".npy"  # of the members of the archive


@store_format
class NpzStore(KeyedFiles):
    """A zip archive of ``.npy`` members, as `numpy.savez` writes it; compressed or not."""

    name = "npz"
    suffixes = (".npz",)
    magic = b"PK"

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._archives: dict[Path, zipfile.ZipFile] = {}  # the list of members is read once

    @classmethod
    def refusal(cls, name: str, dtype: np.dtype[Any]) -> str:
        """Ids that no member of an archive can be called by."""
        return "" if name and "\0" not in name else "cannot be the name of a member"

    @classmethod
    @contextmanager
    def writing(cls, path: Path, shapes: dict[str, Header], seconds_per_row: float | None) -> Iterator[AddRows]:
        """A block that writes an uncompressed archive, always the same for the same rows."""
        with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:

            def add(name: str, rows: NDArray[Any]) -> None:
                with archive.open(zipfile.ZipInfo(f"{name}{SUFFIX}"), "w", force_zip64=True) as stream:
                    npy_format.write_array(stream, np.asarray(rows), allow_pickle=False)

            yield add

    def keys(self, file: Path) -> Sequence[str]:
        """The members without their ending; other members are none."""
        names = [info.filename for info in self._archive(file).infolist()]
        return [name.removesuffix(SUFFIX) for name in names if name.endswith(SUFFIX)]

    def header_in(self, file: Path, key: str) -> Header:
        """Shape and type of a member, held against its size."""
        archive = self._archive(file)
        info = archive.getinfo(f"{key}{SUFFIX}")
        with archive.open(info) as stream:
            version = npy_format.read_magic(stream)
            read = npy_format.read_array_header_1_0 if version == (1, 0) else npy_format.read_array_header_2_0
            shape, _, dtype = read(stream)
        if dtype.hasobject:
            raise UserError(f"{file}, key {key!r}: holds Python objects, which are never loaded", OBJECTS)
        require_possible(shape, dtype, info.file_size, 1)
        require_possible(shape, dtype, info.compress_size, MOST_PACKED)
        return shape, dtype

    def read_in(self, file: Path, key: str) -> NDArray[Any]:
        """A member."""
        with self._archive(file).open(f"{key}{SUFFIX}") as stream:
            array: NDArray[Any] = npy_format.read_array(stream, allow_pickle=False)
        return array

    def _archive(self, file: Path) -> zipfile.ZipFile:
        if file not in self._archives:
            self._archives[file] = zipfile.ZipFile(file)
        return self._archives[file]
