"""Feature rows for the visual branch: at most M of them, then padded. Source: specs/ccgs.md, section 2.4."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Features = NDArray[np.float32]


def sample(features: Features, most: int) -> Features:
    """(T, F) to at most ``most`` rows: means of neighbouring rows; unchanged where T <= ``most``."""
    rows = len(features)
    if rows <= most:
        return features
    bounds = np.minimum(np.round(np.arange(most + 1) / most * rows).astype(int), rows - 1)
    made = [features[begin:end].mean(axis=0) if begin < end else features[begin] for begin, end in pairwise(bounds)]
    return np.stack(made).astype(np.float32)


def pad(features: Features, rows: int) -> tuple[Features, NDArray[np.int64]]:
    """(T, F) with T <= ``rows`` to (``rows``, F) with zero rows behind, and the mask (``rows``,): 1 on real rows."""
    padded = np.zeros((rows, features.shape[1]), np.float32)
    padded[: len(features)] = features
    mask = np.zeros(rows, np.int64)
    mask[: len(features)] = 1
    return padded, mask
