"""``mIoU``: how far the answered span agrees with the right one (Track 1)."""

from cmivqa_kit.metrics.base import family
from cmivqa_kit.metrics.ranks_and_ious import RanksAndIous, Values


@family("mIoU", "overlap of the answer with the right span", tracks=(1,), position=10)
def span_overlap(facts: RanksAndIous) -> Values:
    """(n,) IoU of the one answer."""
    return facts.best(1)
