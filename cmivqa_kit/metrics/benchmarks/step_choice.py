"""Choosing one of a step's candidates: the rank of the right one, and the measures made of it.

The unit is a step of a question; every measure is the mean over all steps. Among equal scores the later candidate goes
first, as LOVEU's evaluators have it with a stable sort.

Source: docs/spec/q2a.md, sections 5.1 to 5.3.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cmivqa_kit.metrics.base import Metric
from cmivqa_kit.metrics.ranks_and_ious import Values
from cmivqa_kit.metrics.scale import Scale

CUTOFFS = (1, 3)
RECALLS = tuple(
    Metric(f"R@{k}", f"the right candidate of a step is among the first {k}", position=10 + k) for k in CUTOFFS
)
MEAN_RANK = Metric(
    "mean rank",
    "mean rank of the right candidate",
    position=20,
    scale=Scale("ranks", higher_is_better=False, bounds=(1.0, None)),
)
RECIPROCAL_RANK = Metric("MRR", "one divided by the rank of the right candidate", position=30)
CANDIDATES_PER_RANK = Metric(
    "candidates/rank",
    'number of candidates divided by the rank of the right one: what LOVEU calls "MRR"',
    position=31,
    scale=Scale("candidates", bounds=(1.0, None)),
)
METRICS = (*RECALLS, MEAN_RANK, RECIPROCAL_RANK, CANDIDATES_PER_RANK)


@dataclass(frozen=True, slots=True, eq=False)
class StepRanks:
    """What is known of n steps.

    Attributes:
        candidates: (n,) how many candidates each step has, one at least.
        rank: (n,) rank of the right candidate, from 1; 0 for a step that is not answered.
    """

    candidates: NDArray[np.int64]
    rank: NDArray[np.int64]


def rank_of(scores: Sequence[float], right: int) -> int | None:
    """The rank of candidate ``right`` (from 0), from 1; ``None`` where there is no such candidate.

    Higher scores are better; of equal ones the later goes first; NaN goes before all.
    """
    order = np.argsort(np.asarray(scores, dtype=np.float64), kind="stable")[::-1]
    positions = np.flatnonzero(order == right)
    return int(positions[0]) + 1 if len(positions) else None


def step_values(ranks: StepRanks) -> dict[str, Values]:
    """(n,) values of every metric of `METRICS`, by name.

    A step that is not answered is a miss, however few its candidates are, and has the last rank.
    """
    candidates = ranks.candidates.astype(np.float64)
    answered = ranks.rank > 0
    rank = np.where(answered, ranks.rank, candidates)
    values = {
        metric.name: (answered & (rank <= k)).astype(np.float64) for metric, k in zip(RECALLS, CUTOFFS, strict=True)
    }
    return {
        **values,
        MEAN_RANK.name: rank,
        RECIPROCAL_RANK.name: 1.0 / rank,
        CANDIDATES_PER_RANK.name: candidates / rank,
    }
