"""From span logits to ranked answers. Vectorised: no loop over cells. Source: specs/ccgs.md, section 5.3.

Ties go by (-logit, corpus index, row, column), so the same logits give the same list.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cmivqa_kit.data.types import Subtitle

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Times:
    """Starts and ends of a video's lines in seconds, each (n,)."""

    start: Floats
    end: Floats

    @classmethod
    def of(cls, subtitles: Sequence[Subtitle]) -> Times:
        """Of a video with at least one line."""
        return cls(np.array([s.start for s in subtitles], float), np.array([s.end for s in subtitles], float))

    def seconds(self, rows: Ints, columns: Ints) -> tuple[Floats, Floats]:
        """Start and end of cells; where the start is not before the end, the end of the video's last line."""
        start, end = self.start[rows], self.end[columns]
        return start, np.where(start >= end, self.end[-1], end)


@dataclass(frozen=True, slots=True)
class Ranked:
    """Answers, best first: score, corpus index of the video, start and end in seconds; arrays of one length."""

    score: Floats
    video: Ints
    start: Floats
    end: Floats

    def __len__(self) -> int:
        return len(self.score)

    def take(self, chosen: Ints | slice) -> Ranked:
        """Some of them."""
        return Ranked(self.score[chosen], self.video[chosen], self.start[chosen], self.end[chosen])


EMPTY = Ranked(np.zeros(0), np.zeros(0, np.int64), np.zeros(0), np.zeros(0))


def top_cells(logits: NDArray[np.float32], count: int) -> tuple[Floats, Ints, Ints]:
    """Scores, rows and columns of the ``count`` best finite cells of (n, n) logits, ties by row, then column."""
    flat = logits.ravel()
    cells = np.flatnonzero(flat > -np.inf)
    if len(cells) > count:
        worst = np.partition(flat[cells], len(cells) - count)[len(cells) - count]
        cells = cells[flat[cells] >= worst]  # with every cell that ties with the last place
    cells = cells[np.argsort(-flat[cells], kind="stable")][:count]
    rows, columns = np.divmod(cells, logits.shape[1])
    return flat[cells].astype(np.float64), rows, columns


def rank_video(logits: NDArray[np.float32], times: Times, video: int, count: int, published: bool) -> Ranked:
    """The ``count`` best answers of one video.

    Args:
        logits: (n, n), -inf in cells that do not count.
        times: of its lines.
        video: its index in the corpus.
        count: how many at most.
        published: every cell counts, and several may give the same seconds. Kit: cells with j < i are left out, so are
            answers without length, and of equal ones the best stays.
    """
    if published:
        score, rows, columns = top_cells(logits, count)
        return Ranked(score, np.full(len(score), video), *times.seconds(rows, columns))
    upper = np.where(np.tri(len(logits), k=-1, dtype=bool), np.float32(-np.inf), logits)
    wanted = count
    while True:  # repeats are rare: two rounds at most in practice
        score, rows, columns = top_cells(upper, wanted)
        start, end = times.seconds(rows, columns)
        _, first = np.unique(np.stack((start, end)), axis=1, return_index=True)
        kept = np.sort(first)
        kept = kept[start[kept] < end[kept]]
        if len(kept) >= count or wanted >= upper.size:
            kept = kept[:count]
            return Ranked(score[kept], np.full(len(kept), video), start[kept], end[kept])
        wanted *= 4


def join(parts: Sequence[Ranked], count: int) -> Ranked:
    """The ``count`` best of several rankings. Within a video the order of its ranking stays for equal scores."""
    if not parts:
        return EMPTY
    score = np.concatenate([part.score for part in parts])
    video = np.concatenate([part.video for part in parts])
    place = np.concatenate([np.arange(len(part)) for part in parts])
    order = np.lexsort((place, video, -score))[:count]
    whole = Ranked(score, video, np.concatenate([p.start for p in parts]), np.concatenate([p.end for p in parts]))
    return whole.take(order)


def by_video(rankings: Sequence[Ranked], count: int) -> Ranked:
    """One answer per video, its best; videos by that. Raises R@10, R@50 and MRR of Track 2 or leaves them (5.4)."""
    return join([ranking.take(slice(0, 1)) for ranking in rankings], count)
