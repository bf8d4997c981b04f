"""A board: a table whose columns are metrics of a track, with the numbers as printed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Literal

from cmivqa_kit.data.display import short_repr
from cmivqa_kit.data.types import Track
from cmivqa_kit.errors import Problem
from cmivqa_kit.leaderboard.audit.columns import (
    NAMES,
    RANK,
    cleaned,
    joined_names,
    metric_of,
    metrics_in,
    on_track,
    track_of,
)
from cmivqa_kit.leaderboard.audit.printed import MISSING, Printed, plain, read_number
from cmivqa_kit.leaderboard.audit.tables import RawTable, TableRow

HEADER_WITHIN = 6  # rows of a table among which its header stands
LARGEST = Fraction(11, 10)  # that is taken for a slip of the pen in a board of fractions
Unit = Literal["fraction", "percent"]
_WHOLE = re.compile(r"\d{1,6}")


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a board: its line in the file, the team's name, its printed rank, and its values by metric."""

    line: int
    team: str
    rank: int | None
    values: Mapping[str, Printed]


@dataclass(frozen=True, slots=True)
class Board:
    """A board as printed; values are fractions whatever the ``unit`` they are printed in.

    Attributes:
        file: where it stands.
        line: of its header, from 1.
        title: the words before it.
        metrics: canonical names, in the order of the columns.
        rows: in the order of the file; a row without any value is none.
    """

    file: Path
    line: int
    title: str
    track: Track
    unit: Unit
    metrics: tuple[str, ...]
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class _Header:
    """The row or rows of a table that name its columns: ``height`` of them, the first at ``at``."""

    at: int
    height: int
    cells: tuple[str, ...]
    metrics: Mapping[int, str]


def board_of(table: RawTable, file: Path, track: Track | None, problems: list[Problem]) -> Board | None:
    """The board in a table; ``None`` for a table of something else, or of another than the wanted ``track``.

    What is no number where one must stand, and a metric that has two columns, is added to ``problems``.
    """
    header = _header(table)
    if header is None:
        return None
    names = list(header.metrics.values())
    own = track or track_of(names)
    if track is not None and track_of(names) != track and not (track == 3 and all(map(_is_recall, names))):
        return None
    columns = {at: on_track(name, own, names) for at, name in header.metrics.items()}
    line = table.rows[header.at].line
    metrics = tuple(columns.values())
    twice = sorted({name for name in metrics if metrics.count(name) > 1})
    problems += (Problem(f"line {line}", f"{name} has two columns") for name in twice)
    cells = [(row, _numbers(row, columns, header.cells, problems)) for row in _body(table, header)]
    unit = _unit(number for _, numbers in cells for number in numbers.items())
    rows = [
        Row(row.line, _team(row, header), _rank(row, header), _values(numbers, unit))
        for row, numbers in cells
        if numbers
    ]
    return Board(file, line, table.title, own, unit, metrics, tuple(rows))


def _is_recall(name: str) -> bool:
    return re.fullmatch(r"R@\d+", name) is not None


def _header(table: RawTable) -> _Header | None:
    """The header, of one row or of two on top of each other; ``None`` where no row names two metrics."""
    rows = table.rows[:HEADER_WITHIN]
    width = table.width or max((len(row.cells) for row in table.rows[1:]), default=0)
    best: _Header | None = None
    for at, row in enumerate(rows):
        options = [(1, joined_names(row.cells, width))]
        if at + 1 < len(rows):
            options.append((2, _stacked(row, rows[at + 1])))
        for height, cells in options:
            metrics = metrics_in(cells)
            if len(set(metrics.values())) > (0 if best is None else len(set(best.metrics.values()))):
                best = _Header(at, height, cells, metrics)
    if best is None or len(best.metrics) < (1 if any(cleaned(cell) in RANK for cell in best.cells) else 2):
        return None
    return best


def _stacked(above: TableRow, below: TableRow) -> tuple[str, ...]:
    pairs = list(zip(above.cells, below.cells, strict=False))
    return tuple(first if first == second or not second else f"{first},{second}" for first, second in pairs)


def _body(table: RawTable, header: _Header) -> Iterator[TableRow]:
    """The rows below the header; where a page repeats the header within the table, that is no row."""
    for row in table.rows[header.at + header.height :]:
        named = sum(metric_of(row.cells[at]) is not None for at in header.metrics if at < len(row.cells))
        if named < max(1, len(header.metrics) - 1):
            yield row


def _numbers(
    row: TableRow, columns: Mapping[int, str], header: Sequence[str], problems: list[Problem]
) -> dict[str, tuple[Printed, bool]]:
    numbers: dict[str, tuple[Printed, bool]] = {}
    for at, metric in columns.items():
        text = row.cells[at] if at < len(row.cells) else ""
        try:
            number = read_number(text)
        except ValueError:
            message = f"{short_repr(text)} in column {header[at].strip()[:60]!r} is no number"
            problems.append(Problem(f"line {row.line}", message))
            continue
        if number is not None:
            numbers[metric] = number
    return numbers


def _unit(numbers: Iterable[tuple[str, tuple[Printed, bool]]]) -> Unit:
    """Percent where most values say so, or one is too large for a fraction; an Overall is larger than 1 anyway."""
    bounded = [(printed.value, percent) for metric, (printed, percent) in numbers if metric != "Overall"]
    if sum(percent for _, percent in bounded) * 2 > len(bounded):
        return "percent"
    return "percent" if any(value > LARGEST for value, percent in bounded if not percent) else "fraction"


def _values(numbers: Mapping[str, tuple[Printed, bool]], unit: Unit) -> dict[str, Printed]:
    return {
        metric: printed.in_percent() if unit == "percent" and not percent else printed
        for metric, (printed, percent) in numbers.items()
    }


def _team(row: TableRow, header: _Header) -> str:
    """The name of a row: the first cell of a column of names that says something, else of any other column."""
    named = [at for at, cell in enumerate(header.cells) if cleaned(cell) in NAMES]
    others = [at for at, cell in enumerate(header.cells) if at not in header.metrics and cleaned(cell) not in RANK]
    for at in named or others:
        text = row.cells[at].strip(" *`_") if at < len(row.cells) else ""
        if text.lower() not in MISSING:
            return text
    return ""


def _rank(row: TableRow, header: _Header) -> int | None:
    at = next((at for at, cell in enumerate(header.cells) if cleaned(cell) in RANK), None)
    if at is None or at >= len(row.cells):
        return None
    match = _WHOLE.match(plain(row.cells[at]))
    return int(match[0]) if match else None
