"""Canonical names of what the boards of the challenge print, by track and in their order.

Source: docs/spec/scoring.md, section 2.
"""

from collections.abc import Mapping

BOARD_NAMES: Mapping[int, tuple[str, ...]] = {
    1: ("R@1,IoU=0.3", "R@1,IoU=0.5", "R@1,IoU=0.7", "mIoU"),
    2: ("R@1", "R@10", "R@50", "MRR", "Overall"),
    3: ("R@1|mIoU", "R@10|mIoU", "R@50|mIoU", "Average"),
}
