"""One or two sentences that say where to work next, from the numbers alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cmivqa_kit.data.types import Track
from cmivqa_kit.diagnosis.classes import classes_of
from cmivqa_kit.diagnosis.oracles import SPAN, VIDEO
from cmivqa_kit.diagnosis.prior import GIVEN, PLAIN, RANKED

MANY_UNANSWERED = 0.1  # share of the questions: answering them comes before any other work
CLOSE = 0.9  # of the largest class: on other questions, the order of two such could be another
NOTHING_LOST = 0.005  # a loss that boards would show as 0.00


@dataclass(frozen=True, slots=True)
class Numbers:
    """What the advice depends on.

    ``shares`` are the four shares of the loss, ``oracles`` and ``priors`` averages by key (empty where there are none),
    ``unanswered`` the share of the questions without an answer.
    """

    track: Track
    headline: str
    score: float
    shares: Sequence[float]
    unanswered: float
    oracles: Mapping[str, float]
    priors: Mapping[str, float]


def advise(numbers: Numbers) -> str:
    """What to do next: the largest class in proportion to the rest, and a prior that beats the submission's spans."""
    if 1 - numbers.score < NOTHING_LOST:
        return "Nearly nothing is lost: there is nothing to mend."
    if numbers.unanswered >= MANY_UNANSWERED:
        return f"Answer every question first: {numbers.unanswered:.1%} of them have no answer and count 0."
    found = _span_only(numbers) if numbers.track == 1 else _both(numbers)
    return " ".join([*found, *_prior(numbers)])


def _span_only(numbers: Numbers) -> list[str]:
    """The advice for Track 1, where the video is given."""
    unanswered, _, wrong, boundary = numbers.shares
    balance = f"Wrong spans cost {wrong:.4f} of {numbers.headline}, inexact ends {boundary:.4f}."
    largest = max(unanswered, wrong, boundary)
    if largest == unanswered:
        return [f"Answers without a valid span cost most ({unanswered:.4f}): `validate` shows them."]
    if largest == wrong:
        return [balance, "Work on finding the passage first: most of the loss is where it is missed altogether."]
    return [balance, "The passage is mostly found: work on where it starts and ends."]


def _both(numbers: Numbers) -> list[str]:
    """The advice for Track 3: the videos or the spans, whichever cost more."""
    miss, low, wrong, boundary = numbers.shares
    retrieval, localization = miss + low, wrong + boundary
    sides = [f"retrieval {retrieval:.4f}", f"localization {localization:.4f}"]
    first, second = sides if retrieval >= localization else reversed(sides)
    balance = f"Of {numbers.headline}, {first.replace(' ', ' costs ')} and {second}."
    spans, videos = numbers.oracles[SPAN], numbers.oracles[VIDEO]
    steps = (
        f"get the right video into more lists: as they are, no span could bring {numbers.headline} above {spans:.4f}.",
        "it is in the list, too far down, so rank the videos better. Were it alone there, the same spans would score "
        f"{videos:.4f}.",
        f"find the passage within the right video. Perfect spans on this ranking would score {spans:.4f}.",
        f"the passage is found, so make its ends more exact. Perfect spans on this ranking would score {spans:.4f}.",
    )
    order = sorted(range(4), key=lambda index: -numbers.shares[index])
    found = [balance, f"Most is lost to {_named(numbers, order[0])}: {steps[order[0]]}"]
    if numbers.shares[order[1]] >= CLOSE * numbers.shares[order[0]]:
        found.append(f"Close behind: {_named(numbers, order[1])}.")
    return found


def _named(numbers: Numbers, index: int) -> str:
    return f"{classes_of(numbers.track)[index].title} ({numbers.shares[index]:.4f})"


def _prior(numbers: Numbers) -> list[str]:
    """A sentence where the trivial prior is not beaten; else empty."""
    priors = numbers.priors
    if PLAIN in priors and priors[PLAIN] >= numbers.score:
        return [f"The trivial prior, which reads no question, scores {priors[PLAIN]:.4f}, not less than this file."]
    if GIVEN in priors and priors[GIVEN] >= numbers.oracles[VIDEO]:
        own = numbers.oracles[VIDEO]
        return [f"Within the right video the prior's one span scores {priors[GIVEN]:.4f}, your own spans {own:.4f}."]
    if RANKED in priors and priors[RANKED] >= numbers.score:
        return [f"The prior's span in place of each of yours would score {priors[RANKED]:.4f} on the same ranking."]
    return []
