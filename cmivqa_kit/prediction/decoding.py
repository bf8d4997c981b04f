"""From the scores of videos and spans to lists by expected overlap, for every system: settings and temperatures.

The lists themselves are made by `cmivqa_kit.prediction.expected_overlap`. Temperatures are fitted on dev by the
likelihood of its answers, and stay in the run.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cmivqa_kit.data.span import Span
from cmivqa_kit.errors import UserError
from cmivqa_kit.plugin.settings import one_of, require
from cmivqa_kit.plugin.types import Candidate, Target
from cmivqa_kit.prediction.expected_overlap import (
    DEFAULTS,
    Entry,
    LikelySpans,
    VideoLists,
    likeliest_temperature,
    overlaps,
    softmax,
)
from cmivqa_kit.prediction.settings import SECTION
from cmivqa_kit.runs.directory import RunDirectory
from cmivqa_kit.runs.settings import Config

Floats = NDArray[np.float64]
BY_SCORE, BY_OVERLAP = "score", "expected-overlap"
FITTED = "decoding.json"  # of a run: its temperatures
KNOWN = 200  # dev questions that are enough for two temperatures


@dataclass(frozen=True, slots=True)
class DecodingSettings:
    """The keys of section ``decode`` that say by what a list is made; a temperature of 0 is the fitted one."""

    lists: str = BY_SCORE
    temperature: float = 0.0
    video_temperature: float = 0.0

    def __post_init__(self) -> None:
        one_of((BY_SCORE, BY_OVERLAP), "decode.lists", self.lists)
        for name in ("temperature", "video_temperature"):
            value = getattr(self, name)
            require(0 <= value < 1e6, f"decode.{name}", value, "0 (as fitted) or more")

    @classmethod
    def of(cls, config: Config) -> DecodingSettings:
        """The settings of a configuration; what it does not name has the value above.

        Raises:
            UserError: a value out of its range.
        """
        section = config.get(SECTION, {})
        return cls(**{name: section[name] for name in cls.__dataclass_fields__ if name in section})

    @property
    def by_overlap(self) -> bool:
        """True where lists are made by expected overlap."""
        return self.lists == BY_OVERLAP

    @property
    def to_fit(self) -> bool:
        """True where lists need a temperature of spans that no setting gives."""
        return self.by_overlap and not self.temperature

    def over(self, fitted: Temperatures) -> Temperatures:
        """The temperatures that hold: those of the settings, where they name one, else fitted ones."""
        return Temperatures(self.temperature or fitted.spans, self.video_temperature or fitted.videos)


class ScoredSpans(NamedTuple):
    """The spans of one video with their scores, three arrays of one length, at least 1; seconds."""

    start: Floats
    end: Floats
    score: Floats


@dataclass(frozen=True, slots=True)
class Temperatures:
    """The temperatures of the softmax over the spans of a video, and of that over videos."""

    spans: float = 1.0
    videos: float = 1.0

    @classmethod
    def read(cls, run: RunDirectory, default: Temperatures | None = None) -> Temperatures:
        """The temperatures of a run; the default where it has none, such as a run of an earlier kit.

        Raises:
            UserError: what it has is damaged.
        """
        if not (run.path / FITTED).exists():
            return default or cls()
        document = run.read_object(FITTED)
        values = [document.get(name) for name in cls.__dataclass_fields__]
        if all(isinstance(value, int | float) and 0 < value < math.inf for value in values):
            return cls(float(document["spans"]), float(document["videos"]))
        raise UserError(f"{run.path / FITTED}: no temperatures", "The run is damaged; train again.")

    def write(self, run: RunDirectory) -> None:
        """Keep them in a run."""
        run.write(FITTED, asdict(self))

    def lists(self, videos: Floats, spans: Callable[[int], ScoredSpans]) -> VideoLists:
        """The lists of one question.

        Args:
            videos: (V,) a score of each video.
            spans: gives the spans of a video by its number.
        """
        return self.lists_of(softmax(videos / self.videos), spans)

    def lists_of(self, probability: Floats, spans: Callable[[int], ScoredSpans]) -> VideoLists:
        """The lists of one question by the probability (V,) of each video."""

        def likely(number: int) -> LikelySpans:
            start, end, score = spans(number)
            return LikelySpans.of(start, end, score, self.spans, DEFAULTS.reference)

        return VideoLists(probability, likely)


class KnownAnswers:
    """Answers that are known, each beside what a system says: what temperatures are fitted on."""

    def __init__(self) -> None:
        self._spans: list[tuple[Floats, Floats]] = []
        self._videos: list[tuple[Floats, Floats]] = []

    def add_span(self, answer: Span, spans: ScoredSpans) -> None:
        """Take an answer and the spans of its video."""
        sides = np.array([answer.start]), np.array([answer.end])
        self._spans.append((spans.score, overlaps(*sides, spans.start, spans.end)[0]))

    def add_video(self, number: int, videos: Floats) -> None:
        """Take the number of the right video and the scores (V,) of all."""
        self._videos.append((videos, (np.arange(len(videos)) == number).astype(float)))

    def fitted(self, default: Temperatures) -> Temperatures:
        """The likeliest temperatures; the default where nothing is known."""
        spans, videos = likeliest_temperature(self._spans), likeliest_temperature(self._videos)
        return Temperatures(
            default.spans if spans is None else round(spans, 4), default.videos if videos is None else round(videos, 4)
        )


def candidates(
    lists: VideoLists, ids: Sequence[str], target: Target, limit: int, given: int = 0
) -> tuple[Candidate, ...]:
    """The answers to a question, best first, each with the IoU that is expected of it.

    Args:
        lists: of the question.
        ids: (V,) of the videos.
        target: what the list is for.
        limit: length of the list at most.
        given: the number of the video that Track 1 asks in.
    """
    entries: list[Entry]
    if target == 1:
        entries = lists.track1(given, limit)
    elif target == 2:
        entries = lists.track2(limit)
    else:
        entries = lists.track3(limit) if target == 3 else lists.both(limit)
    return tuple(
        Candidate(ids[entry.video], entry.span, round(entry.worth, 6), round(min(1.0, entry.expected), 6))
        for entry in entries
    )
