"""``R@n,IoU=mu``: an overlap of mu or more is among the first n answers (Tracks 1 and 3; on Track 1 there is one)."""

import numpy as np

from cmivqa_kit.metrics.base import family
from cmivqa_kit.metrics.ranks_and_ious import RanksAndIous, Values


@family("R@{n},IoU={mu}", "an overlap of {mu} or more is among the first {n}", tracks=(1, 3), position=30)
def moment_recall(facts: RanksAndIous, n: int, mu: float) -> Values:
    """(n,) 1.0 where the best overlap is ``mu`` or more, else 0.0: exactly ``mu`` counts (D4)."""
    return (facts.best(n) >= mu).astype(np.float64)
