"""The loss, taken apart: what every question loses at every cut-off goes to exactly one class.

At the cut-offs k = 1, 10, 50, let m_k be the best IoU with the right span of those of the first k entries that name the
right video (0 if none does), and p the position of its first valid entry. The strict Average is the mean of m_k over
all questions and cut-offs (Track 1: the mIoU, with k = 1), so the loss is the mean of 1 - m_k, and the four classes add
up to 1 - Average:

=============  ==========================  ============================  ==================
key            title                       where                         what is lost
=============  ==========================  ============================  ==================
retrieval-miss retrieval miss              p does not exist              1
ranked-low     right video ranked low      p > k                         1
wrong-span     right video, wrong span     p <= k and m_k < 0.1          1 - m_k
boundary       boundary error              p <= k and 0.1 <= m_k         1 - m_k
=============  ==========================  ============================  ==================

Below an IoU of 0.1 a span counts as background in error analyses of temporal localization (DETAD: Alwassel, Caba
Heilbron, Escorcia, Ghanem, "Diagnosing Error in Temporal Action Detectors", ECCV 2018). On Track 1 the video is given:
the first class is ``unanswered`` (no answer, two answers, or times that are no span) and the second is empty.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from cmivqa_kit.data.types import Track
from cmivqa_kit.diagnosis.outcomes import Outcome

BACKGROUND = 0.1  # IoU below which a span is not even near
HIT_IOU = 0.5  # the usual threshold of moment localization: the first entry shows the right moment


@dataclass(frozen=True, slots=True)
class LossClass:
    """A class of loss: ``key`` for programs, ``title`` for people, ``formula`` as in the table above."""

    key: str
    title: str
    formula: str


MISS = LossClass("retrieval-miss", "retrieval miss", "right video not in the list: 1")
UNANSWERED = LossClass("unanswered", "unanswered", "no answer, or no valid span: 1")
LOW = LossClass("ranked-low", "right video ranked low", "p > k: 1")
WRONG = LossClass("wrong-span", "right video, wrong span", f"p <= k, m_k < {BACKGROUND}: 1 - m_k")
BOUNDARY = LossClass("boundary", "boundary error", f"p <= k, {BACKGROUND} <= m_k < 1: 1 - m_k")
HIT = LossClass("hit", "hit", f"first entry is the right video with IoU >= {HIT_IOU}")


@dataclass(frozen=True, slots=True)
class Share:
    """What a class takes of the score.

    ``by_cutoff`` is (K,) the loss at each cut-off, ``share`` their mean, ``questions`` how many lose anything to it.
    """

    by_cutoff: tuple[float, ...]
    share: float
    questions: int


def classes_of(track: Track) -> tuple[LossClass, LossClass, LossClass, LossClass]:
    """The four classes, in the order in which they are shown."""
    return (UNANSWERED if track == 1 else MISS, LOW, WRONG, BOUNDARY)


def classify(position: int | None, best: float, cutoff: int) -> int:
    """Which of the four classes (from 0) takes the loss ``1 - best`` of a question at a cut-off."""
    if position is None:
        return 0
    if position > cutoff:
        return 1
    return 2 if best < BACKGROUND else 3


def decompose(outcomes: Sequence[Outcome], cutoffs: Sequence[int]) -> tuple[Share, ...]:
    """The four shares of the loss of n > 0 questions; all of them together are 1 minus the score."""
    best: list[list[list[float]]] = [[[] for _ in cutoffs] for _ in range(4)]  # by class and cut-off
    questions = [0] * 4
    for outcome in outcomes:
        taken = _classes(outcome, cutoffs)
        for c, index in enumerate(taken):
            best[index][c].append(outcome.best[c])
        for index in {index for c, index in enumerate(taken) if outcome.best[c] < 1}:
            questions[index] += 1
    n = len(outcomes)
    return tuple(
        Share(
            tuple(loss(values) / n for values in found),
            loss([value for values in found for value in values]) / (n * len(cutoffs)),
            touched,
        )
        for found, touched in zip(best, questions, strict=True)
    )


def loss(values: Sequence[float]) -> float:
    """The sum of 1 - m, rounded once: no term is rounded on its own, so the classes add up."""
    return math.fsum((float(len(values)), *(-value for value in values)))


def label(outcome: Outcome, cutoffs: Sequence[int]) -> int | None:
    """The one class that stands for a question: ``None`` for a hit, else the one that takes most of its loss.

    Of classes that take the same, the first.
    """
    if outcome.position == 1 and outcome.overlaps[0][1] >= HIT_IOU:
        return None
    lost: list[list[float]] = [[] for _ in range(4)]
    for index, best in zip(_classes(outcome, cutoffs), outcome.best, strict=True):
        lost[index].append(best)
    taken = [loss(values) for values in lost]
    return taken.index(max(taken))


def labels(outcomes: Iterable[Outcome], cutoffs: Sequence[int], classes: Sequence[LossClass]) -> list[str]:
    """The key of every question's label."""
    found = (label(outcome, cutoffs) for outcome in outcomes)
    return [HIT.key if index is None else classes[index].key for index in found]


def _classes(outcome: Outcome, cutoffs: Sequence[int]) -> list[int]:
    return [classify(outcome.position, best, k) for best, k in zip(outcome.best, cutoffs, strict=True)]
