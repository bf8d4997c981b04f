"""``R@n|mIoU``: the best overlap among the first n entries of the list (Track 3)."""

from cmivqa_kit.scoring.facts import Facts, Values
from cmivqa_kit.scoring.metrics.base import family


@family("R@{n}|mIoU", "best overlap among the first {n}", tracks=(3,), place=20)
def moment_overlap(facts: Facts, n: int) -> Values:
    """(n,) IoU."""
    return facts.best(n)
