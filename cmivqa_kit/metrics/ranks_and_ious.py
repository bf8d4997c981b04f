"""What strict scoring finds out about every question, once; every metric is computed from it.

Source: docs/spec/scoring.md, section 3.3.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class RanksAndIous:
    """Ranks and overlaps of n questions, in the order of the ground truth.

    Attributes:
        questions: n.
        rank: (n,) rank of the right video among the different videos of the list, from 1; 0 where it is not in the
            list, or the question is not answered. All 0 on Track 1.
        moment_question: (m,) which question an overlapping answer belongs to, from 0.
        moment_position: (m,) its position in the list, from 1; videos that are given twice count twice here. Always 1
            on Track 1, whose one answer is given with the video.
        moment_iou: (m,) its IoU with the question's span, in (0, 1]. Only answers better than all before them in the
            list are kept: the others change no metric.
    """

    questions: int
    rank: NDArray[np.int64]
    moment_question: NDArray[np.int64]
    moment_position: NDArray[np.int64]
    moment_iou: Values

    def best(self, cutoff: int) -> Values:
        """(n,) best IoU within the first ``cutoff`` entries of each list; 0 where none overlaps."""
        best = np.zeros(self.questions)
        within = self.moment_position <= cutoff
        np.maximum.at(best, self.moment_question[within], self.moment_iou[within])
        return best

    def video_within(self, cutoff: int) -> Values:
        """(n,) 1.0 where the right video is among the first ``cutoff`` different videos, else 0.0."""
        return ((self.rank > 0) & (self.rank <= cutoff)).astype(np.float64)


def ranks_and_ious(
    rank: Sequence[int], moment_question: Sequence[int], moment_position: Sequence[int], moment_iou: Sequence[float]
) -> RanksAndIous:
    """Make `RanksAndIous` from plain lists.

    An IoU above 1 becomes 1: Python's arithmetic of integers beyond 2^53 with floats can end there.
    """
    return RanksAndIous(
        len(rank),
        np.array(rank, dtype=np.int64),
        np.array(moment_question, dtype=np.int64),
        np.array(moment_position, dtype=np.int64),
        np.minimum(np.array(moment_iou, dtype=np.float64), 1.0),
    )
