"""What a split is able to show: the smallest difference that a test on it would probably find."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike

from cmivqa_kit.scoring.statistics.clusters import as_table, group

ALPHA = 0.05
POWER = 0.8


def standard_errors(values: Mapping[str, ArrayLike], clusters: Sequence[str | int]) -> dict[str, float | None]:
    """Clustered standard error of the mean of each metric; ``None`` with fewer than two clusters.

    The mean is a ratio of two sums over clusters of unequal size; its error follows from the clusters' deviations
    (Cochran, Sampling Techniques, 1977, chapters 6 and 9A; elsewhere called cluster-robust).

    Args:
        values: per metric, (Q,) one finite value per question.
        clusters: (Q,) the name of each question's cluster.
    """
    groups = group(clusters)
    if groups.count < 2:
        return dict.fromkeys(values)
    table = as_table(values, groups.questions)
    deviations = groups.totals(table) - table.mean(axis=0) * groups.sizes[:, None]
    variances = (deviations**2).sum(axis=0) * groups.count / (groups.count - 1)
    return dict(zip(values, (float(e) for e in np.sqrt(variances) / groups.questions), strict=True))


def detectable(error: float | None, alpha: float = ALPHA, power: float = POWER) -> float | None:
    """The smallest true difference that a two-sided test at ``alpha`` finds with the chance ``power``.

    Normal approximation, one test: a correction for several makes it larger. ``None`` without an error, or where it is
    0: two systems that give the same answers everywhere say nothing about what the split could show of others.

    Args:
        error: standard error of the difference of two systems.
    """
    if not error or math.isnan(error):
        return None
    normal = NormalDist()
    return (normal.inv_cdf(1 - alpha / 2) + normal.inv_cdf(power)) * error
