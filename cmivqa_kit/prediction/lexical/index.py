"""The documents and their scores: every video as a whole, and every window of consecutive subtitles."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cmivqa_kit.data.types import Subtitle, Video
from cmivqa_kit.data.usual_span import UsualSpan
from cmivqa_kit.data.words import Tokenizer
from cmivqa_kit.plugin.types import Report, unreported
from cmivqa_kit.prediction.lexical.postings import Postings
from cmivqa_kit.prediction.lexical.scorer import Scorer
from cmivqa_kit.prediction.lexical.settings import IndexSettings
from cmivqa_kit.prediction.lexical.windows import Spans, Windows


@dataclass(frozen=True, slots=True, eq=False)
class ReadCorpus:
    """A corpus in one language as its texts were read: all that takes time, and nothing that a score depends on."""

    postings: Postings
    windows: Windows

    @classmethod
    def of(
        cls,
        videos: Sequence[Video],
        language: str | None,
        tokens: Tokenizer,
        lengths: Sequence[float],
        step: float,
        usual: UsualSpan,
        report: Report = unreported,
    ) -> ReadCorpus:
        """Read the subtitles of ``videos``; the arguments are those of `Index.build`."""
        lines = [video.subtitles_in(language) for video in videos]
        postings = Postings.of(_read(lines, tokens, report))
        return cls(postings, Windows.of(videos, lines, lengths, step, usual))


@dataclass(frozen=True, slots=True, eq=False)
class Index:
    """The corpus in one language, ready to be asked.

    ``spans[first[v]:first[v + 1]]`` are the windows of video ``v``, ordered by start; every video has at least one.
    """

    video_ids: tuple[str, ...]
    positions: Mapping[str, int]  # video id -> v
    durations: tuple[float | None, ...]  # seconds
    spans: Spans
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
        return cls.of(videos, ReadCorpus.of(videos, language, tokens, lengths, settings.window_step, usual), settings)

    @classmethod
    def of(cls, videos: Sequence[Video], corpus: ReadCorpus, settings: IndexSettings) -> Index:
        """The index of ``videos`` whose subtitles were read already."""
        ids = tuple(video.id for video in videos)
        postings, windows = corpus.postings, corpus.windows
        whole = windows.first_line[:-1], windows.first_line[1:]
        return cls(
            video_ids=ids,
            positions={video_id: v for v, video_id in enumerate(ids)},
            durations=tuple(video.duration for video in videos),
            spans=windows.spans,
            first=windows.first,
            video_of=np.repeat(np.arange(len(ids)), np.diff(windows.first)),
            videos=Scorer(postings, *whole, settings.k1, settings.b),
            windows=Scorer(postings, windows.line, windows.stop, settings.k1, settings.b),
        )


def _read(lines: Sequence[Sequence[Subtitle]], tokens: Tokenizer, report: Report) -> Iterator[list[str]]:
    for done, spoken in enumerate(lines, 1):
        for line in spoken:
            yield tokens(line.text)
        report("reading subtitles", done, len(lines))
