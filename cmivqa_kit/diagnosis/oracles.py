"""What one half of the task would be worth if the other were solved: two bounds, at every cut-off.

*Gold span given*: every valid entry of the right video gets IoU 1. Then m_k is 1 where p <= k and else 0, so 1 minus
the mean is exactly the retrieval miss and the right video ranked low. *Gold video given*: the entries of other videos
leave the list, those of the right one keep their order; m'_k is the best IoU among the first k that are left.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from cmivqa_kit.diagnosis.outcomes import Outcome, best_within
from cmivqa_kit.scoring.entries import Moment

SPAN, VIDEO = "gold-span", "gold-video"


@dataclass(frozen=True, slots=True)
class Oracle:
    """A bound: (K,) ``values`` at each cut-off, their mean ``average``, and a ``note`` on how to read it."""

    key: str
    title: str
    values: tuple[float, ...]
    average: float
    note: str = ""


def oracles(outcomes: Sequence[Outcome], cutoffs: Sequence[int]) -> tuple[Oracle, ...]:
    """The two bounds for n > 0 questions of Track 3."""
    n = len(outcomes)
    spans = tuple(sum(one.within(k) for one in outcomes) / n for k in cutoffs)
    listed = [one for one in outcomes if one.overlaps]
    sums = [math.fsum(best_within(_alone(one), k) for one in listed) for k in cutoffs]
    note = "the right video is in every list"
    if len(listed) < n:
        note = f"0 for the {n - len(listed)} of {n} questions whose right video is not in the list"
    if 0 < len(listed) < n:
        note += f"; {_mean(sums) / len(listed):.4f} over the others"
    return (
        Oracle(SPAN, "gold span given", spans, _mean(spans), "every entry of the right video gets IoU 1"),
        Oracle(VIDEO, "gold video given", tuple(one / n for one in sums), _mean(sums) / n, note),
    )


def _alone(outcome: Outcome) -> list[Moment]:
    """The moments of the right video, their positions counted among themselves."""
    return [(at, value) for at, (_, value) in enumerate(outcome.overlaps, 1)]


def _mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values)
