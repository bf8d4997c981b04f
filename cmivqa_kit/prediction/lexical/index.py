"""The documents and their scores: every video as a whole, and every window of consecutive subtitles.

The scores are BM25 in Lucene's form (idf never negative) by the library bm25s; see `Scorer`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

import bm25s
import numpy as np
from numpy.typing import NDArray

from cmivqa_kit.data.span import Span
from cmivqa_kit.data.types import Subtitle, Video
from cmivqa_kit.data.usual_span import UsualSpan
from cmivqa_kit.data.words import Tokenizer
from cmivqa_kit.prediction.lexical.settings import IndexSettings

Scores = NDArray[np.float64]


class Scorer:
    """BM25 scores of all documents for a question. Deterministic: the vocabulary is ordered, not hashed."""

    def __init__(self, documents: Sequence[Sequence[str]], k1: float, b: float) -> None:
        self.size = len(documents)
        self.vocabulary = {token: i for i, token in enumerate(sorted(set(chain.from_iterable(documents))))}
        self._bm25 = bm25s.BM25(k1=k1, b=b, method="lucene")
        if self.vocabulary:
            ids = [[self.vocabulary[token] for token in document] for document in documents]
            # bm25s adds its own empty token to the vocabulary it is given: it gets a copy
            self._bm25.index((ids, dict(self.vocabulary)), show_progress=False)

    def scores(self, tokens: Sequence[str]) -> Scores:
        """One score per document, shape (documents,), all 0 where no token of the question is known."""
        ids = [self.vocabulary[token] for token in tokens if token in self.vocabulary]
        if not ids:
            return np.zeros(self.size)
        return np.asarray(self._bm25.get_scores_from_ids(ids), dtype=np.float64)


@dataclass(frozen=True, slots=True)
class Index:
    """The corpus in one language, ready to be asked.

    ``spans[first[v]:first[v + 1]]`` are the windows of video ``v``, ordered by start; every video has at least one.
    """

    video_ids: tuple[str, ...]
    positions: Mapping[str, int]  # video id -> v
    durations: tuple[float | None, ...]  # seconds
    spans: tuple[Span, ...]
    first: NDArray[np.int64]  # shape (videos + 1,)
    video_of: NDArray[np.int64]  # shape (windows,): v of each window
    videos: Scorer
    windows: Scorer

    @classmethod
    def build(
        cls,
        videos: Sequence[Video],
        language: str | None,
        tokens: Tokenizer,
        lengths: Sequence[float],
        settings: IndexSettings,
        usual: UsualSpan,
    ) -> Index:
        """Index ``videos`` by their subtitles in ``language``.

        Args:
            videos: the corpus, ordered by id.
            language: which subtitles, where videos have them in several languages.
            tokens: text -> tokens.
            lengths: window lengths in seconds.
            settings: BM25's parameters and the step between windows.
            usual: the span of a video that has no usable line.
        """
        whole: list[list[str]] = []
        parts: list[list[str]] = []
        spans: list[Span] = []
        first = [0]
        for video in videos:
            lines = video.subtitles_in(language)
            words = [tokens(line.text) for line in lines]
            whole.append(list(chain.from_iterable(words)))
            limit = video.duration if video.duration_is_exact else None
            # Two windows that differ only beyond the exact end of the video are one.
            distinct = {
                window_span(lines[i:j], limit): (i, j) for i, j in windows(lines, lengths, settings.window_step)
            }
            usable = sorted((span, run) for span, run in distinct.items() if span.valid)
            for span, (i, j) in usable or [(usual.span(video.duration), (0, len(lines)))]:
                spans.append(span)
                parts.append(list(chain.from_iterable(words[i:j])))
            first.append(len(spans))
        ids = tuple(video.id for video in videos)
        return cls(
            video_ids=ids,
            positions={video_id: v for v, video_id in enumerate(ids)},
            durations=tuple(video.duration for video in videos),
            spans=tuple(spans),
            first=np.asarray(first, dtype=np.int64),
            video_of=np.repeat(np.arange(len(ids)), np.diff(first)),
            videos=Scorer(whole, settings.k1, settings.b),
            windows=Scorer(parts, settings.k1, settings.b),
        )


def windows(lines: Sequence[Subtitle], lengths: Sequence[float], step: float) -> list[tuple[int, int]]:
    """Runs ``lines[i:j]`` whose length is as near as possible to one of ``lengths`` (seconds).

    Windows of one length start at least ``step`` times that length apart, so that a corpus of two-second lines has
    about as many windows as one of ten-second sentences; the last of a length reaches the last line. Sorted, each once.
    """
    runs: set[tuple[int, int]] = set()
    for length in lengths:
        next_start = -np.inf
        j = 0
        for i, line in enumerate(lines):
            if line.start < next_start:
                continue
            next_start = line.start + step * length
            j = max(j, i + 1)
            while j < len(lines) and lines[j - 1].end - line.start < length:
                j += 1
            # One line too many may be further off than one too few.
            short = j > i + 1 and length - (lines[j - 2].end - line.start) < lines[j - 1].end - line.start - length
            runs.add((i, j - 1 if short else j))
            if j == len(lines) and not short:
                break
    return sorted(runs)


def window_span(lines: Sequence[Subtitle], limit: float | None) -> Span:
    """The span from first start to last end of ``lines``, in milliseconds' precision, within 0 and ``limit``."""
    start = max(0.0, round(min(line.start for line in lines), 3))
    end = round(max(line.end for line in lines), 3)
    return Span(start, end if limit is None else min(end, limit))
