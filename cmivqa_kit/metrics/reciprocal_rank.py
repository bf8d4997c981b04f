"""``MRR``: one divided by the rank of the right video among the different videos of the list (Tracks 2 and 3)."""

import numpy as np

from cmivqa_kit.metrics.base import family
from cmivqa_kit.metrics.ranks_and_ious import RanksAndIous, Values


@family("MRR", "one divided by the rank of the right video", tracks=(2, 3), position=50)
def reciprocal_rank(facts: RanksAndIous) -> Values:
    """(n,) 1/rank, 0 where the video is not in the list."""
    return np.where(facts.rank > 0, 1.0 / np.maximum(facts.rank, 1), 0.0)
