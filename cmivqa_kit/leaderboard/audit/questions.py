"""The number of questions behind a board, told by its recalls: each is a count divided by it."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from cmivqa_kit.editions import Edition
from cmivqa_kit.leaderboard.audit.board import Board, Row
from cmivqa_kit.leaderboard.audit.printed import Interval, Printed

MOST = 5000  # questions; four decimals tell no more
CHANCE = 1e-3  # accepted of a number that fits by luck alone
_COUNTED = re.compile(r"R@\d+(,IoU=[0-9.]+)?")
_SLACK = 1e-9


@dataclass(frozen=True, slots=True)
class Group:
    """Rows whose recalls are all multiples of 1 / ``number``: their lines.

    ``source``: the values themselves tell the number, or it is that of a split of the edition.
    """

    number: int
    source: Literal["values", "edition"]
    lines: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Questions:
    """How many questions the recalls of a board were counted over.

    Attributes:
        groups: numbers with the rows that share them, the one with most rows first; none where none can be told.
        others: lines of the rows with recalls that belong to no group.
    """

    groups: tuple[Group, ...] = ()
    others: tuple[int, ...] = ()

    @property
    def number(self) -> int | None:
        """The number that most rows share."""
        return self.groups[0].number if self.groups else None

    def of(self, line: int) -> Group | None:
        """The group of a row."""
        return next((group for group in self.groups if line in group.lines), None)


def is_counted(metric: str) -> bool:
    """True for a metric that is a count of questions divided by their number."""
    return _COUNTED.fullmatch(metric) is not None


def is_multiple(printed: Printed, number: int) -> bool:
    """True where a count of ``number`` questions may be printed so, rounded or cut off."""
    return has_multiple(printed.possible, number)


def has_multiple(interval: Interval, number: int) -> bool:
    """True where a multiple of 1 / ``number`` lies in the interval."""
    return math.ceil(interval.low * number) <= math.floor(interval.high * number)


def recover(board: Board, edition: Edition | None = None) -> Questions:
    """The numbers that explain the recalls, if luck does not explain them too.

    A value printed with four decimals is a multiple of 1/n by luck with a chance of about n / 6,667. Every row that
    fits a number speaks for it by the chance that it would not; the number must beat all others that were tried, once
    in a thousand. Rows that do not fit it may share another. The sizes of the splits of ``edition`` are tried first,
    as few; without any evidence they are what the rows are held against.
    """
    rows = [row for row in board.rows if _telling(row)]
    splits = () if edition is None else edition.splits.values()
    sizes = sorted({facts.questions for facts in splits if facts.questions and facts.questions <= MOST})
    groups: list[Group] = []
    rest = rows
    while rest and (number := _most_likely(rest, sizes)) is not None:
        groups.append(Group(number, "values", tuple(row.line for row in rest if _shares(row, number))))
        rest = [row for row in rest if row.line not in groups[-1].lines]
    held = sorted({facts.questions for facts in splits if facts.questions and facts.answers == "organizers"})
    if rows and not groups and held:
        number = max(held, key=lambda size: sum(_shares(row, size) for row in rows))
        groups.append(Group(number, "edition", tuple(row.line for row in rows if _shares(row, number))))
        rest = [row for row in rows if row.line not in groups[0].lines]
    groups.sort(key=lambda group: -len(group.lines))
    return Questions(tuple(groups), tuple(row.line for row in rest))


def _most_likely(rows: list[Row], sizes: list[int]) -> int | None:
    """The number with the most evidence: one of ``sizes``, else any; ``None`` where luck may explain it."""
    for numbers in (sizes, range(1, MOST + 1)):
        if numbers:
            evidence = _evidence(rows, np.array(numbers))
            best = int(np.argmax(evidence))
            if evidence[best] > math.log(len(numbers) / CHANCE):
                return numbers[best]
    return None


def _telling(row: Row) -> list[Printed]:
    """The recalls of a row; 0 and 1 are multiples of everything."""
    return [printed for metric, printed in row.values.items() if is_counted(metric) and 0 < printed.value < 1]


def _shares(row: Row, number: int) -> bool:
    return all(is_multiple(printed, number) for printed in _telling(row))


def _evidence(rows: list[Row], numbers: NDArray[np.int64]) -> NDArray[np.float64]:
    """(N,) how surprising it is, in nats, that so many rows fit each of the numbers."""
    total = np.zeros(len(numbers))
    for row in rows:
        fits = np.ones(len(numbers), dtype=bool)
        surprise = np.zeros(len(numbers))
        for printed in _telling(row):
            low, high = float(printed.possible.low), float(printed.possible.high)
            fits &= np.ceil(low * numbers - _SLACK) <= np.floor(high * numbers + _SLACK)
            surprise -= np.log(np.minimum(1.0, (high - low) * numbers))
        total += np.where(fits, surprise, 0.0)
    return total
