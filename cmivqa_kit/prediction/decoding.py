"""From the scores of videos and spans to lists by expected overlap, for every system: settings and calibration.

The lists themselves are made by `cmivqa_kit.prediction.expected_overlap`. Temperatures are fitted on dev by the
likelihood of its answers, lengths are those of training answers; both stay in the run.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cmivqa_kit.data.span import Span
from cmivqa_kit.data.subset import subset
from cmivqa_kit.data.types import Split
from cmivqa_kit.data.usual_span import UsualLength
from cmivqa_kit.errors import UserError
from cmivqa_kit.plugin.settings import one_of, require
from cmivqa_kit.plugin.types import Candidate, Target
from cmivqa_kit.prediction.expected_overlap import (
    DEFAULTS,
    Entry,
    KnownAnswer,
    LikelySpans,
    OverlapSettings,
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
FITTED = "decoding.json"  # of a run: its calibration
KNOWN = 200  # dev questions that are enough for two temperatures


@dataclass(frozen=True, slots=True)
class DecodingSettings:
    """The keys of section ``decode`` that say by what a list is made; a temperature of 0 is the fitted one."""

    lists: str = BY_SCORE
    temperature: float = 0.0
    video_temperature: float = 0.0
    length_weight: float = 1.0

    def __post_init__(self) -> None:
        one_of((BY_SCORE, BY_OVERLAP), "decode.lists", self.lists)
        for name in ("temperature", "video_temperature"):
            value = getattr(self, name)
            require(0 <= value < 1e6, f"decode.{name}", value, "0 (as fitted) or more")
        require(0 <= self.length_weight < 1e6, "decode.length_weight", self.length_weight, "0 (none) or more")

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

    def over(self, fitted: Calibration) -> Calibration:
        """The calibration that holds: temperatures of the settings, where they name one, else fitted ones."""
        return Calibration(
            self.temperature or fitted.spans, self.video_temperature or fitted.videos, fitted.length, self.length_weight
        )


class ScoredSpans(NamedTuple):
    """The spans of one video with their scores, three arrays of one length, at least 1; seconds."""

    start: Floats
    end: Floats
    score: Floats


@dataclass(frozen=True, slots=True)
class Calibration:
    """What makes scores probabilities: temperatures fitted on dev, and how long answers are, whatever is asked.

    Attributes:
        spans: the temperature of the softmax over the spans of a video.
        videos: that of the softmax over videos.
        length: of training answers; ``None``: not known, lengths say nothing.
        length_weight: of lengths beside scores; a setting, and no part of what a run keeps.
    """

    spans: float = 1.0
    videos: float = 1.0
    length: UsualLength | None = None
    length_weight: float = 1.0

    @classmethod
    def read(cls, run: RunDirectory, default: Calibration | None = None) -> Calibration:
        """The calibration of a run; the default where it has none, such as a run of an earlier kit.

        Raises:
            UserError: what it has is damaged.
        """
        if not (run.path / FITTED).exists():
            return default or cls()
        document = run.read_object(FITTED)
        try:
            spans, videos, length = document["spans"], document["videos"], document.get("length")
            if all(0 < value < math.inf for value in (spans, videos)):
                return cls(float(spans), float(videos), None if length is None else UsualLength(**length))
        except (LookupError, TypeError, ValueError):
            pass
        raise UserError(f"{run.path / FITTED}: no calibration", "The run is damaged; train again.")

    def write(self, run: RunDirectory) -> None:
        """Keep it in a run."""
        length = None if self.length is None else asdict(self.length)
        run.write(FITTED, {"spans": self.spans, "videos": self.videos, "length": length})

    def lists(
        self, videos: Floats, spans: Callable[[int], ScoredSpans], settings: OverlapSettings = DEFAULTS
    ) -> VideoLists:
        """The lists of one question.

        Args:
            videos: (V,) a score of each video.
            spans: gives the spans of a video by its number.
            settings: how lists are made of probabilities.
        """
        return self.lists_of(softmax(videos / self.videos), spans, settings)

    def lists_of(
        self, probability: Floats, spans: Callable[[int], ScoredSpans], settings: OverlapSettings = DEFAULTS
    ) -> VideoLists:
        """The lists of one question by the probability (V,) of each video."""

        def likely(number: int) -> LikelySpans:
            some = spans(number)
            logs = some.score / self.spans + self.before(some)
            return LikelySpans.of(some.start, some.end, logs, 1.0, settings.reference)

        return VideoLists(probability, likely, settings)

    def before(self, spans: ScoredSpans) -> Floats:
        """The log of how likely spans are by their lengths, whatever is asked, (spans,); zeros where none is known."""
        if self.length is None:
            return np.zeros(len(spans.start))
        return self.length_weight * self.length.logs(spans.end - spans.start)


class KnownAnswers:
    """Answers that are known, each beside what a system says: what temperatures are fitted on.

    Args:
        calibration: whose temperatures are fitted, and whose lengths hold.
    """

    def __init__(self, calibration: Calibration) -> None:
        self.calibration = calibration
        self._spans: list[KnownAnswer] = []
        self._videos: list[KnownAnswer] = []

    def add_span(self, answer: Span, spans: ScoredSpans) -> None:
        """Take an answer and the spans of its video."""
        sides = np.array([answer.start]), np.array([answer.end])
        hits = overlaps(*sides, spans.start, spans.end)[0]
        self._spans.append(KnownAnswer(spans.score, hits, self.calibration.before(spans)))

    def add_video(self, number: int, videos: Floats) -> None:
        """Take the number of the right video and the scores (V,) of all."""
        self._videos.append(KnownAnswer(videos, (np.arange(len(videos)) == number).astype(float)))

    def fitted(self) -> Calibration:
        """The calibration with the likeliest temperatures; a temperature stays where nothing is known for it."""
        known, spans, videos = self.calibration, likeliest_temperature(self._spans), likeliest_temperature(self._videos)
        return replace(
            known,
            spans=known.spans if spans is None else round(spans, 4),
            videos=known.videos if videos is None else round(videos, 4),
        )


def to_fit_on(known: Split, seed: int) -> Split:
    """A split with the questions that temperatures are fitted on: `KNOWN` with an answer in one of its videos."""
    asked = [q for q in known.questions if q.answer is not None and q.answer.valid and q.video_id in known.videos]
    return replace(known, questions=subset(asked, KNOWN, f"temperature {seed}"))


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
