"""The adapter of a `Localizer`: a row is a question beside a whole video, and spans are in seconds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from cmivqa_kit.prediction.pairs.batching import BestSpans, Corpus, RowTable, WindowTable
from cmivqa_kit.prediction.pairs.ranking import WindowCollector
from cmivqa_kit.prediction.types import EncodedQuestion, Localizer, Pair, ScoredWindows, VideoInput

if TYPE_CHECKING:
    from cmivqa_kit.prediction.pairs.engine import TopK


class VideoCorpus(Corpus):
    """The videos of a corpus as wholes.

    Args:
        localizer: finds windows in them.
        videos: at least one.
    """

    videos: Sequence[VideoInput]

    def __init__(self, localizer: Localizer, videos: Sequence[VideoInput]) -> None:
        super().__init__(videos)
        self.localizer = localizer

    @property
    def device(self) -> torch.device:
        """The device of the network."""
        return self.localizer.device

    @property
    def largest(self) -> int:
        """The index of the video of the largest size."""
        return max(range(len(self.videos)), key=lambda number: self.videos[number].size)

    def batch(self, rows: RowTable, part: slice, questions: Sequence[EncodedQuestion]) -> Mapping[str, Tensor]:
        """The localizer's batch of some pairs."""
        numbers = zip(rows.question[part].tolist(), rows.video[part].tolist(), strict=True)
        return self.localizer.collate([Pair(questions[question], self.videos[video]) for question, video in numbers])

    def best(self, batch: Mapping[str, Tensor], count: int) -> BestSpans:
        """The best windows of each pair, in seconds."""
        return best_windows(self.localizer.locate(batch), count)

    def collector(self, rows: RowTable, questions: int, top_k: TopK) -> WindowCollector:
        """The collector of windows."""
        return WindowCollector(rows, (questions, len(self.videos)), top_k)

    def _build(self, room: int | None) -> WindowTable:
        sizes = np.array([max(1, video.size) for video in self.videos], np.int32)
        return WindowTable(np.arange(len(sizes), dtype=np.int32), sizes, np.zeros((len(sizes), 4), np.int32))


def best_windows(windows: ScoredWindows, count: int) -> BestSpans:
    """The ``count`` best different windows of each row; ties go by (-score, start, end).

    A window that begins before 0 begins at 0. One without length, or that ends before 0, is none.
    """
    score, start, end = windows.score.float() + 0.0, windows.start.clamp_min(0) + 0.0, windows.end  # no -0.0
    unsound = (score.isnan() | (score == torch.inf)).any(dim=1)
    possible = score > -torch.inf
    unsound |= (possible & ~(windows.start.isfinite() & end.isfinite())).any(dim=1)
    score = score.masked_fill(~(possible & (start < end)), -torch.inf)
    score, start, end = _sorted(score, start, end, by=-score)
    score, start, end = _sorted(score, start, end, by=end)
    score, start, end = _sorted(score, start, end, by=start)  # equal windows are neighbours, the best one first
    again = (start[:, 1:] == start[:, :-1]) & (end[:, 1:] == end[:, :-1])
    score = torch.cat((score[:, :1], score[:, 1:].masked_fill(again, -torch.inf)), dim=1)
    score, start, end = _sorted(score, start, end, by=-score)
    return BestSpans(score[:, :count], start[:, :count], end[:, :count], unsound)


def _sorted(*columns: Tensor, by: Tensor) -> tuple[Tensor, ...]:
    """Columns (B, W) with their rows in the order of ``by``; what is equal there stays in its order."""
    order = by.argsort(dim=1, stable=True)
    return tuple(values.gather(1, order) for values in columns)
