"""Bootstrap intervals of mean scores, clustered by video.

A resample draws as many videos as there are, with replacement, and takes all questions of each: the statistic is the
sum over the drawn questions divided by their number, a ratio of two sums because videos have different numbers of
questions. Intervals are percentile intervals. BCa is left out on purpose: its acceleration has no agreed form for
ratios over clusters of unequal size, and for means over some hundred videos the two differ by less than their error.

Sources: Efron & Tibshirani, An Introduction to the Bootstrap (1993), chapter 13; Davison & Hinkley, Bootstrap Methods
and their Application (1997), section 3.8, for resampling whole clusters.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cmivqa_kit.metrics.scale import Scale
from cmivqa_kit.scoring.statistics.clusters import Clusters, as_table, group
from cmivqa_kit.scoring.statistics.draws import Weights, weights

RESAMPLES = 10_000
SEED = 2023
LEVEL = 0.95
_ALONE = 1 << 18  # multiplications that OpenBLAS does not share among threads
UNBOUNDED = Scale(bounds=(None, None))
FEW = 20  # clusters below which percentile intervals are known to be too narrow


@dataclass(frozen=True, slots=True)
class Resampling:
    """How often to resample, and from which seed."""

    resamples: int = RESAMPLES
    seed: int = SEED


AS_USUAL = Resampling()


@dataclass(frozen=True, slots=True)
class Interval:
    """A percentile interval, or ``None`` in ``low``, ``high`` and ``error`` with the reason in ``note``.

    Attributes:
        low, high: the bounds, in the unit of the values.
        error: standard deviation of the resampled statistic, its standard error.
        level: the share of intervals made like this that hold the true value, e.g. 0.95.
        note: why there is none, or why it is to be read with care; empty where neither.
    """

    low: float | None
    high: float | None
    error: float | None
    level: float = LEVEL
    note: str = ""

    def to_dict(self) -> dict[str, Any]:
        """The machine-readable twin."""
        return {"low": self.low, "high": self.high, "level": self.level, "error": self.error, "note": self.note or None}


def bootstrap(
    values: Mapping[str, ArrayLike],
    clusters: Sequence[str | int] | None,
    resamples: int = RESAMPLES,
    seed: int = SEED,
    level: float = LEVEL,
    scales: Mapping[str, Scale] | None = None,
    drawn_weights: Iterable[Weights] | None = None,
) -> dict[str, Interval]:
    """Intervals of the means of several metrics over the same questions, from the same resamples.

    Time and not memory grows with ``resamples`` x clusters; the number of questions matters little.

    Args:
        values: per metric, (Q,) one finite value per question.
        clusters: (Q,) the name of each question's cluster, its video. Give the ids of the questions to resample single
            questions; ``None`` does the same by position, and is the only way that depends on their order.
        resamples: number of resamples.
        seed: not negative; the same seed gives the same intervals.
        level: confidence level between 0 and 1.
        scales: per metric, its scale: no interval reaches beyond its bounds. A metric without one has none.
        drawn_weights: what `weights` draws for as many clusters, resamples and this seed, where it is at hand.

    Returns:
        One interval per metric. There is none without questions and with a single cluster. Where all questions have
        the same value, both bounds are that value, with a note: resampling sees no spread, which is no certainty.

    Raises:
        ValueError: values of another length or not finite; a level, a seed or a number of resamples out of range.
    """
    if not 0 < level < 1 or resamples < 1 or seed < 0:
        raise ValueError(f"level {level}, resamples {resamples}, seed {seed}: want 0 < level < 1, at least 1, not < 0")
    names = clusters if clusters is not None else range(len(next(iter(map(np.asarray, values.values())), ())))
    groups = group(names)
    table = as_table(values, groups.questions)
    if groups.count < 2:
        reason = "only one cluster: nothing to resample" if groups.count else "no questions"
        return {name: Interval(None, None, None, level, reason) for name in values}
    drawn = resampled_means(table, groups, resamples, seed, drawn_weights)
    shares = (1 - level) / 2, (1 + level) / 2
    ordered = np.partition(drawn, [place for share in shares for place in _places(len(drawn), share)], axis=0)
    low, high = (_quantile(ordered, share) for share in shares)
    error = drawn.std(axis=0, ddof=1) if resamples > 1 else np.zeros(len(values))
    few = f"only {groups.count} clusters: likely too narrow" if groups.count < FEW else ""
    found = {}
    for column, name in enumerate(values):
        first = float(table[0, column])
        if (table[:, column] == first).all():
            found[name] = Interval(first, first, 0.0, level, "all questions have the same value")
        else:
            scale = (scales or {}).get(name, UNBOUNDED)
            ends = scale.clamp(float(low[column])), scale.clamp(float(high[column]))
            found[name] = Interval(*ends, float(error[column]), level, few)
    return found


def resampled_means(
    table: NDArray[np.float64],
    groups: Clusters,
    resamples: int,
    seed: int,
    drawn_weights: Iterable[Weights] | None = None,
) -> NDArray[np.float64]:
    """(Q, M) values -> (``resamples``, M) means of the resamples."""
    means = table.mean(axis=0)
    # Deviations from the mean instead of sums: their totals are small, so that single precision costs a millionth of
    # the interval's width and not of the score.
    sums = groups.totals(table) - means * groups.sizes[:, None]
    right = np.column_stack((sums, groups.sizes))
    drawn = np.empty((resamples, table.shape[1]))
    done = 0
    for block in weights(groups.count, resamples, seed) if drawn_weights is None else drawn_weights:
        total = product(block, right)
        drawn[done : done + len(block)] = total[:, :-1] / total[:, -1:]
        done += len(block)
    drawn += means
    return drawn


def _places(count: int, share: float) -> tuple[int, int]:
    """The two of ``count`` ordered values that a linear quantile lies between."""
    below = math.floor(share * (count - 1))
    return below, min(below + 1, count - 1)


def _quantile(ordered: NDArray[np.float64], share: float) -> NDArray[np.float64]:
    """(N, M) columns, ordered at `_places` -> (M,) linear quantiles, as of ``numpy.quantile``.

    That one loads all of ``numpy.ma``.
    """
    below, above = _places(len(ordered), share)
    rest = share * (len(ordered) - 1) - below
    return ordered[below] + rest * (ordered[above] - ordered[below])  # type: ignore[no-any-return]


def product(block: Weights, right: NDArray[np.float64]) -> NDArray[np.float64]:
    """``block @ right``, in the precision of ``block`` and in pieces so small that OpenBLAS keeps to one thread.

    Several threads spend many times the work of such a narrow product on waiting for each other.
    """
    step = max(1, _ALONE // (len(block) * right.shape[1]))
    total = np.zeros((len(block), right.shape[1]))
    right = right.astype(block.dtype, copy=False)
    for at in range(0, len(right), step):
        total += block[:, at : at + step] @ right[at : at + step]
    return total
