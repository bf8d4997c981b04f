"""What a store of features is, whatever its format: rows of numbers by id, each id read when it is asked for."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from cmivqa_kit.data.feature_clock import Shape, common_width
from cmivqa_kit.errors import UserError

Rows = NDArray[np.float32]
Header = tuple[tuple[int, ...], np.dtype[Any]]  # shape and type of an array, before it is read
AddRows = Callable[[str, NDArray[Any]], None]

OBJECTS = "Save it as plain numbers: an array of float32, with no Python objects in it."
SQUEEZE = "Save it without the axis of length 1: numpy.save(FILE, numpy.load(FILE).squeeze())"
SQUEEZE_KEYED = "Save it without the axis of length 1."
NO_FILE = ("delete the file", "leave it out")  # what to do with one of several videos in a file
HOW_IT_SHOULD_BE = "One row per second, e.g. (263, 1024). Extract the features of this video again, or delete the file."
GET_AGAIN = "Download or extract it again, or delete it."
MOST_PACKED = 1100  # times that deflate and its like can shrink anything: a file that states more does not hold it
LONGEST_ROW = 3600.0  # seconds


class FeatureStore(Protocol):
    """Features by id: an array (rows, width) of floating-point numbers each.

    ``seconds_per_row`` is the length of a row in seconds, ``None`` where nobody says it; ``width`` that of most ids.
    """

    @property
    def path(self) -> Path:
        """The file or folder that the store was opened from."""
        ...

    @property
    def ids(self) -> Sequence[str]:
        """All ids, each once, in the order of the store."""
        ...

    @property
    def width(self) -> int | None:
        """The numbers in a row that most ids have; ``None`` where two widths are equally common, or there is no id."""
        ...

    @property
    def seconds_per_row(self) -> float | None:
        """Seconds of a row where the store says it."""
        ...

    def get(self, name: str) -> Rows | None:
        """The rows of an id, (rows, width), in the type they are stored in; ``None`` for an id that is not there."""
        ...

    def shape(self, name: str) -> Shape:
        """Rows and width of an id that is there; no more than a header is read."""
        ...

    def location(self, name: str) -> str:
        """Where the rows of an id lie, for messages: a file, and the key in it."""
        ...

    def file(self, name: str) -> Path:
        """The file that holds the rows of an id."""
        ...


class StoredFeatures(ABC):
    """A store in one format; a class registers itself by `cmivqa_kit.data.stores.registry.store_format`.

    Attributes:
        name: of the format, as ``data pack --format`` takes it.
        suffixes: what files of the format end with, the usual ending first; none where the store is a folder.
        keeps_clock: True where the length of a row can be written down in it.
    """

    name: ClassVar[str]
    suffixes: ClassVar[tuple[str, ...]] = ()
    keeps_clock: ClassVar[bool] = False

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    @abstractmethod
    def recognises(cls, path: Path) -> bool:
        """True for what is a store of this format, or a damaged one; only names and first bytes are looked at."""

    @classmethod
    @abstractmethod
    def writing(
        cls, path: Path, shapes: dict[str, Header], seconds_per_row: float | None
    ) -> AbstractContextManager[AddRows]:
        """A block in which the rows of every id of ``shapes`` are added, in that order; the store is whole at its end.

        Args:
            path: the file, or the folder that is there and empty.
            shapes: shape and type of what will be added, by id.
            seconds_per_row: what is written down where the format can.
        """

    @classmethod
    def refusal(cls, name: str, dtype: np.dtype[Any]) -> str:
        """Why rows of this id and type cannot be written in this format; empty where they can."""
        return ""

    @classmethod
    def fills(cls, folder: Path) -> bool:
        """True for a folder that holds nothing but what `writing` puts into one."""
        return False

    @property
    @abstractmethod
    def ids(self) -> Sequence[str]:
        """All ids, each once, in the order of the store.

        Raises:
            UserError: they cannot be read, or an id stands twice.
        """

    @abstractmethod
    def header(self, name: str) -> Header:
        """Shape and type of the array of an id that is there.

        Raises:
            UserError: it cannot be read.
        """

    @abstractmethod
    def read(self, name: str) -> NDArray[Any]:
        """The array of an id whose header is as it should be.

        Raises:
            UserError: it cannot be read.
        """

    @property
    def seconds_per_row(self) -> float | None:
        """Seconds of a row where the store says it."""
        return None

    @cached_property
    def width(self) -> int | None:
        """The width that most ids have; ``None`` where two are equally common, or there is no id.

        Raises:
            UserError: an array is damaged, or none of rows.
        """
        return common_width({name: self.shape(name) for name in self.ids})

    def get(self, name: str) -> Rows | None:
        """The rows of an id, (rows, width); ``None`` for an id that is not there.

        Raises:
            UserError: what is stored is not a two-dimensional array of floating-point numbers with at least one row.
        """
        if name not in self._known:
            return None
        self.shape(name)
        rows: Rows = self.read(name)
        return rows

    def shape(self, name: str) -> Shape:
        """Rows and width of an id that is there.

        Raises:
            UserError: as `get`.
        """
        shape, dtype = self.header(name)
        require_rows(shape, dtype, self.location(name), keyed=self.location(name) != str(self.file(name)))
        return shape[0], shape[1]

    def location(self, name: str) -> str:
        """The file and the key in it, for messages."""
        return f"{self.path}, key {name!r}"

    def file(self, name: str) -> Path:
        """The file that holds the rows of an id."""
        return self.path

    @cached_property
    def _known(self) -> frozenset[str]:
        return frozenset(self.ids)


def require_rows(shape: tuple[int, ...], dtype: np.dtype[Any], location: str, keyed: bool = False) -> None:
    """Refuse what is not a two-dimensional array of floating-point numbers with at least one row.

    ``keyed``: the array has a key in a file of several.

    Raises:
        UserError: naming the ``location``, shape and type.
    """
    if len(shape) == 2 and shape[0] and shape[1] and dtype.kind == "f":
        return
    squeeze, fix = (SQUEEZE_KEYED, HOW_IT_SHOULD_BE.replace(*NO_FILE)) if keyed else (SQUEEZE, HOW_IT_SHOULD_BE)
    raise UserError(
        f"{location}: shape {shape}, type {dtype}; expected (seconds, dimensions) of float32",
        squeeze if len(shape) == 3 and 1 in shape else fix,
    )


def require_clock(seconds: object, location: str) -> float:
    """The length of a row as a store states it.

    Raises:
        UserError: it is no number of seconds.
    """
    try:
        number = float(seconds)  # type: ignore[arg-type]  # the except says what cannot be
    except (TypeError, ValueError):
        number = 0.0
    if not 0 < number <= LONGEST_ROW:
        raise UserError(
            f"{location}: seconds_per_row is {seconds!r}, not a number of seconds above 0",
            f"Write the length of a row in seconds, at most {LONGEST_ROW:g}, or remove it.",
        )
    return number
