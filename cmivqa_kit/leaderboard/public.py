"""A board for everybody: numbers as boards show them, so that no answer can be worked out from their last digits.

Findings of the validator are told by code, title and number: their messages name ids and videos.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace

from cmivqa_kit.leaderboard.board import Board, Row
from cmivqa_kit.scoring.statistics.bootstrap import Interval

_FINDING = re.compile(r"([EW]\d{3} [^:]*): .*", re.DOTALL)


def for_everybody(board: Board) -> Board:
    """The board with every number rounded to the decimals of the edition, and findings without their messages.

    Ranks and groups stay as they were made.
    """
    digits = board.decimals
    return replace(
        board,
        rows=tuple(_rounded_row(row, digits) for row in board.rows),
        unplaced=tuple(replace(row, reasons=_without_messages(row.reasons)) for row in board.unplaced),
        detectable=_rounded(board.detectable, digits),
        public=True,
    )


def _rounded_row(row: Row, digits: int) -> Row:
    def numbers(values: Mapping[str, float]) -> dict[str, float]:
        return {name: round(value, digits) for name, value in values.items()}

    return replace(
        row,
        official=numbers(row.official),
        repaired=numbers(row.repaired),
        strict=numbers(row.strict),
        by_language={language: numbers(values) for language, values in row.by_language.items()},
        intervals={name: _rounded_interval(interval, digits) for name, interval in row.intervals.items()},
        p=_rounded(row.p, digits),
        reasons=_without_messages(row.reasons),
    )


def _without_messages(reasons: Iterable[str]) -> tuple[str, ...]:
    return tuple(_FINDING.sub(r"\1", reason) for reason in reasons)


def _rounded_interval(interval: Interval, digits: int) -> Interval:
    low, high, error = (_rounded(value, digits) for value in (interval.low, interval.high, interval.error))
    return replace(interval, low=low, high=high, error=error)


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)
