"""The published validation figures. Source: specs/mutualsl.md, section 3.4."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

THRESHOLDS = (0.3, 0.5, 0.7)


def rates(ious: Sequence[float]) -> tuple[float, ...]:
    """Rank@1 at IoU >= 0.3, 0.5 and 0.7, then the mean IoU, all in percent, of at least one question."""
    values = np.array(ious, np.float64)
    return (*(float((values >= least).mean() * 100) for least in THRESHOLDS), float(values.mean() * 100))
