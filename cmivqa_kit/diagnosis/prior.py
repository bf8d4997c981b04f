"""The trivial prior: answers start and end where the training answers do, in the median, whatever is asked.

Start and end are parts of a video's duration, as in the baseline `prior` (which the kit must not import: a test holds
the two against each other). A span model that does not beat it has learnt when answers tend to be, and nothing else.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from cmivqa_kit.data.span import Span
from cmivqa_kit.data.types import Split, Track
from cmivqa_kit.diagnosis.outcomes import Outcome
from cmivqa_kit.scoring.entries import overlap


@dataclass(frozen=True, slots=True)
class Prior:
    """Median ``start`` and ``end`` of the training answers as parts of the duration.

    ``seconds`` is the median end in seconds, for a video of unknown duration; ``answers`` how many were learnt from.
    """

    start: float
    end: float
    seconds: float
    answers: int

    def span(self, duration: float | None) -> Span:
        """The prior's answer in a video of ``duration`` seconds; ``None`` where that is not known."""
        return Span(0.0, self.seconds) if duration is None else Span(self.start * duration, self.end * duration)


@dataclass(frozen=True, slots=True)
class PriorScore:
    """What the prior's span would score in some setting: the Average, or on Track 1 the mIoU."""

    key: str
    title: str
    value: float


PLAIN, GIVEN, RANKED = "prior", "gold-video", "ranking"


def learn(train: Split) -> Prior | None:
    """The prior of a training split; ``None`` where too few answers lie in a video of known duration."""
    found = [
        (question.answer, duration)
        for question in train.questions
        if question.answer is not None
        and question.answer.valid
        and (duration := duration_of(train, question.video_id)) is not None
    ]
    if not found:
        return None
    start = statistics.median([min(1.0, answer.start / duration) for answer, duration in found])
    end = statistics.median([min(1.0, answer.end / duration) for answer, duration in found])
    seconds = statistics.median([answer.end for answer, _ in found])
    return Prior(start, end, seconds, len(found)) if start < end else None


def duration_of(split: Split, video_id: str | None) -> float | None:
    """The duration of a video in seconds, where it is known and more than 0."""
    video = split.videos.get(video_id or "")
    duration = video.duration if video is not None else None
    return duration if duration is not None and math.isfinite(duration) and duration > 0 else None


def prior_scores(
    track: Track, outcomes: Sequence[Outcome], durations: Sequence[float | None], cutoffs: Sequence[int], prior: Prior
) -> tuple[PriorScore, ...]:
    """What the prior would score on n > 0 questions, whose right videos last ``durations`` (n) seconds.

    With the right video given: one entry per question, so all cut-offs have the same value. With the ranking of the
    submission: at every cut-off the prior's span counts where the right video is among the first k entries.
    """
    spans = [prior.span(duration) for duration in durations]
    values = [
        min(1.0, overlap(one.start, one.end, span.start, span.end)) for one, span in zip(outcomes, spans, strict=True)
    ]
    given = math.fsum(values) / len(values)
    if track == 1:
        return (PriorScore(PLAIN, "the prior's span", given),)
    kept = [value for one, value in zip(outcomes, values, strict=True) for k in cutoffs if one.within(k)]
    return (
        PriorScore(GIVEN, "gold video given, the prior's span", given),
        PriorScore(
            RANKED,
            "this ranking, the prior's spans",
            math.fsum(kept) / (len(values) * len(cutoffs)),
        ),
    )
