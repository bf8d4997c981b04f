"""The one span type and the one interval IoU of the project."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A stretch of a video, in seconds from its start."""

    start: float
    end: float

    @property
    def length(self) -> float:
        """Seconds from start to end (negative for a reversed span)."""
        return self.end - self.start

    @property
    def valid(self) -> bool:
        """Both times finite and 0 <= start < end."""
        return math.isfinite(self.start) and math.isfinite(self.end) and 0 <= self.start < self.end

    def iou(self, other: Span) -> float:
        """Intersection over union with ``other``; ``self`` is the target (see `interval_iou`)."""
        return interval_iou(self.start, self.end, other.start, other.end)


def interval_iou(start: Any, end: Any, other_start: Any, other_end: Any) -> float:
    """IoU of a target interval and a predicted one exactly as the official program computes it.

    The target comes first and Python's own two-argument comparisons decide, so that NaN, infinities and reversed
    intervals behave as there (docs/spec/scoring.md, section 2.1). Values are taken as they stand in the JSON file.

    Raises:
        ZeroDivisionError: the hull has length 0 (only possible when the target is degenerate).
        TypeError, OverflowError: values that are not numbers, or too large, as in the official program.
    """
    hull = max(end, other_end) - min(start, other_start)
    inter = min(end, other_end) - max(start, other_start)
    iou: float = max(0.0, (1.0 * inter) / hull)
    return iou
