"""The tiers without training: z-scores of BM25 and, with an encoder, of the window nearest to each span.

Neither learns: what both know of a question is added on one scale, that of all spans of the corpus. Knows no torch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Generic, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from baselines.hybrid.corpus import Corpus
from baselines.hybrid.settings import FusionSettings
from cmivqa_kit.data.types import Question
from cmivqa_kit.neural.row_file import RowFile, Rows
from cmivqa_kit.prediction.spans.candidates import SpanBlock, SpanCorpus
from cmivqa_kit.prediction.spans.scores import Score, SpanScores, VideoScores, look_through
from cmivqa_kit.prediction.spans.windows import LineWindows

Floats = NDArray[np.float64]
BestLines = Callable[[NDArray[np.int64]], Floats]  # numbers of videos -> the score of the best line of each
Made = TypeVar("Made")
ROWS = 8192  # window vectors that are compared with questions at once


@dataclass(frozen=True, slots=True, eq=False)
class WindowVectors:
    """The windows of a corpus as an encoder reads them.

    Attributes:
        windows: which lines they hold.
        vectors: (windows, size) float16, of length 1.
    """

    windows: LineWindows
    vectors: Rows

    def means(self) -> NDArray[np.float32]:
        """The mean of each video's windows, (videos, size), of length 1; zeros for a video without lines."""
        counts = self.windows.count.sum(axis=1)
        begins = np.append(0, np.cumsum(counts))
        means = np.zeros((len(counts), self.vectors[:1].shape[1]), np.float32)
        for video in np.flatnonzero(counts):
            means[video] = self.vectors[int(begins[video]) : int(begins[video + 1])].mean(axis=0, dtype=np.float32)
        lengths = np.linalg.norm(means, axis=1, keepdims=True)
        unit: NDArray[np.float32] = (means / np.maximum(lengths, 1e-6)).astype(np.float32)
        return unit

    def cosines(self, questions: NDArray[np.float32]) -> Floats:
        """The cosine of each question (questions, size) with every window, (questions, windows)."""
        cosines = np.zeros((len(questions), len(self.vectors)))
        for begin in range(0, len(self.vectors), ROWS):
            some = self.vectors[begin : begin + ROWS].astype(np.float32)
            for number, question in enumerate(questions):  # one by one: it may not matter what is asked beside it
                cosines[number, begin : begin + len(some)] = some @ question
        return cosines


class Scored(NamedTuple):
    """What a tier says of one question: the scores of all spans, and of all videos, (videos,)."""

    spans: SpanScores
    videos: Floats


class Remembered(Generic[Made]):
    """What was made of blocks: of all where a corpus keeps its spans, else of the last one; never of single videos."""

    def __init__(self, spans: SpanCorpus, make: Callable[[SpanBlock], Made]) -> None:
        self._spans, self._make = spans, make
        self._made: dict[int, Made] = {}

    def __call__(self, block: SpanBlock) -> Made:
        if len(block.offset) == 2:
            return self._make(block)
        if block.begin not in self._made:
            if not self._spans.kept:
                self._made.clear()
            self._made[block.begin] = self._make(block)
        return self._made[block.begin]

    def forget(self) -> None:
        """Nothing is remembered any more."""
        self._made.clear()


class Scale:
    """The mean and the deviation of scores over a corpus, which is shown part by part."""

    def __init__(self) -> None:
        self._count, self._total, self._squares = 0, 0.0, 0.0

    def take(self, part: Floats) -> None:
        """Scores that belong to it."""
        self._count += len(part)
        self._total += float(part.sum())
        self._squares += float(part @ part)

    def z(self, scores: Floats) -> Floats:
        """The scores on this scale; its deviation is 1 where all are alike."""
        mean = self._total / max(1, self._count)
        variance = self._squares / max(1, self._count) - mean * mean
        scaled: Floats = (scores - mean) / (variance**0.5 if variance > 1e-12 else 1.0)
        return scaled


class Fusion:
    """BM25 and windows of one question on one scale, once it was shown the corpus (`look_through`).

    Args:
        said: BM25 of each span.
        near: the cosine of the window nearest to each span.
        subject: the cosine of the mean of each video's windows, (videos,).
        settings: how they are weighed.
        best_lines: numbers of videos -> the best line of each by late interaction; ``None``: it is not looked at.
    """

    def __init__(
        self, said: Score, near: Remembered[Floats], subject: Floats, settings: FusionSettings,
        best_lines: BestLines | None = None,
    ) -> None:  # fmt: skip
        self.said, self.near, self.subject, self.settings, self.best_lines = said, near, subject, settings, best_lines
        self._words, self._meaning = Scale(), Scale()

    def take(self, block: SpanBlock) -> None:
        """Learn the scale."""
        self._words.take(self.said(block))
        self._meaning.take(self.near(block))

    def of_spans(self, block: SpanBlock) -> Floats:
        """The scores by which spans are chosen."""
        return self._fused(block, self.settings.span_window_weight)

    def of_videos(self, block: SpanBlock) -> Floats:
        """Those whose best ones rank videos."""
        return self._fused(block, self.settings.window_weight)

    def ranking(self, best: Floats) -> Floats:
        """The scores of videos, (videos,), by their best spans, their subject, and the best line of the likeliest."""
        ranked = standardized(best) + self.settings.video_window_weight * standardized(self.subject)
        if self.best_lines is None:
            return ranked
        likeliest = np.sort(np.argsort(-ranked, kind="stable")[: self.settings.late_videos])
        lines = standardized(self.best_lines(likeliest))
        late = np.full(len(ranked), lines.min())
        late[likeliest] = lines
        whole: Floats = ranked + self.settings.late_weight * late
        return whole

    def _fused(self, block: SpanBlock, weight: float) -> Floats:
        fused: Floats = self._words.z(self.said(block)) + weight * self._meaning.z(self.near(block))
        return fused


