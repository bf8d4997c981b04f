"""The best spans of a question, and the best few of every video, ranked from the best spans of each row.

All of it on whole arrays: no loop over cells, questions or videos. Ties go by (-score, corpus index, start, end), of
pairs of lines by (-score, corpus index, row, column), so the same scores give the same list. Source: docs/spec/ccgs.md,
sections 5.3 and 5.4.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from cmivqa_kit.prediction.pairs.batching import RowTable
from cmivqa_kit.prediction.pairs.line_times import LineTimes
from cmivqa_kit.prediction.types import Floats

if TYPE_CHECKING:
    from cmivqa_kit.prediction.pairs.engine import TopK

NONE = -1  # where there are fewer spans than were asked for
Scores = NDArray[np.float32]
Ints = NDArray[np.int32]
Sides = NDArray[Any]


@dataclass(frozen=True, slots=True, eq=False)
class Ranked:
    """The best spans of some questions in seconds; a score of -inf where there are fewer, and no sense in the rest.

    Attributes:
        score, video, start, end: (Q, C) the best spans of the whole corpus, best first.
        video_score, video_start, video_end: (Q, V, K) the best spans within each video, best first.
    """

    score: Scores
    video: Ints
    start: Floats
    end: Floats
    video_score: Scores
    video_start: Floats
    video_end: Floats


@dataclass(frozen=True, slots=True, eq=False)
class RankedCells:
    """The best spans of some questions as pairs of lines; `NONE` and -inf where there are fewer spans.

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

    def in_seconds(self, line_times: LineTimes) -> Ranked:
        """The same spans by the seconds of their lines."""
        numbers = np.arange(len(line_times))[None, :, None]
        return Ranked(
            self.score, self.video, *line_times.span(self.video, self.row, self.column),
            self.video_score, *line_times.span(numbers, self.video_row, self.video_column),
        )  # fmt: skip


R = TypeVar("R", bound=Ranked | RankedCells)


class Collector(ABC, Generic[R]):
    """Collects the best spans of rows, in any order, and ranks them.

    Args:
        rows: the rows that will be added.
        shape: numbers of questions and videos.
        top_k: ``count`` spans are kept of a question, and looked at within a video; ``per_video`` kept of each.

    Attributes:
        wanted: (rows,) how many spans of each row must be added, where it has so many.
    """

    none: float = NONE  # a side of a span that is not there
    sides: type[np.generic]  # the type of a side
    ranked: type[R]

    def __init__(self, rows: RowTable, shape: tuple[int, int], top_k: TopK) -> None:
        self.rows, self.shape = rows, shape
        self.count, self.per_video = top_k.count, top_k.per_video
        self.score = np.full((*shape, self.count), -np.inf, np.float32)
        self.start: Sides = np.full((*shape, self.count), self.none, self.sides)
        self.end: Sides = np.full((*shape, self.count), self.none, self.sides)
        self.wanted = np.full(len(rows), self.count)

    @abstractmethod
    def add(self, part: slice, score: Scores, start: Sides, end: Sides) -> None:
        """Add the best spans (B, C) of rows ``part``, best first."""

    def finish(self) -> R:
        """Rank everything that was added."""
        return self.ranked(
            *self._best_of_all(),
            self.score[:, :, : self.per_video].copy(),
            self.start[:, :, : self.per_video].copy(),
            self.end[:, :, : self.per_video].copy(),
        )

    def put(self, question: Sides, video: Sides, score: Scores, start: Sides, end: Sides) -> None:
        """Take spans (B, C), best first, as those of whole videos."""
        width = min(self.count, score.shape[1])
        for target, best in ((self.score, score), (self.start, start), (self.end, end)):
            target[question, video, :width] = best[:, :width]

    def _best_of_all(self) -> tuple[Scores, Ints, Sides, Sides]:
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
            np.full((questions, self.count), NONE, np.int32),
            *(np.full((questions, self.count), self.none, self.sides) for _ in range(2)),
        )
        best = score, video, self.start[question, video, within], self.end[question, video, within]
        for target, values in zip(made, best, strict=True):
            target[question, rank] = values
        return made  # type: ignore[return-value]


class WindowCollector(Collector[Ranked]):
    """Collects windows in seconds: a row is a whole video, its windows are different ones."""

    none, sides, ranked = np.nan, np.float64, Ranked

    def add(self, part: slice, score: Scores, start: Sides, end: Sides) -> None:
        """Add the best windows (B, C) of rows ``part``, best first."""
        self.put(self.rows.question[part], self.rows.video[part], score, start, end)


class CellCollector(Collector[RankedCells]):
    """Collects cells: pairs of lines of windows.

    Args:
        rows: the rows that will be added.
        shape: numbers of questions and videos.
        top_k: how many are kept.
        line_times: the seconds of the lines.
        ordered_spans: spans that end before they start are none, and equal ones count once.
    """

    sides, ranked = np.int32, RankedCells

    def __init__(
        self, rows: RowTable, shape: tuple[int, int], top_k: TopK, line_times: LineTimes, ordered_spans: bool
    ) -> None:
        super().__init__(rows, shape, top_k)
        self.line_times, self.ordered_spans = line_times, ordered_spans
        pair = rows.question.astype(np.int64) * shape[1] + rows.video
        self.plain = np.bincount(pair, minlength=shape[0] * shape[1])[pair] == 1  # one window shows the whole video
        if ordered_spans:
            several = line_times.needed[rows.video] != 1
            self.plain &= ~several
            self.wanted[several] = [line_times.enough(video, self.count) for video in rows.video[several].tolist()]
        self._rest: list[tuple[NDArray[Any], ...]] = []

    def add(self, part: slice, score: Scores, start: Sides, end: Sides) -> None:
        """Add the best cells (B, C) of rows ``part``: rows and columns count from the first line of the window."""
        missing = score == -np.inf
        first = self.rows.window[part, 0][:, None]
        row, column = np.where(missing, NONE, start + first), np.where(missing, NONE, end + first)
        question, video, plain = self.rows.question[part], self.rows.video[part], self.plain[part]
        self.put(question[plain], video[plain], score[plain], row[plain], column[plain])
        if not plain.all():
            given = ~missing & ~plain[:, None]
            which = np.nonzero(given)[0]
            self._rest.append((question[which], video[which], score[given], row[given], column[given]))

    def finish(self) -> RankedCells:
        """Rank everything that was added."""
        if self._rest:
            self._several(*(np.concatenate(column) for column in zip(*self._rest, strict=True)))
        return super().finish()

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
        self.score[at], self.start[at], self.end[at] = score[order], row[order], column[order]


def _rank_in_group(groups: NDArray[Any]) -> NDArray[np.int64]:
    """The rank of each entry within its group, from 0; equal entries of ``groups`` are neighbours."""
    begins = np.flatnonzero(np.concatenate(([True], groups[1:] != groups[:-1])))
    lengths = np.diff(np.append(begins, len(groups)))
    return np.arange(len(groups)) - np.repeat(begins, lengths)
