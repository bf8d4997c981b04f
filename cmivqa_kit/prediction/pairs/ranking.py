"""The best spans of a question, and the best few of every video, ranked from the best cells of each row.

All of it on whole arrays: no loop over cells, questions or videos. Ties go by (-score, corpus index, row, column), so
the same scores give the same list. Source: docs/spec/ccgs.md, sections 5.3 and 5.4.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cmivqa_kit.prediction.pairs.batching import RowTable
from cmivqa_kit.prediction.pairs.line_times import LineTimes

NONE = -1  # where there are fewer spans than were asked for
Scores = NDArray[np.float32]
Ints = NDArray[np.int32]


@dataclass(frozen=True, slots=True, eq=False)
class Ranked:
    """The best spans of some questions; `NONE` and -inf where there are fewer spans.

    Attributes:
        score, video, row, column: (Q, C) the best spans of the whole corpus, best first.
        video_score, video_row, video_column: (Q, V, K) the best spans within each video, best first.
    """

    score: Scores
    video: Ints
    row: Ints
    column: Ints
    video_score: Scores
    video_row: Ints
    video_column: Ints


class Collector:
    """Collects the best cells of rows, in any order, and ranks them.

    Args:
        rows: the rows that will be added.
        shape: numbers of questions and videos.
        line_times: the seconds of the lines.
        count: spans kept of a question, and looked at within a video.
        per_video: spans kept of each video.
        ordered_spans: spans that end before they start are none, and equal ones count once.
    """

    def __init__(
        self,
        rows: RowTable,
        shape: tuple[int, int],
        line_times: LineTimes,
        count: int,
        per_video: int,
        ordered_spans: bool,
    ) -> None:
        self.rows, self.shape, self.line_times = rows, shape, line_times
        self.count, self.per_video, self.ordered_spans = count, per_video, ordered_spans
        self.score = np.full((*shape, count), -np.inf, np.float32)
        self.row = np.full((*shape, count), NONE, np.int32)
        self.column = np.full((*shape, count), NONE, np.int32)
        pair = rows.question.astype(np.int64) * shape[1] + rows.video
        self.plain = np.bincount(pair, minlength=shape[0] * shape[1])[pair] == 1  # one window shows the whole video
        self.wanted = np.full(len(rows), count)
        if ordered_spans:
            several = line_times.needed[rows.video] != 1
            self.plain &= ~several
            self.wanted[several] = [line_times.enough(video, count) for video in rows.video[several].tolist()]
        self._rest: list[tuple[NDArray[Any], ...]] = []

    def add(self, part: slice, size: int, scores: Scores, cells: NDArray[np.int64]) -> None:
        """Add the best cells (B, C) of rows ``part``, from matrices of ``size`` lines."""
        row, column = np.divmod(cells, size)
        missing = cells == NONE
        first = self.rows.window[part, 0][:, None]
        row, column = np.where(missing, NONE, row + first), np.where(missing, NONE, column + first)
        question, video, plain = self.rows.question[part], self.rows.video[part], self.plain[part]
        width = min(self.count, scores.shape[1])
        at = question[plain], video[plain]
        for target, best in ((self.score, scores), (self.row, row), (self.column, column)):
            target[at[0], at[1], :width] = best[plain, :width]
        if not plain.all():
            given = ~missing & ~plain[:, None]
            which = np.nonzero(given)[0]
            self._rest.append((question[which], video[which], scores[given], row[given], column[given]))

    def finish(self) -> Ranked:
        """Rank everything that was added."""
        if self._rest:
            self._several(*(np.concatenate(column) for column in zip(*self._rest, strict=True)))
        chosen = self._best_of_all()
        return Ranked(
            *chosen,
            self.score[:, :, : self.per_video].copy(),
            self.row[:, :, : self.per_video].copy(),
            self.column[:, :, : self.per_video].copy(),
        )

    def _several(
        self, question: NDArray[Any], video: NDArray[Any], score: Scores, row: NDArray[Any], column: NDArray[Any]
    ) -> None:
        """Videos seen through several windows, or with several cells for one span: of equal spans the best stays."""
        start, end = self.line_times.span(video, row, column) if self.ordered_spans else (row, column)
        order = np.lexsort((column, row, -score, end, start, video, question))
        same = np.ones(len(order), bool)
        for values in (question, video, start, end):
            same[1:] &= values[order][1:] == values[order][:-1]
        same[:1] = False
        if self.ordered_spans:
            same |= (start >= end)[order]  # without length: no answer
        order = order[~same]
        order = order[np.lexsort((column[order], row[order], -score[order], video[order], question[order]))]
        pair = question[order].astype(np.int64) * self.shape[1] + video[order]
        rank = _rank_in_group(pair)
        order, rank = order[rank < self.count], rank[rank < self.count]
        at = question[order], video[order], rank
        self.score[at], self.row[at], self.column[at] = score[order], row[order], column[order]

    def _best_of_all(self) -> tuple[Scores, Ints, Ints, Ints]:
        questions, videos = self.shape
        flat = self.score.reshape(questions, videos * self.count)
        count = min(self.count, flat.shape[1])
        last = np.partition(flat, flat.shape[1] - count, axis=1)[:, flat.shape[1] - count]
        # Everything that is at least as good as the last place: a few more than wanted where there are ties.
        question, cell = np.nonzero((flat >= last[:, None]) & (flat > -np.inf))
        video, within = np.divmod(cell, self.count)
        score = flat[question, cell]
        order = np.lexsort((within, video, -score, question))
        rank = _rank_in_group(question[order])
        order, rank = order[rank < count], rank[rank < count]
        question, score, video, within = question[order], score[order], video[order], within[order]
        made = (
            np.full((questions, self.count), -np.inf, np.float32),
            *(np.full((questions, self.count), NONE, np.int32) for _ in range(3)),
        )
        best = score, video, self.row[question, video, within], self.column[question, video, within]
        for target, values in zip(made, best, strict=True):
            target[question, rank] = values
        return made  # type: ignore[return-value]


def _rank_in_group(groups: NDArray[Any]) -> NDArray[np.int64]:
    """The rank of each entry within its group, from 0; equal entries of ``groups`` are neighbours."""
    begins = np.flatnonzero(np.concatenate(([True], groups[1:] != groups[:-1])))
    lengths = np.diff(np.append(begins, len(groups)))
    return np.arange(len(groups)) - np.repeat(begins, lengths)
