"""What the trivial prior would score: answers where training answers usually lie (`cmivqa_kit.data.usual_span`)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from cmivqa_kit.data.types import Track
from cmivqa_kit.data.usual_span import UsualSpan
from cmivqa_kit.diagnosis.outcomes import Outcome
from cmivqa_kit.scoring.entries import overlap


@dataclass(frozen=True, slots=True)
class PriorScore:
    """What the prior's span would score in some setting: the Average, or on Track 1 the mIoU."""

    key: str
    title: str
    value: float


PLAIN, GIVEN, RANKED = "prior", "gold-video", "ranking"


def prior_scores(
    track: Track,
    outcomes: Sequence[Outcome],
    durations: Sequence[float | None],
    cutoffs: Sequence[int],
    prior: UsualSpan,
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
