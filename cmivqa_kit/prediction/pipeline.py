"""Retrieve, then localize: a retriever's videos, the spans that a localizer finds in them, one list of both.

The kit's own definition (docs/spec/mutualsl.md, section 5.2); no published system works so. What the network found is
kept (`cmivqa_kit.prediction.pairs.pass_folder`), so lists are cut again in no time with another temperature or fewer
videos.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from cmivqa_kit.data.span import Span
from cmivqa_kit.data.types import Question, Split
from cmivqa_kit.errors import UserError
from cmivqa_kit.plugin.settings import one_of, require
from cmivqa_kit.plugin.types import Candidate, Target
from cmivqa_kit.prediction.fallback import span, whole_of
from cmivqa_kit.prediction.pairs.ranking import Ranked
from cmivqa_kit.prediction.settings import PIPELINE
from cmivqa_kit.prediction.types import Ranking
from cmivqa_kit.runs.settings import Config

SOURCES, ORDERS = ("lines", "reference"), ("score", "retriever")
UNFOUND = math.log(1e-6)  # confidence of a video in which nothing could be chosen
Spans = Sequence[tuple[float, Span]]  # log of the confidence, best first


@dataclass(frozen=True, slots=True)
class PipelineSettings:
    """Section ``pipeline``, which every localizer has behind a retriever."""

    retrieve_top: int = 50  # videos of a question that the retriever passes on
    temperature: float = 1.0  # of the retriever's scores: below 1 its first videos count for more
    spans_per_video: int = 1  # with 1 one list serves Tracks 2 and 3; more give up videos for spans in likely ones
    span_source: str = "lines"  # best pair of lines; "reference": the one span of Track 1 as published
    track2_order: str = "score"  # "retriever": its order alone

    def __post_init__(self) -> None:
        require(self.retrieve_top >= 1, "pipeline.retrieve_top", self.retrieve_top, "1 or more")
        warm = math.isfinite(self.temperature) and self.temperature > 0
        require(warm, "pipeline.temperature", self.temperature, "a number above 0")
        require(1 <= self.spans_per_video <= 50, "pipeline.spans_per_video", self.spans_per_video, "between 1 and 50")
        one_of(SOURCES, "pipeline.span_source", self.span_source)
        one_of(ORDERS, "pipeline.track2_order", self.track2_order)

    @classmethod
    def of(cls, config: Config) -> PipelineSettings:
        """The settings of a configuration; what they do not name has the value above."""
        section = config.get(PIPELINE, {})
        return cls(**{name: section[name] for name in cls.__dataclass_fields__ if name in section})


def defaults() -> dict[str, dict[str, Any]]:
    """The section with its default values, as settings to be changed."""
    return {PIPELINE: asdict(PipelineSettings())}


def complete(config: Config) -> Config:
    """The settings with the whole section, its values checked."""
    return {**config, PIPELINE: asdict(PipelineSettings.of(config))}


def combine(
    ranking: Ranking, spans: Mapping[str, Spans], settings: PipelineSettings, target: Target, limit: int
) -> tuple[Candidate, ...]:
    """One list from videos with scores and spans with confidences, best first.

    A candidate's score is the log of p * c: p from the softmax of the retriever's scores over the videos kept, c the
    confidence of the span. Ties go by the retriever's order, then start, then end.

    Args:
        ranking: the retriever's videos, best first, at least one; every score a finite number.
        spans: the spans of each of them, at least one span.
        settings: of section ``pipeline``.
        target: a list for Track 2 alone names every video once.
        limit: length of the list at most.
    """
    videos = ranking[: settings.retrieve_top]
    scores = np.array([score for _, score in videos], float)
    with np.errstate(over="ignore"):  # so far below the best that nothing is left of it
        below = (scores - scores.max()) / settings.temperature
    norm = math.log(float(np.exp(below).sum()))  # of the softmax: taken off at the end, so that it breaks no tie
    entries = [
        (float(log) + confidence, rank, video, one)
        for rank, ((video, _), log) in enumerate(zip(videos, below, strict=True))
        for confidence, one in spans[video][: settings.spans_per_video]
    ]
    if target == 2 and settings.track2_order == "retriever":
        entries.sort(key=lambda entry: (entry[1], -entry[0], entry[3].start, entry[3].end))
    else:
        entries.sort(key=lambda entry: (-entry[0], entry[1], entry[3].start, entry[3].end))
    if target == 2:
        first: dict[str, tuple[float, int, str, Span]] = {}
        for entry in entries:
            first.setdefault(entry[2], entry)
        entries = list(first.values())
    return tuple(Candidate(video, one, round(score - norm, 6)) for score, _, video, one in entries[:limit])


def spans_in(ranked: Ranked, question: int, corpus: Sequence[str], ranking: Ranking, count: int) -> dict[str, Spans]:
    """The best spans of each retrieved video that the localizer could look into, each once.

    Args:
        ranked: the spans of a chunk.
        question: its number there.
        corpus: (V,) ids of the videos that were looked into, in order.
        ranking: the retrieved videos.
        count: spans of a video.

    Raises:
        UserError: more spans of a video are wanted than were kept.
    """
    most_kept = ranked.video_score.shape[2]
    if count > most_kept:
        raise UserError(
            f"pipeline.spans_per_video = {count}: the pass kept {most_kept} spans of each video",
            f"Give {most_kept} or less, or predict again without --from.",
        )
    spans: dict[str, Spans] = {}
    for video, _ in ranking:
        number = bisect_left(corpus, video)
        if number == len(corpus) or corpus[number] != video:
            continue
        score = ranked.video_score[question, number]
        given = np.flatnonzero(score > -np.inf)
        start, end = (side[question, number, given] for side in (ranked.video_start, ranked.video_end))
        best: dict[Span, float] = {}  # lines that share a start or an end give one span several times
        for log, begin, stop in zip(score[given].tolist(), start.tolist(), end.tolist(), strict=True):
            best.setdefault(span(begin, stop), log)
        if best:
            spans[video] = [(log, one) for one, log in best.items()][:count]
    return spans


def with_fallback(spans: Mapping[str, Spans], ranking: Ranking, split: Split, question: Question) -> dict[str, Spans]:
    """The spans of every retrieved video: without a choice in it all that is said, with a confidence of 1e-6."""
    whole = dict(spans)
    for video, _ in ranking:
        if video not in whole:
            whole[video] = [(UNFOUND, whole_of(split, question, video))]
    return whole
