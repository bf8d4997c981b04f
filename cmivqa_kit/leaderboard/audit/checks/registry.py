"""What a check is, and the list of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from cmivqa_kit.editions import Edition
from cmivqa_kit.leaderboard.audit.board import Board, Row
from cmivqa_kit.leaderboard.audit.questions import Questions


class Kind(StrEnum):
    """How grave a finding is."""

    CONTRADICTION = "contradiction"  # no evaluation prints these numbers
    REMARK = "remark"  # odd, and possible


@dataclass(frozen=True, slots=True)
class Context:
    """A board with the rules of its edition and the number of questions behind it."""

    board: Board
    edition: Edition
    questions: Questions


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong or odd in a row: the check that says so, the row, the metrics it is about, and a sentence."""

    check: str
    kind: Kind
    line: int
    team: str
    metrics: tuple[str, ...]
    message: str

    def to_dict(self) -> dict[str, Any]:
        """The machine-readable twin."""
        return {
            "check": self.check,
            "line": self.line,
            "team": self.team,
            "metrics": list(self.metrics),
            "message": self.message,
        }


Said = tuple[Row, tuple[str, ...], str]  # the row, the metrics, the sentence
Run = Callable[[Context], Iterator[Said]]


@dataclass(frozen=True, slots=True)
class Check:
    """A check: its name, what it finds in a few words, how grave that is, and the function."""

    name: str
    title: str
    kind: Kind
    run: Run


CHECKS: dict[str, Check] = {}


def check(name: str, title: str, kind: Kind) -> Callable[[Run], Run]:
    """Register a function from a board to what it finds in it."""

    def add(run: Run) -> Run:
        CHECKS[name] = Check(name, title, kind, run)
        return run

    return add


def findings(context: Context) -> tuple[Finding, ...]:
    """What all checks find, contradictions first, each in the order of the rows."""
    listed = [
        Finding(one.name, one.kind, row.line, row.team, metrics, message)
        for one in CHECKS.values()
        for row, metrics, message in one.run(context)
    ]
    return tuple(sorted(listed, key=lambda finding: (finding.kind != Kind.CONTRADICTION, finding.line)))
