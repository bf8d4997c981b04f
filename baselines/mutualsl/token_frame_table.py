"""The look-up table between tokens and frames, one per example: when each line is said and where its tokens stand.

Times are in rows of the frames: seconds, or less where a long video was averaged down. Source:
docs/spec/mutualsl.md, sections 1.6 and 3.1.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cmivqa_kit.data.types import Subtitle

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class TokenFrameTable:
    """Lines 0 .. n - 1 of one row.

    Attributes:
        starts: when each line starts, in rows, (n,).
        ends: when it ends, (n,).
        start_tokens: the token that stands for each line's start, (n,).
        separators: the question's separator, then the one that closes each line, (n + 1,).
    """

    starts: Floats
    ends: Floats
    start_tokens: Sequence[int]
    separators: Sequence[int]

    def tokens(self, start: float, end: float) -> tuple[int, int]:
        """From times in rows to the tokens of the nearest lines: visual to text."""
        first, last = nearest(self.starts, self.ends, start, end)
        return self.start_tokens[first], self.separators[last + 1]

    def times(self, start_token: int, end_token: int) -> tuple[float, float]:
        """From tokens to the start and the end, in rows, of the lines they stand in: text to visual."""
        return float(self.starts[self.line(start_token)]), float(self.ends[self.line(end_token)])

    def line(self, token: int) -> int:
        """The line a token stands in, its separator included; -1, which is the last line, for the question's own."""
        return line_of(self.separators, token)


def line_of(separators: Sequence[int], token: int) -> int:
    """How many separators stand before a token, less one."""
    return bisect_left(separators, token) - 1


def nearest(starts: Floats, ends: Floats, start: float, end: float) -> tuple[int, int]:
    """The first line with the nearest start, and the last line with the nearest end."""
    first = int(np.argmin(np.abs(starts - start)))
    last = len(ends) - 1 - int(np.argmin(np.abs(ends - end)[::-1]))
    return first, last


def line_times(subtitles: Sequence[Subtitle]) -> tuple[Floats, Floats]:
    """Starts and ends of lines in seconds, (n,) each."""
    return np.array([s.start for s in subtitles], np.float64), np.array([s.end for s in subtitles], np.float64)
