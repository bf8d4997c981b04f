"""A corpus in one language as every tier reads it, and what is learnt of training answers without a network."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from baselines.hybrid.settings import Settings, SpanSettings
from cmivqa_kit.data.span import Span
from cmivqa_kit.data.types import Question, Split
from cmivqa_kit.data.usual_span import UsualLength, UsualSpan, usual_length, usual_span
from cmivqa_kit.data.words import tokenizer
from cmivqa_kit.errors import UserError
from cmivqa_kit.plugin.types import Report, unreported
from cmivqa_kit.prediction.spans.candidates import SpanCorpus, SpanLimits
from cmivqa_kit.prediction.spans.lexical import SpanBM25

SINGLE_LINES = 1.0  # seconds: what `shortest` is at least, so that logarithms of lengths have a beginning


@dataclass(frozen=True, slots=True)
class Learnt:
    """What a run learnt of training answers without a network, and the temperatures fitted on dev.

    Attributes:
        tier: the one that the run is of.
        lines: most lines of a span.
        seconds: the longest span.
        shortest: seconds below which a single line is no span.
        usual_start: where answers lie when no text helps, as a part of the duration.
        usual_end: likewise.
        usual_seconds: the end of the usual answer in a video of unknown duration.
        log_seconds: of the lengths of answers, the mean of their logarithms.
        log_spread: the deviation of these; 0: lengths say nothing (few answers, or a run of an earlier kit).
        temperature: of the spans' probabilities.
        video_temperature: of the videos'.
        encoder: the digest of the encoder as it was before training; empty without one.
    """

    tier: str
    lines: int
    seconds: float
    shortest: float
    usual_start: float = 0.0
    usual_end: float = 1.0
    usual_seconds: float = 30.0
    log_seconds: float = 0.0
    log_spread: float = 0.0
    temperature: float = 1.2
    video_temperature: float = 1.0
    encoder: str = ""

    @classmethod
    def from_answers(cls, train: Split, tier: str, settings: SpanSettings) -> Learnt:
        """Limits, usual span and lengths of training answers; a limit that the settings name is taken as it stands."""
        limits = SpanLimits.learnt(train, settings.quantile, settings.per_video)
        usual, length = usual_span(train) or UsualSpan(0.0, 1.0, limits.seconds), usual_length(train)
        return cls(
            tier,
            settings.lines or limits.lines,
            settings.seconds or limits.seconds,
            max(SINGLE_LINES, settings.shortest or limits.shortest),
            round(usual.start, 4),
            round(usual.end, 4),
            round(usual.seconds, 3),
            *((length.log_mean, length.log_spread) if length is not None else ()),
        )

    @classmethod
    def of(cls, document: Mapping[str, Any], path: Path) -> Learnt:
        """Read the document that a run holds.

        Raises:
            UserError: it is damaged; ``path`` is named.
        """
        try:
            learnt = cls(**document)
            numbers = [float(value) for name, value in asdict(learnt).items() if name not in ("tier", "encoder")]
            above = (learnt.lines, learnt.seconds, learnt.shortest, learnt.temperature, learnt.video_temperature)
            whole = all(map(math.isfinite, numbers)) and min(above) > 0 and isinstance(learnt.lines, int)
            usual = Span(learnt.usual_start, learnt.usual_end).valid and learnt.usual_seconds > 0
            if whole and usual and (learnt.length or not learnt.log_spread):
                return learnt
        except (TypeError, ValueError, OverflowError):
            pass
        raise UserError(f"{path}: not what hybrid learnt from training answers", "The run is damaged; train again.")

    @property
    def usual(self) -> UsualSpan:
        """The answer where nothing is said."""
        return UsualSpan(self.usual_start, self.usual_end, self.usual_seconds)

    @property
    def length(self) -> UsualLength | None:
        """How long answers are; ``None`` where that is not known."""
        return UsualLength(self.log_seconds, self.log_spread) if self.log_spread else None

    def limits(self, settings: SpanSettings) -> SpanLimits:
        """The limits of spans."""
        return SpanLimits(self.lines, self.seconds, self.shortest, settings.per_video)


@dataclass(frozen=True, slots=True, eq=False)
class Corpus:
    """The videos of a split in one language.

    Attributes:
        spans: lines, and the spans that may be answers.
        bm25: of spans, lines and whole videos.
        ids: of the videos.
        numbers: video id -> its number.
        language: whose subtitles.
    """

    spans: SpanCorpus
    bm25: SpanBM25
    ids: tuple[str, ...]
    numbers: Mapping[str, int]
    language: str | None

    @classmethod
    def of(
        cls, split: Split, language: str | None, learnt: Learnt, settings: Settings, report: Report = unreported
    ) -> Corpus:
        """Read the subtitles of a split.

        Raises:
            UserError: it has no videos.
        """
        if not split.videos:
            raise UserError(f"split {split.name!r} has no videos to choose from", "Put its subtitle.json beside it.")
        videos = list(split.videos.values())
        spans = SpanCorpus.of(videos, language, learnt.limits(settings.spans), learnt.usual)
        tokens = tokenizer(settings.text.segmenter, settings.text.stem, settings.text.stop_words)
        lexical = settings.lexical
        bm25 = SpanBM25(spans, tokens, lexical.k1, lexical.b, lexical.idf_seconds, report)
        ids = tuple(video.id for video in videos)
        return cls(spans, bm25, ids, {name: number for number, name in enumerate(ids)}, language)

    def lines_per_unit(self, seconds: float) -> int:
        """How many of the lines last ``seconds`` together, by their median; at least 1."""
        lengths = self.spans.end - self.spans.start
        lasting = float(np.median(lengths)) if len(lengths) else seconds
        return max(1, round(seconds / lasting)) if seconds > 0 and lasting > 0 else 1


def languages(split: Split) -> dict[str | None, list[Question]]:
    """The questions of a split by the language of the subtitles that they are asked of, each list in their order."""
    known = {language for video in split.videos.values() for language in video.translations}
    asked: dict[str | None, list[Question]] = {}
    for question in split.questions:
        asked.setdefault(question.language if question.language in known else None, []).append(question)
    return asked


def groups_of(counts: Sequence[int], most: int) -> Iterator[list[int]]:
    """The numbers of neighbours whose counts come to at most so many together, or a single one."""
    group: list[int] = []
    total = 0
    for number, count in enumerate(counts):
        if group and total + count > most:
            yield group
            group, total = [], 0
        group.append(number)
        total += count
    if group:
        yield group
