"""From the official values of the questions to the official numbers.

Built-in `sum` over plain lists in target order and `numpy.mean` for the mIoU of Track 1, because their rounding is part
of the numbers. Source: docs/spec/scoring.md, sections 2.1 and 3.1.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cmivqa_kit.data.types import Track
from cmivqa_kit.scoring.official.questions import CUTOFFS, Overlaps, Recalls

THRESHOLDS = (0.3, 0.5, 0.7)
Values = NDArray[np.float64]


def track1_totals(values: Sequence[float], count: int) -> dict[str, float]:
    """The totals of Track 1, in percent."""
    metrics = {f"R@1,IoU={mu}": sum(v >= mu for v in values) / count * 100.0 for mu in THRESHOLDS}
    with np.errstate(over="ignore", invalid="ignore"):  # degenerate answers can give IoUs of any size (Q36)
        metrics["mIoU"] = float(np.mean(values) * 100.0)
    return metrics


def track2_totals(values: Sequence[Recalls | None], count: int) -> dict[str, float]:
    """The totals of Track 2, fractions.

    Raises:
        ZeroDivisionError: no question is answered, or there is none.
    """
    metrics = {
        f"R@{k}": sum([v[column] if v is not None else 0 for v in values]) / count for column, k in enumerate(CUTOFFS)
    }
    reciprocal = [v[3] for v in values if v is not None]
    metrics["MRR"] = sum(reciprocal) / len(reciprocal)
    metrics["Overall"] = metrics["R@1"] + metrics["R@10"] + metrics["R@50"] + metrics["MRR"]
    return metrics


def track3_totals(values: Sequence[Overlaps], count: int) -> dict[str, float]:
    """The totals of Track 3, fractions."""
    metrics = {f"R@{k}|mIoU": sum([v[column] for v in values]) / count for column, k in enumerate(CUTOFFS)}
    metrics["Average"] = (metrics["R@1|mIoU"] + metrics["R@10|mIoU"] + metrics["R@50|mIoU"]) / 3
    return metrics


def track1_arrays(values: Sequence[float]) -> dict[str, Values]:
    """Values of Track 1 per question, as fractions."""
    overlap = np.array(values, dtype=np.float64)
    return {**{f"R@1,IoU={mu}": (overlap >= mu).astype(np.float64) for mu in THRESHOLDS}, "mIoU": overlap}


def track2_arrays(values: Sequence[Recalls | None]) -> dict[str, Values]:
    """Values of Track 2 per question; NaN in the MRR where the question is left out of it."""
    left_out = (0, 0, 0, np.nan)
    table = np.array([left_out if v is None else v for v in values], dtype=np.float64).reshape(-1, 4)
    return {**{f"R@{k}": table[:, column] for column, k in enumerate(CUTOFFS)}, "MRR": table[:, 3]}


def track3_arrays(values: Sequence[Overlaps]) -> dict[str, Values]:
    """Values of Track 3 per question."""
    table = np.array(values, dtype=np.float64).reshape(-1, 3)
    arrays = {f"R@{k}|mIoU": table[:, column] for column, k in enumerate(CUTOFFS)}
    return {**arrays, "Average": (table[:, 0] + table[:, 1] + table[:, 2]) / 3}


TOTALS: Mapping[Track, Callable[[Any, int], dict[str, float]]] = {
    1: track1_totals,
    2: track2_totals,
    3: track3_totals,
}
ARRAYS: Mapping[Track, Callable[[Any], dict[str, Values]]] = {1: track1_arrays, 2: track2_arrays, 3: track3_arrays}
