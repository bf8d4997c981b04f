"""From the best cells of each row to what is kept of a question: its best spans, and the best few of every video.

All of it on whole arrays: no loop over cells, questions or videos. Ties go by (-score, corpus index, row, column), so
the same scores give the same list. Source: specs/ccgs.md, sections 5.3 and 5.4.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cmivqa_kit.prediction.pairs.batching import Jobs
from cmivqa_kit.prediction.pairs.line_times import LineTimes

NONE = -1  # where there are fewer spans than were asked for
Scores = NDArray[np.float32]
Ints = NDArray[np.int32]


@dataclass(frozen=True, slots=True, eq=False)
class Ranked:
    """What is kept of some questions; `NONE` and -inf where there are fewer spans.

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
    """Takes the best cells of rows in any order and ranks them.

    Args:
        jobs: the rows.
        shape: numbers of questions and videos.
        clock: the lines' seconds.
        count: spans kept of a question, and looked at within a video.
        kept: spans kept of each video.
        ordered_spans: spans that end before they start are none, and equal ones count once.
    """

    def __init__(
        self, jobs: Jobs, shape: tuple[int, int], clock: LineTimes, count: int, kept: int, ordered_spans: bool
    ) -> None:
        self.jobs, self.shape, self.clock = jobs, shape, clock
        self.count, self.kept, self.ordered_spans = count, kept, ordered_spans
        self.score = np.full((*shape, count), -np.inf, np.float32)
        self.row = np.full((*shape, count), NONE, np.int32)
        self.column = np.full((*shape, count), NONE, np.int32)
        pair = jobs.question.astype(np.int64) * shape[1] + jobs.video
        self.plain = np.bincount(pair, minlength=shape[0] * shape[1])[pair] == 1  # one window shows the whole video
        self.wanted = np.full(len(jobs), count)
        if ordered_spans:
            several = clock.needed[jobs.video] != 1
            self.plain &= ~several
            self.wanted[several] = [clock.enough(video, count) for video in jobs.video[several].tolist()]
        self._rest: list[tuple[NDArray[Any], ...]] = []

    def add(self, part: slice, size: int, scores: Scores, cells: NDArray[np.int64]) -> None:
        """The best cells (B, C) of rows ``part``, from matrices of ``size`` lines."""
        row, column = np.divmod(cells, size)
        missing = cells == NONE
        first = self.jobs.window[part, 0][:, None]
        row, column = np.where(missing, NONE, row + first), np.where(missing, NONE, column + first)
        question, video, plain = self.jobs.question[part], self.jobs.video[part], self.plain[part]
        width = min(self.count, scores.shape[1])
        at = question[plain], video[plain]
        for kept, found in ((self.score, scores), (self.row, row), (self.column, column)):
            kept[at[0], at[1], :width] = found[plain, :width]
        if not plain.all():
            given = ~missing & ~plain[:, None]
            which = np.nonzero(given)[0]
            self._rest.append((question[which], video[which], scores[given], row[given], column[given]))

    def finish(self) -> Ranked:
        """Everything that was added, ranked."""
        if self._rest:
            self._several(*(np.concatenate(column) for column in zip(*self._rest, strict=True)))
        chosen = self._best_of_all()
        return Ranked(
            *chosen,
            self.score[:, :, : self.kept].copy(),
            self.row[:, :, : self.kept].copy(),
            self.column[:, :, : self.kept].copy(),
        )

    def _several(
        self, question: NDArray[Any], video: NDArray[Any], score: Scores, row: NDArray[Any], column: NDArray[Any]
    ) -> None:
        """Videos seen through several windows, or with several cells for one span: of equal spans the best stays."""
        start, end = self.clock.span(video, row, column) if self.ordered_spans else (row, column)
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
        place = _places(pair)
        order, place = order[place < self.count], place[place < self.count]
        at = question[order], video[order], place
        self.score[at], self.row[at], self.column[at] = score[order], row[order], column[order]

    def _best_of_all(self) -> tuple[Scores, Ints, Ints, Ints]:
        questions, videos = self.shape
        flat = self.score.reshape(questions, videos * self.count)
        count = min(self.count, flat.shape[1])
        last = np.partition(flat, flat.shape[1] - count, axis=1)[:, flat.shape[1] - count]
        # Everything that is at least as good as the last place: a few more than wanted where there are ties.
        question, place = np.nonzero((flat >= last[:, None]) & (flat > -np.inf))
        video, within = np.divmod(place, self.count)
        score = flat[question, place]
        order = np.lexsort((within, video, -score, question))
        rank = _places(question[order])
        order, rank = order[rank < count], rank[rank < count]
        question, score, video, within = question[order], score[order], video[order], within[order]
        made = (
            np.full((questions, self.count), -np.inf, np.float32),
            *(np.full((questions, self.count), NONE, np.int32) for _ in range(3)),
        )
        found = score, video, self.row[question, video, within], self.column[question, video, within]
        for target, values in zip(made, found, strict=True):
            target[question, rank] = values
        return made  # type: ignore[return-value]


def _places(groups: NDArray[Any]) -> NDArray[np.int64]:
    """The place of each entry within its group, from 0; equal entries of ``groups`` are neighbours."""
    begins = np.flatnonzero(np.concatenate(([True], groups[1:] != groups[:-1])))
    lengths = np.diff(np.append(begins, len(groups)))
    return np.arange(len(groups)) - np.repeat(begins, lengths)
