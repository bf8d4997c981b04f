"""The loss by group: short and long questions, answers and videos, languages.

Lengths are cut at the quartiles of the questions at hand, so that groups are about as large as each other; equal edges
are one, and the same questions always give the same groups.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from cmivqa_kit.diagnosis.classes import decompose
from cmivqa_kit.diagnosis.context import Asked
from cmivqa_kit.diagnosis.outcomes import Outcome

SMALL = 10  # questions below which the score of a group says next to nothing: it is marked
UNKNOWN = "unknown"

Bins = list[tuple[str, list[int]]]  # the name of a group, and which questions are in it


@dataclass(frozen=True, slots=True)
class Row:
    """A group: ``n`` questions, their score, and the four shares of their loss."""

    name: str
    n: int
    score: float
    shares: tuple[float, ...]

    @property
    def small(self) -> bool:
        """Too few questions to tell anything."""
        return self.n < SMALL

    def to_dict(self) -> dict[str, Any]:
        """The machine-readable twin."""
        return {"name": self.name, "n": self.n, "score": self.score, "shares": list(self.shares), "small": self.small}


@dataclass(frozen=True, slots=True)
class Grouping:
    """One way to group all questions; those of which it is not known are a row of their own."""

    title: str
    rows: tuple[Row, ...]

    def to_dict(self) -> dict[str, Any]:
        """The machine-readable twin."""
        return {"title": self.title, "rows": [row.to_dict() for row in self.rows]}


def group(outcomes: Sequence[Outcome], asked: Sequence[Asked], cutoffs: Sequence[int]) -> tuple[Grouping, ...]:
    """Every grouping of which anything is known; (n,) outcomes and what was asked, in the same order."""
    groupings: dict[str, Bins] = {
        "question length, characters": quartiles([len(one.text) if one.text else None for one in asked]),
        "answer length, s": quartiles([one.end - one.start for one in outcomes]),
        "video length, s": quartiles([one.duration for one in asked]),
        "language": by_name([one.language for one in asked]),
    }
    return tuple(
        Grouping(title, tuple(_row(name, [outcomes[i] for i in rows], cutoffs) for name, rows in bins))
        for title, bins in groupings.items()
        if bins
    )


def quartiles(values: Sequence[float | None]) -> Bins:
    """Groups of about a quarter of the known values each, ascending; none where no value is known.

    Edges are the smallest values that a quarter, a half and three quarters do not exceed, rounded to the two decimals
    that are shown. A group holds its upper edge.
    """
    known = sorted(value for value in values if value is not None)
    if not known:
        return []
    edges = sorted({round(known[math.ceil(len(known) * part / 4) - 1], 2) for part in (1, 2, 3)})
    edges = [edge for edge in edges if edge < known[-1]]
    places = [None if value is None else bisect_left(edges, value) for value in values]
    named = [(_name(place, edges, known), place) for place in range(len(edges) + 1)]
    return _filled(places, [*named, (UNKNOWN, None)])


def by_name(values: Sequence[str | None]) -> Bins:
    """A group per name, in the order in which they first appear; none where no name is known."""
    names = dict.fromkeys(value for value in values if value)
    return _filled(values, [*((name, name) for name in names), (UNKNOWN, None)]) if names else []


def _filled(values: Sequence[Any], named: Sequence[tuple[str, Any]]) -> Bins:
    bins = [(name, [i for i, value in enumerate(values) if value == wanted]) for name, wanted in named]
    return [(name, rows) for name, rows in bins if rows]


def _name(bin_number: int, edges: Sequence[float], known: Sequence[float]) -> str:
    if not edges:
        return f"{known[0]:g}" if known[0] == known[-1] else f"{known[0]:g} to {known[-1]:g}"
    if bin_number == 0:
        return f"up to {edges[0]:g}"
    return f"over {edges[-1]:g}" if bin_number == len(edges) else f"{edges[bin_number - 1]:g} to {edges[bin_number]:g}"


def _row(name: str, outcomes: Sequence[Outcome], cutoffs: Sequence[int]) -> Row:
    score = math.fsum(best for one in outcomes for best in one.best) / (len(outcomes) * len(cutoffs))
    return Row(name, len(outcomes), score, tuple(share.share for share in decompose(outcomes, cutoffs)))
