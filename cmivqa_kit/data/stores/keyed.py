"""Formats that keep many arrays in a file, each under a key: one such file, or a folder of them.

In one file a key is an id. In a folder of files with one array each, or with one called ``features``, a file is an id,
called by it (docs/spec/features.md, section 2); in a folder of other files each holds a part of the keys.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from cmivqa_kit.damage import reading
from cmivqa_kit.data.stores.store import GET_AGAIN, Header, StoredFeatures
from cmivqa_kit.errors import Problem, problems_error
from cmivqa_kit.foreign_content import read_head

FEATURES = "features"  # the key of the rows in a file of one video
ONE_EACH = "Each file should hold the array of one video, or one called features, or many called by their videos."
SEVERAL_FILES = (
    "Two extractors are two stores: name each, --features NAME=FILE once for each. Otherwise remove one of the two."
)


@dataclass(frozen=True, slots=True)
class Member:
    """Where the rows of an id lie: a file, and the key in it."""

    file: Path
    key: str


class KeyedFiles(StoredFeatures):
    """A file of many arrays, or a folder of such files.

    Attributes:
        magic: how files of the format begin, where bytes tell.
    """

    magic: ClassVar[bytes] = b""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._headers: dict[str, Header] = {}

    @classmethod
    def recognises(cls, path: Path) -> bool:
        """True for a file of this format, or a folder with one by its ending."""
        return bool(cls.files_in(path)) if path.is_dir() else cls.is_file_of(path)

    @classmethod
    def is_file_of(cls, path: Path) -> bool:
        """True for a file that begins as this format does, or has its ending."""
        return read_head(path).startswith(cls.magic)

    @classmethod
    def files_in(cls, folder: Path) -> list[Path]:
        """The files of a folder with an ending of this format, in order; names that begin with a dot are none."""
        with reading(folder, "a folder", "Check its permissions."):
            return sorted(p for p in folder.iterdir() if p.suffix.lower() in cls.suffixes and p.name[:1] != ".")

    @abstractmethod
    def keys(self, file: Path) -> Sequence[str]:
        """The keys of a file, in its order.

        Raises:
            Exception: anything, for what cannot be read.
        """

    @abstractmethod
    def header_in(self, file: Path, key: str) -> Header:
        """Shape and type of an array; raises as `keys`."""

    @abstractmethod
    def read_in(self, file: Path, key: str) -> NDArray[Any]:
        """An array; raises as `keys`."""

    @cached_property
    def members(self) -> dict[str, Member]:
        """Id -> where its rows lie.

        Raises:
            UserError: a file is damaged, or an id stands in several files.
        """
        if not self.path.is_dir():
            return {key: Member(self.path, key) for key in self._keys(self.path)}
        keys = {file: self._keys(file) for file in self.files_in(self.path)}
        if all(len(inside) == 1 or FEATURES in inside for inside in keys.values()):
            return {
                file.name.partition(file.suffix)[0]: Member(file, FEATURES if FEATURES in inside else inside[0])
                for file, inside in keys.items()
            }
        members: dict[str, Member] = {}
        problems: list[Problem] = []
        for file, inside in keys.items():
            for key in inside:
                other = members.setdefault(key, Member(file, key)).file
                if other != file:
                    problems.append(Problem(file.name, f"key {key!r} stands in {other.name} too"))
        if problems:
            raise problems_error(self.path, problems, SEVERAL_FILES)
        return members

    @property
    def ids(self) -> Sequence[str]:
        """All ids, in the order of files and keys.

        Raises:
            UserError: a file is damaged, or an id stands in several files.
        """
        return tuple(self.members)

    def header(self, name: str) -> Header:
        """Shape and type of the array of an id.

        Raises:
            UserError: it cannot be read.
        """
        if name not in self._headers:
            member = self.members[name]
            with reading(member.file, f"features of {member.key!r}", GET_AGAIN):
                self._headers[name] = self.header_in(member.file, member.key)
        return self._headers[name]

    def read(self, name: str) -> NDArray[Any]:
        """The array of an id.

        Raises:
            UserError: it cannot be read.
        """
        member = self.members[name]
        with reading(member.file, f"features of {member.key!r}", GET_AGAIN):
            return self.read_in(member.file, member.key)

    def location(self, name: str) -> str:
        """The file and the key in it."""
        member = self.members[name]
        return f"{member.file}, key {member.key!r}"

    def file(self, name: str) -> Path:
        """The file that holds an id."""
        return self.members[name].file

    def _keys(self, file: Path) -> Sequence[str]:
        with reading(file, f"a file of {self.name} features", GET_AGAIN):
            keys = self.keys(file)
        twice = sorted({key for key in keys if keys.count(key) > 1}) if len(set(keys)) < len(keys) else []
        if twice:
            raise problems_error(file, [Problem(key, "the key stands twice") for key in twice], "Write the file again.")
        return keys


def require_possible(shape: tuple[int, ...], dtype: np.dtype[Any], stored: int, most: int) -> None:
    """Refuse an array that states more than its stored bytes can hold, before memory is taken for it.

    Args:
        shape: as stated.
        dtype: as stated.
        stored: its bytes in the file, packed or not.
        most: how many bytes one of them can stand for.

    Raises:
        ValueError: it cannot be.
    """
    stated = int(np.prod([int(size) for size in shape], dtype=object)) * dtype.itemsize
    if stated > most * stored:
        raise ValueError(f"it takes {stated:,} bytes, and {stored:,} are stored")
