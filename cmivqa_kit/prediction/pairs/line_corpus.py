"""The adapter of a `PairScorer`: rows are windows of lines, spans pairs of lines, and seconds those of the lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from cmivqa_kit.neural.windows import Window, windows
from cmivqa_kit.prediction.pairs.batching import BestSpans, Corpus, RowTable, WindowTable
from cmivqa_kit.prediction.pairs.cells import best_cells
from cmivqa_kit.prediction.pairs.line_times import LineTimes
from cmivqa_kit.prediction.pairs.ranking import CellCollector, Ranked, RankedCells
from cmivqa_kit.prediction.types import EncodedQuestion, EncodedVideo, PairScorer, Row

if TYPE_CHECKING:
    from cmivqa_kit.prediction.pairs.engine import TopK


class LineCorpus(Corpus):
    """The videos of a corpus by their lines.

    Args:
        scorer: of pairs of lines.
        videos: at least one.
    """

    videos: Sequence[EncodedVideo]

    def __init__(self, scorer: PairScorer, videos: Sequence[EncodedVideo]) -> None:
        super().__init__(videos)
        self.scorer, self.limit, self.special_tokens = scorer, scorer.limit, scorer.special_tokens
        self._longest = max(len(video.tokens) + len(video) for video in videos)
        self._line_times = LineTimes.of([video.times for video in videos])

    @property
    def device(self) -> torch.device:
        """The device of the network."""
        return self.scorer.device

    @property
    def largest(self) -> int:
        """The index of the video of the most tokens."""
        return max(range(len(self.videos)), key=lambda number: len(self.videos[number].tokens))

    @property
    def line_times(self) -> LineTimes:
        """The seconds of all lines."""
        return self._line_times

    def batch(self, rows: RowTable, part: slice, questions: Sequence[EncodedQuestion]) -> Mapping[str, Tensor]:
        """The scorer's batch of some rows."""
        return self.scorer.collate([self.row(rows, at, questions) for at in range(part.start, part.stop)])

    def row(self, rows: RowTable, at: int, questions: Sequence[EncodedQuestion]) -> Row:
        """Row ``at`` of ``rows`` with its texts."""
        first, stop, begin, end = rows.window[at].tolist()
        window = Window(first, stop, (begin, end) if begin >= 0 else None)
        return Row(questions[rows.question[at]], self.videos[rows.video[at]], window)

    def best(self, batch: Mapping[str, Tensor], count: int) -> BestSpans:
        """The best cells of each row, as lines of its window."""
        logits = self.scorer.score(batch)
        scores, cells, unsound = best_cells(logits, count, self.scorer.ordered_spans)
        row = torch.div(cells, logits.shape[1], rounding_mode="floor")
        return BestSpans(scores, row, cells - row * logits.shape[1], unsound)

    def collector(self, rows: RowTable, questions: int, top_k: TopK) -> CellCollector:
        """The collector of cells."""
        shape = questions, len(self.videos)
        return CellCollector(rows, shape, top_k, self.line_times, self.scorer.ordered_spans)

    def in_seconds(self, ranked: RankedCells) -> Ranked:
        """The spans of cells in seconds."""
        return ranked.in_seconds(self.line_times)

    def _room(self, length: int) -> int | None:
        room = None if self.limit is None else self.limit - self.special_tokens - length
        return None if room is None or room >= self._longest else room  # nothing in windows: one table serves all

    def _build(self, room: int | None) -> WindowTable:
        video, size, lines = [], [], []
        for number, encoded in enumerate(self.videos):
            lengths = encoded.lengths
            for window in windows(lengths, room, self.scorer.overlap):
                begin, end = window.part or (-1, -1)
                video.append(number)
                tokens = end - begin if window.part else sum(lengths[window.first : window.stop])
                size.append(tokens + window.stop - window.first)
                lines.append((window.first, window.stop, begin, end))
        return WindowTable(
            np.array(video, np.int32), np.array(size, np.int32), np.array(lines, np.int32).reshape(-1, 4)
        )
