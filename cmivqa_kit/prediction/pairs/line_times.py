"""The seconds at which lines start and end, and those of cells of span matrices.

Source: docs/spec/ccgs.md, section 5.3.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cmivqa_kit.prediction.types import Floats, Times

Ints = NDArray[Any]


@dataclass(frozen=True)
class LineTimes:
    """The times at which every line of every video starts and ends.

    Attributes:
        start, end: seconds of all lines of all videos, one behind the other.
        first: (V + 1,) where the lines of each video begin.
    """

    start: Floats
    end: Floats
    first: NDArray[np.int64]

    @classmethod
    def of(cls, times: Sequence[Times]) -> LineTimes:
        """The times of all videos of a corpus, in its order."""
        first = np.concatenate(([0], np.cumsum([len(lines.start) for lines in times]))).astype(np.int64)
        start, end = (np.concatenate([getattr(lines, side) for lines in times]) for side in ("start", "end"))
        return cls(start, end, first)

    def __len__(self) -> int:
        return len(self.first) - 1

    def span(self, video: Ints, row: Ints, column: Ints) -> tuple[Floats, Floats]:
        """Start of the row's line and end of the column's; where the start is not before the end, the video's end."""
        begin = self.first[video]
        start, end = self.start[begin + row], self.end[begin + column]
        return start, np.where(start >= end, self.end[self.first[video + 1] - 1], end)

    @cached_property
    def needed(self) -> NDArray[np.int64]:
        """(V,) how many cells of a video must be known for each different span with a length: 1 nearly everywhere.

        With lines that share a start or an end several cells are one span; some may be spans without length. Entry v is
        (the most cells of one span) and, times 2^32, the number of cells without length.
        """
        return np.array([self._needed(video) for video in range(len(self))], np.int64)

    def enough(self, video: int, count: int) -> int:
        """Cells among which ``count`` different spans are, if the video has so many."""
        same, without = int(self.needed[video]) & 0xFFFFFFFF, int(self.needed[video]) >> 32
        return count * same + without

    def _needed(self, video: int) -> int:
        begin, stop = self.first[video], self.first[video + 1]
        start, end = self.start[begin:stop], self.end[begin:stop]
        earliest_end = np.minimum.accumulate(end[::-1])[::-1]  # of this line and those behind it
        if len(np.unique(start)) == len(np.unique(end)) == len(start) and (start < earliest_end).all():
            return 1
        row, column = np.triu_indices(len(start))
        starts, ends = self.span(np.full(len(row), video), row, column)
        with_length = starts < ends
        pairs = np.stack((starts[with_length], ends[with_length]))
        same = int(np.unique(pairs, axis=1, return_counts=True)[1].max()) if pairs.shape[1] else 1
        return same + (int((~with_length).sum()) << 32)
