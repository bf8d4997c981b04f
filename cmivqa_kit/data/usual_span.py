"""The usual span of answers: where in a video they lie and how long they are, whatever is asked.

A system that does not beat it has learnt when answers tend to be, and nothing else. Start and end are parts of a
video's duration, medians over the training answers.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cmivqa_kit.data.span import Span
from cmivqa_kit.data.types import Split

ANSWERS = 20  # of which a spread of lengths can be told; fewer say nothing about those to come
MOST_LOG = 50.0  # of seconds that can be computed with
LEAST_SPREAD = 0.1  # of the logarithms of lengths: answers cut to one length forbid no other


@dataclass(frozen=True, slots=True)
class UsualSpan:
    """Median ``start`` and ``end`` of the training answers as parts of the duration.

    ``seconds`` is the median end in seconds, for a video of unknown duration; ``answers`` how many were learnt from.
    """

    start: float
    end: float
    seconds: float
    answers: int = 0

    def span(self, duration: float | None) -> Span:
        """The usual answer in a video of ``duration`` seconds, a valid span; ``None`` where that is not known."""
        if duration is None or not math.isfinite(duration) or duration <= 0:
            return Span(0.0, self.seconds)
        span = Span(self.start * duration, self.end * duration)
        return span if span.valid else Span(0.0, duration)


@dataclass(frozen=True, slots=True)
class UsualLength:
    """How long answers are: the logarithms of their seconds are normally distributed.

    Attributes:
        log_mean: of the logarithms; ``exp`` of it is the length that half of the answers stay below.
        log_spread: their standard deviation, above 0.

    Raises:
        ValueError: these are out of range.
    """

    log_mean: float
    log_spread: float

    def __post_init__(self) -> None:
        if not (abs(self.log_mean) < MOST_LOG and 0 < self.log_spread < MOST_LOG):
            raise ValueError(f"no distribution of lengths: {self}")

    def logs(self, seconds: NDArray[np.float64]) -> NDArray[np.float64]:
        """The log of how likely answers of so many seconds are, each beside the likeliest length: 0 at most."""
        off = (np.log(np.maximum(seconds, 1e-3)) - self.log_mean) / self.log_spread
        logs: NDArray[np.float64] = -0.5 * off * off
        return logs


def answered(train: Split) -> list[tuple[Span, float]]:
    """The valid answers of a split that lie in a video of known duration, each with that duration in seconds."""
    return [
        (question.answer, duration)
        for question in train.questions
        if question.answer is not None
        and question.answer.valid
        and (duration := duration_of(train, question.video_id)) is not None
    ]


def usual_span(train: Split) -> UsualSpan | None:
    """The usual span of a training split; ``None`` where too few answers lie in a video of known duration."""
    answers = answered(train)
    if not answers:
        return None
    start = statistics.median([min(1.0, answer.start / duration) for answer, duration in answers])
    end = statistics.median([min(1.0, answer.end / duration) for answer, duration in answers])
    seconds = statistics.median([answer.end for answer, _ in answers])
    return UsualSpan(start, end, seconds, len(answers)) if start < end else None


def usual_lengths(train: Split, quantiles: Sequence[float]) -> tuple[float, ...]:
    """Quantiles of the lengths of a split's valid answers, in seconds, rising, each once; none without answers.

    Rounded to 0.1 s for the reader of a run, and never 0.
    """
    lengths = _lengths(train)
    if not lengths:
        return ()
    return tuple(sorted({max(0.1, round(float(np.quantile(lengths, q)), 1)) for q in quantiles}))


def usual_length(train: Split) -> UsualLength | None:
    """How long the valid answers of a split are; ``None`` where they are fewer than `ANSWERS`."""
    logs = [math.log(max(1e-3, length)) for length in _lengths(train)]
    if len(logs) < ANSWERS:
        return None
    return UsualLength(round(statistics.fmean(logs), 4), max(LEAST_SPREAD, round(statistics.pstdev(logs), 4)))


def _lengths(train: Split) -> list[float]:
    """The lengths of the valid answers of a split, seconds."""
    return [question.answer.length for question in train.questions if question.answer and question.answer.valid]


def duration_of(split: Split, video_id: str | None) -> float | None:
    """The duration of a video in seconds, where it is known and more than 0."""
    video = split.videos.get(video_id or "")
    duration = video.duration if video is not None else None
    return duration if duration is not None and math.isfinite(duration) and duration > 0 else None
