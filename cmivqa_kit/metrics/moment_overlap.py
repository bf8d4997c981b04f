"""``R@n|mIoU``: the best overlap among the first n entries of the list (Track 3)."""

from cmivqa_kit.metrics.base import family
from cmivqa_kit.metrics.ranks_and_ious import RanksAndIous, Values


@family("R@{n}|mIoU", "best overlap among the first {n}", tracks=(3,), position=20)
def moment_overlap(facts: RanksAndIous, n: int) -> Values:
    """(n,) best IoU among the first ``n`` entries."""
    return facts.best(n)
