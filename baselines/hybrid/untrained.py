"""The tiers without training: z-scores of BM25 and, with an encoder, of the window nearest to each span.

Neither learns: what both know of a question is added on one scale, that of all spans of the corpus. Knows no torch.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from baselines.hybrid.corpus import Corpus
from baselines.hybrid.settings import FusionSettings
from cmivqa_kit.data.types import Question
from cmivqa_kit.prediction.spans.candidates import SpanBlock
from cmivqa_kit.prediction.spans.scores import Score, SpanScores
from cmivqa_kit.prediction.spans.windows import LineWindows

Floats = NDArray[np.float64]
ROWS = 65_536  # window vectors that are compared with a question at once


@dataclass(frozen=True, slots=True, eq=False)
class WindowVectors:
    """The windows of a corpus as an encoder reads them.

    Attributes:
        windows: which lines they hold.
        vectors: (windows, size) float16, of length 1.
    """

    windows: LineWindows
    vectors: NDArray[np.float16]

    def means(self) -> NDArray[np.float32]:
        """The mean of each video's windows, (videos, size), of length 1; zeros for a video without lines."""
        counts = self.windows.count.sum(axis=1)
        begins = np.append(0, np.cumsum(counts))
        means = np.zeros((len(counts), self.vectors.shape[1]), np.float32)
        for video in np.flatnonzero(counts):
            means[video] = self.vectors[begins[video] : begins[video + 1]].mean(axis=0, dtype=np.float32)
        lengths = np.linalg.norm(means, axis=1, keepdims=True)
        unit: NDArray[np.float32] = (means / np.maximum(lengths, 1e-6)).astype(np.float32)
        return unit

    def cosines(self, question: NDArray[np.float32]) -> Floats:
        """The cosine of every window with a question, (windows,)."""
        parts = [
            self.vectors[begin : begin + ROWS].astype(np.float32) @ question
            for begin in range(0, len(self.vectors), ROWS)
        ]
        return np.concatenate([np.zeros(0, np.float32), *parts]).astype(np.float64)


class Scored(NamedTuple):
    """What a tier says of one question: the scores of all spans, and of all videos, (videos,)."""

    spans: SpanScores
    videos: Floats


class Scale(NamedTuple):
    """The mean and the deviation of scores over a corpus."""

    mean: float
    deviation: float

    @classmethod
    def of(cls, parts: Iterable[Floats]) -> Scale:
        """The scale of all scores in some arrays; deviation 1 where they are all alike."""
        count, total, squares = 0, 0.0, 0.0
        for part in parts:
            count, total, squares = count + len(part), total + float(part.sum()), squares + float(part @ part)
        mean = total / max(1, count)
        variance = squares / max(1, count) - mean * mean
        return cls(mean, variance**0.5 if variance > 1e-12 else 1.0)

    def z(self, scores: Floats) -> Floats:
        """The scores on this scale."""
        scaled: Floats = (scores - self.mean) / self.deviation
        return scaled


class UntrainedTier:
    """BM25 alone, or beside an encoder.

    Args:
        corpus: that is asked.
        windows: as an encoder reads them; ``None``: BM25 alone.
        settings: how both are weighed.
    """

    def __init__(self, corpus: Corpus, windows: WindowVectors | None, settings: FusionSettings) -> None:
        self.corpus, self.windows, self.settings = corpus, windows, settings
        self._nearest: dict[int, NDArray[np.int32]] = {}
        self._means = windows.means() if windows is not None else None

    def scored(self, questions: Sequence[Question], vectors: NDArray[np.float32] | None) -> list[Scored]:
        """The scores of each question; ``vectors`` (questions, size) are those of the encoder."""
        whole = self.corpus.bm25.videos([question.text for question in questions])
        return [
            self._one(question, None if vectors is None else vectors[number], whole[number])
            for number, question in enumerate(questions)
        ]

    def _one(self, question: Question, vector: NDArray[np.float32] | None, whole: Floats) -> Scored:
        asked, spans = self.corpus.bm25.asked(question.text), self.corpus.spans
        more = self.settings.video_weight * whole
        if self.windows is None or self._means is None or vector is None:
            scores = SpanScores(spans, lambda block: asked.spans(block).bm25)
            return Scored(scores, scores.best + more)
        cosines = np.append(self.windows.cosines(vector), 0.0)  # one more, for videos without lines
        windows = self.windows.windows
        said = _Remembered(lambda block: asked.spans(block).bm25)
        near = _Remembered(lambda block: cosines[self._nearest_to(block, windows)])
        words = Scale.of(said(block) for block in spans.blocks())
        meaning = Scale.of(near(block) for block in spans.blocks())

        def fused(weight: float) -> SpanScores:
            return SpanScores(spans, lambda block: words.z(said(block)) + weight * meaning.z(near(block)))

        videos = fused(self.settings.window_weight).best + more
        subject = (self._means @ vector).astype(np.float64)
        videos = Scale.of([videos]).z(videos) + self.settings.video_window_weight * Scale.of([subject]).z(subject)
        scores = fused(self.settings.span_window_weight)
        said.forget()
        near.forget()
        return Scored(scores, videos)

    def _nearest_to(self, block: SpanBlock, windows: LineWindows) -> NDArray[np.integer[Any]]:
        """The window nearest to each span of a block; remembered, apart from single videos."""
        if len(block.offset) == 2:
            return windows.nearest(self.corpus.spans, block)
        if block.begin not in self._nearest:
            self._nearest[block.begin] = windows.nearest(self.corpus.spans, block).astype(np.int32)
        return self._nearest[block.begin]


class _Remembered:
    """Scores of blocks, made once while a corpus is looked through several times."""

    def __init__(self, score: Score) -> None:
        self._score = score
        self._scores: dict[int, Floats] | None = {}

    def __call__(self, block: SpanBlock) -> Floats:
        if self._scores is None:
            return self._score(block)
        if block.begin not in self._scores:
            self._scores[block.begin] = self._score(block)
        return self._scores[block.begin]

    def forget(self) -> None:
        """From now on scores are made anew: those of single videos are asked for."""
        self._scores = None
