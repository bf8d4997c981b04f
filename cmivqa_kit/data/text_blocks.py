"""Lines and tables that the library says things in: rendered in colour by the command line, plain by ``print``."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from unicodedata import east_asian_width


@dataclass(frozen=True, slots=True)
class Line:
    """A line of text, with the style of a terminal."""

    text: str = ""
    style: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """A table; columns whose name starts with ``>`` are aligned right. A cell is a text, or a `Line` with a style."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str | Line, ...], ...]


Block = Line | Table


def plain(blocks: Iterable[Block]) -> str:
    """Lines and tables as plain text."""
    lines: list[str] = []
    for block in blocks:
        lines += [block.text] if isinstance(block, Line) else plain_table(block)
    return "\n".join(lines)


def plain_table(table: Table) -> list[str]:
    """The lines of a table: columns two blanks apart, each as wide as its widest cell."""
    texts = [[cell if isinstance(cell, str) else cell.text for cell in row] for row in table.rows]
    right = [name.startswith(">") for name in table.columns]
    cells = [[name.removeprefix(">") for name in table.columns], *texts]
    widths = [max(map(_width, column)) for column in zip(*cells, strict=True)]
    return ["  ".join(map(_padded, row, widths, right)).rstrip() for row in cells]


def _width(text: str) -> int:
    """Columns of a terminal that a text takes: two for a Chinese character."""
    return sum(2 if east_asian_width(character) in "WF" else 1 for character in text)


def _padded(text: str, width: int, right: bool) -> str:
    blanks = " " * (width - _width(text))
    return blanks + text if right else text + blanks