def together(spans: SpanCorpus, questions: int) -> Iterator[slice]:
    """The questions that look through a corpus together.

    One by one where it keeps its spans: what each remembers is in memory at once. Else all of them, for whom each block
    is made once.
    """
    step = 1 if spans.kept else max(1, questions)
    return (slice(begin, begin + step) for begin in range(0, questions, step))


class UntrainedTier:
    """BM25 alone, or beside an encoder.

    Args:
        corpus: that is asked.
        windows: as an encoder reads them; ``None``: BM25 alone.
        settings: how both are weighed.
        best_lines: a question -> the best lines of videos by late interaction; ``None``: they are not looked at.
    """

    def __init__(
        self, corpus: Corpus, windows: WindowVectors | None, settings: FusionSettings,
        best_lines: Callable[[Question], BestLines] | None = None,
    ) -> None:  # fmt: skip
        self.corpus, self.windows, self.settings, self.best_lines = corpus, windows, settings, best_lines
        self._means = windows.means() if windows is not None else None
        self._numbers = RowFile(np.int32)  # of the window nearest to each span
        self._nearest: dict[int, slice] = {}  # the first video of a block -> where those of its spans stand

    def scored(self, questions: Sequence[Question], vectors: NDArray[np.float32] | None) -> list[Scored]:
        """The scores of each question; ``vectors`` (questions, size) are those of the encoder."""
        spans = self.corpus.spans
        words = [self.corpus.bm25.asked(question.text) for question in questions]
        more = of_whole_videos(self.corpus, questions, self.settings)
        if vectors is None:
            scores = [SpanScores(spans, asked.bm25) for asked in words]
            look_through(spans, scores)
            return [Scored(own, own.best + beside) for own, beside in zip(scores, more, strict=True)]
        said = [Remembered(spans, asked.bm25) for asked in words]
        fusions = self.fusions(questions, said, vectors)
        scored: list[Scored] = []
        for some in together(spans, len(questions)):
            look_through(spans, fusions[some])
            scores = [SpanScores(spans, fusion.of_spans) for fusion in fusions[some]]
            videos = [VideoScores(spans, fusion.of_videos) for fusion in fusions[some]]
            look_through(spans, [*scores, *videos])
            forget(said[some], fusions[some])
            every = zip(fusions[some], scores, videos, more[some], strict=True)
            scored += [Scored(own, fusion.ranking(v.best + beside)) for fusion, own, v, beside in every]
        return scored

    def fusions(
        self, questions: Sequence[Question], said: Sequence[Score], vectors: NDArray[np.float32]
    ) -> list[Fusion]:
        """BM25 and windows of some questions, each still to be shown the corpus; there are windows."""
        windows, means = self.windows, self._means
        if windows is None or means is None:
            raise ValueError("no encoder reads windows here")

        def near(cosines: Floats) -> Callable[[SpanBlock], Floats]:
            return lambda block: cosines[self._nearest_to(block, windows.windows)]

        every = np.pad(windows.cosines(vectors), ((0, 0), (0, 1)))  # one more, for videos without lines
        fusions = []
        for question, own, cosines, vector in zip(questions, said, every, vectors, strict=True):
            lines = None if self.best_lines is None else self.best_lines(question)
            remembered = Remembered(self.corpus.spans, near(cosines))
            subject = (means @ vector).astype(np.float64)
            fusions.append(Fusion(own, remembered, subject, self.settings, lines))
        return fusions

    def _nearest_to(self, block: SpanBlock, windows: LineWindows) -> NDArray[np.integer]:
        """The window nearest to each span of a block; written down, apart from single videos."""
        if len(block.offset) == 2:
            return windows.nearest(self.corpus.spans, block)
        if block.begin not in self._nearest:
            self._nearest[block.begin] = self._numbers.append(windows.nearest(self.corpus.spans, block))
        return self._numbers[self._nearest[block.begin]]


def of_whole_videos(corpus: Corpus, questions: Sequence[Question], settings: FusionSettings) -> list[Floats]:
    """What BM25 of whole videos adds to the scores of videos for each question, (videos,)."""
    return [settings.video_weight * whole for whole in corpus.bm25.videos([question.text for question in questions])]


def standardized(scores: Floats) -> Floats:
    """Scores on their own scale."""
    scale = Scale()
    scale.take(scores)
    return scale.z(scores)


def forget(words: Iterable[Remembered[Any]], fusions: Iterable[Fusion]) -> None:
    """From now on scores are made anew: those of single videos are asked for."""
    for remembered in [*words, *(fusion.near for fusion in fusions)]:
        remembered.forget()
