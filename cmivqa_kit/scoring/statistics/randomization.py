"""The paired randomization test of a difference between two systems.

Under the hypothesis that two systems are alike, their values on a question could as well be exchanged. The questions
of one video are exchanged together, because they are not independent. The p-value is the share of exchanges whose
difference of means is at least as far from zero, either way (two-sided).

Sources: Fisher, The Design of Experiments (1935); for retrieval Smucker, Allan & Carterette, A Comparison of
Statistical Significance Tests for Information Retrieval Evaluation (CIKM 2007); for (k + 1) / (n + 1) Phipson & Smyth,
Permutation P-values Should Never Be Zero (2010).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cmivqa_kit.scoring.statistics.clusters import as_table, group
from cmivqa_kit.scoring.statistics.draws import signs

ENUMERATED = 16  # clusters that differ, up to which all exchanges are counted: 65,536
ARRANGEMENTS = 10_000
_ROUNDING = 1e-12  # differences of sums smaller than this share of their terms are rounding, not differences


@dataclass(frozen=True, slots=True)
class PValue:
    """A two-sided p-value, above 0 and at most 1; ``exact`` where all exchanges were counted instead of drawn."""

    p: float
    exact: bool


def randomization_test(
    differences: Mapping[str, ArrayLike],
    clusters: Sequence[str | int],
    arrangements: int = ARRANGEMENTS,
    seed: int = 2023,
) -> dict[str, PValue]:
    """Test per metric whether the mean of paired differences is zero.

    Args:
        differences: per metric, (Q,) one finite difference per question.
        clusters: (Q,) what is exchanged together: the video of each question, or its own id.
        arrangements: exchanges drawn where there are too many to count them all.
        seed: not negative; the same exchanges are drawn for all metrics.

    Returns:
        One p-value per metric. Clusters without a difference change nothing and are not counted: with up to 16 others
        the p-value is exact, and 1 where there are none.

    Raises:
        ValueError: values of another length or not finite, a negative seed, no arrangements.
    """
    if arrangements < 1 or seed < 0:
        raise ValueError(f"arrangements {arrangements}, seed {seed}: want at least 1, and not negative")
    groups = group(clusters)
    table = as_table(differences, groups.questions)
    sums = groups.totals(table)
    sums[np.abs(sums) <= _ROUNDING * groups.totals(np.abs(table))] = 0.0
    counted: dict[str, PValue] = {}
    drawn: dict[str, int] = {}
    for column, name in enumerate(differences):
        differing = sums[:, column][sums[:, column] != 0]
        if len(differing) <= ENUMERATED:
            counted[name] = PValue(_enumerate(differing), exact=True)
        else:
            drawn[name] = column
    if drawn:
        shares = _draw(sums[:, list(drawn.values())], arrangements, seed)
        counted |= {name: PValue(float(p), exact=False) for name, p in zip(drawn, shares, strict=True)}
    return {name: counted[name] for name in differences}


def _enumerate(sums: NDArray[np.float64]) -> float:
    """Share of all 2^n exchanges; n sums, none of them 0. One sign is held: the other half mirrors this one."""
    reached = sums[:1]
    for value in sums[1:]:
        reached = np.concatenate((reached + value, reached - value))
    return float(np.mean(np.abs(reached) >= _limit(sums))) if len(sums) else 1.0


def _draw(sums: NDArray[np.float64], arrangements: int, seed: int) -> NDArray[np.float64]:
    """(C, M) sums -> (M,) p-values; what was observed is one of the exchanges."""
    limit, observed = _limit(sums), sums.sum(axis=0)
    reached = np.zeros(sums.shape[1])
    for swapped in signs(len(sums), arrangements, seed):
        reached += (np.abs(observed - 2 * (swapped @ sums)) >= limit).sum(axis=0)
    share: NDArray[np.float64] = (reached + 1) / (arrangements + 1)
    return share


def _limit(sums: NDArray[np.float64]) -> NDArray[np.float64]:
    """The observed difference, a little less: equal sums added in another order differ in their last digits."""
    limit: NDArray[np.float64] = np.abs(sums.sum(axis=0)) - _ROUNDING * np.abs(sums).sum(axis=0)
    return limit
