"""``mIoU``: how far the answered span agrees with the right one (Track 1)."""

from cmivqa_kit.scoring.facts import Facts, Values
from cmivqa_kit.scoring.metrics.base import family


@family("mIoU", "overlap of the answer with the right span", tracks=(1,), place=10)
def span_overlap(facts: Facts) -> Values:
    """(n,) IoU."""
    return facts.best(1)
