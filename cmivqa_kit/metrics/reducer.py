"""Reducers: how the values of many queries become the one number of a metric."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Reducer:
    """A way to make one number of many; a value that is NaN belongs to no query that the metric is about."""

    name: Literal["mean", "median"]

    def __call__(self, values: NDArray[np.float64]) -> float:
        """The number: an exact sum divided by how many there are, or the middle value. NaN where there is none."""
        numbers = values[~np.isnan(values)]
        if not len(numbers):
            return math.nan
        return math.fsum(numbers.tolist()) / len(numbers) if self.name == "mean" else float(np.median(numbers))


MEAN = Reducer("mean")
MEDIAN = Reducer("median")


def average_precision(ranks: NDArray[np.int64], positives: int) -> float:
    """Average precision of one query, a value in [0, 1]: the mean over its positives of the precision at their ranks.

    Args:
        ranks: (m,) ranks of the positives in the list, from 1, ascending.
        positives: how many there are in all; one that is not in the list counts 0.
    """
    if not positives:
        return 0.0
    return math.fsum(((np.arange(len(ranks)) + 1) / ranks).tolist()) / positives
