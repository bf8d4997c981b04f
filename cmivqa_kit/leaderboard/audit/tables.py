"""A table as it stands in a file: rows of cells, with their lines."""

from __future__ import annotations

from dataclasses import dataclass

CELLS_MOST = 500_000  # of a file; a board of 1,000 rows has 10,000


@dataclass(frozen=True, slots=True)
class TableRow:
    """The cells of a row and the line of the file where it begins, from 1."""

    line: int
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RawTable:
    """A table: the words before it, and its rows, the header among them.

    ``width`` is the number of its columns where the format says it.
    """

    title: str
    rows: tuple[TableRow, ...]
    width: int | None = None
