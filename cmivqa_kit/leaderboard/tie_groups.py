"""Tie groups: which entries of a board cannot be told from each other on this split.

In the order of the board each entry is compared with the first of each group, and belongs to the group of the first
one that it cannot be told from; where it can be told from all of them, it is the first of a group of its own. The
comparisons with one and the same entry are one family, which Holm's correction takes together: the p-values are those
of ``cmivqa compare FIRST OTHERS...`` on this metric alone. What is compared are strict values, which exist for every
question, while the order is that of the official scores: the entries of a group need not stand one after the other.

Sources: as of `cmivqa_kit.scoring.statistics.randomization` and `cmivqa_kit.scoring.statistics.holm`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np
from numpy.typing import NDArray

from cmivqa_kit.scoring.statistics.bootstrap import RESAMPLES, SEED
from cmivqa_kit.scoring.statistics.holm import holm
from cmivqa_kit.scoring.statistics.power import ALPHA, detectable, standard_errors
from cmivqa_kit.scoring.statistics.randomization import randomization_test

_PER_COMPARISON = 40  # exchanges: the smallest p-value of a family stays below 0.05 after the correction


@dataclass(frozen=True, slots=True)
class TieGroups:
    """The groups of n entries.

    Attributes:
        groups: (n) number of each entry's group, from 1 in the order of their first entries.
        p: (n) p-value after Holm against the first of its group; ``None`` for the first itself.
        comparisons: how many were made.
        detectable: the smallest difference that the split would probably show between two of them: the median over
            the comparisons with the first entry; ``None`` where there are none, or nothing differs.
    """

    groups: tuple[int, ...]
    p: tuple[float | None, ...]
    comparisons: int
    detectable: float | None


def tie_groups(
    values: Sequence[NDArray[np.float64]],
    clusters: Sequence[str | int],
    alpha: float = ALPHA,
    exchanges: int = RESAMPLES,
    seed: int = SEED,
) -> TieGroups:
    """The tie groups of entries.

    Args:
        values: (n) the strict values of each entry, (Q,) each, in the order of the board.
        clusters: (Q,) what is exchanged together: the video of each question.
        alpha: chance of telling two entries apart that are alike.
        exchanges: of a randomization test, at least; large boards need more of them.
        seed: of the exchanges.
    """
    groups = [0] * len(values)
    p: list[float | None] = [None] * len(values)
    limits: list[float] = []
    waiting = list(range(len(values)))
    number = comparisons = 0
    while waiting:
        first, *others = waiting
        number += 1
        groups[first] = number
        gaps = {str(other): values[other] - values[first] for other in others}
        arrangements = max(exchanges, _PER_COMPARISON * len(others))
        tested = randomization_test(gaps, clusters, arrangements, seed) if gaps else {}
        adjusted = dict(zip(others, holm([tested[str(other)].p for other in others]), strict=True))
        if number == 1 and gaps:
            shown = (detectable(error, alpha) for error in standard_errors(gaps, clusters).values())
            limits = [limit for limit in shown if limit is not None]
        for other in others:
            if adjusted[other] > alpha:
                groups[other], p[other] = number, adjusted[other]
        comparisons += len(others)
        waiting = [other for other in others if not groups[other]]
    return TieGroups(tuple(groups), tuple(p), comparisons, median(limits) if limits else None)
