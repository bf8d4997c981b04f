"""What the page of an entry shows beside its scores: languages, the curve over k, and where its points went.

All of it is of means over many questions, so that no answer can be told from it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cmivqa_kit.diagnosis.diagnosis import Diagnosis, diagnose
from cmivqa_kit.diagnosis.outcomes import Outcome
from cmivqa_kit.entries.entry import Entry
from cmivqa_kit.errors import UserError
from cmivqa_kit.scoring.card import ScoreCard

FEWEST = 10  # questions of a group that is shown: a mean over fewer comes near to single answers
_RANK_SLACK = 1e-9  # a reciprocal rank is a rounded quotient


@dataclass(frozen=True, slots=True)
class Aspects:
    """What is known of one track of an entry beside its scores.

    Attributes:
        languages: questions and strict headline per language, of those with `FEWEST` questions or more.
        hidden: how many languages have fewer.
        curve: (K,) for k = 1, 2, ...: Track 2: share of questions with the right video among the first k; Track 3: mean
            best IoU among the first k entries; none on Track 1.
        classes: (4,) key and share of the strict score of each class of loss; none on Track 2.
    """

    languages: tuple[tuple[str, int, float], ...] = ()
    hidden: int = 0
    curve: tuple[float, ...] = ()
    classes: tuple[tuple[str, float], ...] = ()

    def rounded(self, digits: int) -> Aspects:
        """The same with every number as boards show it."""
        return Aspects(
            tuple((name, n, round(value, digits)) for name, n, value in self.languages),
            self.hidden,
            tuple(round(value, digits) for value in self.curve),
            tuple((key, round(share, digits)) for key, share in self.classes),
        )


NOTHING = Aspects()


def aspects_of(entry: Entry, card: ScoreCard) -> Aspects:
    """The aspects of one of an entry's cards; what strict scoring refuses has none.

    Raises:
        UserError: the file cannot be read any more.
    """
    if not card.strict.per_question:
        return NOTHING
    languages, hidden = _languages(card)
    if card.track == 2:
        return Aspects(languages, hidden, _recall_curve(card))
    diagnosis = _diagnosis(entry, card)
    if diagnosis is None:
        return Aspects(languages, hidden)
    classes = tuple((one.key, share.share) for one, share in zip(diagnosis.classes, diagnosis.shares, strict=True))
    curve = _overlap_curve(diagnosis.outcomes, card.entries) if card.track == 3 else ()
    return Aspects(languages, hidden, curve, classes)


def _languages(card: ScoreCard) -> tuple[tuple[tuple[str, int, float], ...], int]:
    """Per language questions and the strict headline; nothing where all questions are of one."""
    counts = Counter(name for name in card.languages if name is not None)
    values = card.strict.by_language
    if len(counts) < 2 or not values:
        return (), 0
    shown = [(name, n, values[name][card.headline]) for name, n in sorted(counts.items()) if n >= FEWEST]
    return tuple(shown), len(counts) - len(shown)


def _recall_curve(card: ScoreCard) -> tuple[float, ...]:
    reciprocal = card.strict.per_question["MRR"]
    return tuple(float(np.mean(reciprocal >= 1 / k - _RANK_SLACK)) for k in range(1, card.entries + 1))


def _overlap_curve(outcomes: Sequence[Outcome], entries: int) -> tuple[float, ...]:
    best = np.zeros((len(outcomes), entries))
    for row, outcome in zip(best, outcomes, strict=True):
        for position, overlap in outcome.overlaps:
            row[position - 1] = max(row[position - 1], overlap)
    return tuple(np.maximum.accumulate(best, axis=1).mean(axis=0).tolist())


def _diagnosis(entry: Entry, card: ScoreCard) -> Diagnosis | None:
    """The diagnosis of a card; ``None`` where the edition ranks by something that cannot be taken apart."""
    answers = entry.score(card.track).answers[0].targets
    try:
        return diagnose(card, entry.document.raw, answers)
    except UserError:
        return None
