"""The scores of all spans of a corpus for one question: a video's best and total are kept, its spans where few."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from cmivqa_kit.prediction.spans.candidates import SpanBlock, SpanCorpus

Floats = NDArray[np.float64]
Score = Callable[[SpanBlock], Floats]  # the spans of a block -> a score each


class VideoSpans(NamedTuple):
    """The spans of one video with their scores, three arrays of one length; seconds."""

    start: Floats
    end: Floats
    score: Floats


class Taker(Protocol):
    """What is shown the spans of a corpus, block by block."""

    def take(self, block: SpanBlock) -> object:
        """Look at the spans of a block."""
        ...


def look_through(corpus: SpanCorpus, takers: Sequence[Taker]) -> None:
    """Show all spans of a corpus: one that does not keep them makes each block once for all who look."""
    for block in corpus.blocks():
        for taker in takers:
            taker.take(block)


class VideoScores:
    """What one question's scores of all spans say of each video, once it was shown them (`look_through`).

    Attributes:
        best: (videos,) the highest score of each video.
        total: (videos,) the log of the sum of exponentials of its scores.
    """

    def __init__(self, corpus: SpanCorpus, score: Score) -> None:
        self.corpus, self.score = corpus, score
        self.best, self.total = np.zeros(len(corpus)), np.zeros(len(corpus))

    def take(self, block: SpanBlock) -> Floats:
        """Score the spans of a block."""
        scores = self.score(block)
        videos = slice(block.begin, block.begin + len(block.offset) - 1)
        self.best[videos] = np.maximum.reduceat(scores, block.offset[:-1])
        self.total[videos] = log_sum_exp(scores, block.offset)
        return scores


class SpanScores(VideoScores):
    """The scores of the spans of a corpus, too.

    A corpus that is too large to keep its spans keeps no scores either: the spans of the videos that are asked for are
    scored once more.
    """

    def __init__(self, corpus: SpanCorpus, score: Score) -> None:
        super().__init__(corpus, score)
        self._kept: list[tuple[SpanBlock, Floats]] = []

    def take(self, block: SpanBlock) -> Floats:
        """Score the spans of a block."""
        scores = super().take(block)
        if self.corpus.kept:
            self._kept.append((block, scores))
        return scores

    def of_video(self, number: int) -> VideoSpans:
        """The spans of a video."""
        for block, scores in self._kept:
            if block.begin <= number < block.begin + len(block.offset) - 1:
                inside = slice(*block.offset[number - block.begin :][:2].tolist())
                return VideoSpans(block.start[inside], block.end[inside], scores[inside])
        block = self.corpus.block(number, number + 1)
        return VideoSpans(block.start, block.end, self.score(block))


def log_sum_exp(scores: Floats, offset: NDArray[np.int64]) -> Floats:
    """The log of the sum of exponentials of each run ``offset[v]`` to ``offset[v + 1] - 1``, none of them empty."""
    best = np.maximum.reduceat(scores, offset[:-1])
    spread = np.exp(scores - np.repeat(best, np.diff(offset)))
    summed: Floats = best + np.log(np.add.reduceat(spread, offset[:-1]))
    return summed
