"""Longer videos as fewer rows: means of neighbours, divided as the published systems divide."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray


def sample(features: NDArray[np.float32], most: int) -> NDArray[np.float32]:
    """(T, D) to at most ``most`` rows: means of neighbouring rows; unchanged where T <= ``most``.

    Source: docs/spec/ccgs.md, section 2.4; docs/spec/mutualsl.md, section 1.3.
    """
    if len(features) <= most:
        return features
    bounds = sample_bounds(len(features), most).tolist()
    made = [features[begin:end].mean(axis=0) if begin < end else features[begin] for begin, end in pairwise(bounds)]
    return np.stack(made).astype(np.float32)


def sample_bounds(rows: int, most: int) -> NDArray[np.int64]:
    """The published division of ``rows`` rows: (``most`` + 1,), rounded half to even.

    It never reaches the last row, which so is left out of the last mean.
    """
    bounds: NDArray[np.int64] = np.round(np.arange(most + 1) / most * rows).astype(np.int64)
    return np.minimum(bounds, rows - 1)
