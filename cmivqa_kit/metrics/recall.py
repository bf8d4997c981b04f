"""``R@n``: the right video is among the first n different videos of the list (Tracks 2 and 3)."""

from cmivqa_kit.metrics.base import family
from cmivqa_kit.metrics.ranks_and_ious import RanksAndIous, Values


@family("R@{n}", "the right video is among the first {n}", tracks=(2, 3), position=40)
def recall(facts: RanksAndIous, n: int) -> Values:
    """(n,) 1.0 where the right video is among the first ``n`` different ones, else 0.0."""
    return facts.video_within(n)
