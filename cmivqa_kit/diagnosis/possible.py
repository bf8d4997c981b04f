"""Whether `cmivqa diagnose` would take an entry apart, found out without the subtitles of its corpus."""

from __future__ import annotations

from contextlib import suppress

from cmivqa_kit.data.types import Track
from cmivqa_kit.diagnosis.diagnosis import TOLERANCE, diagnose
from cmivqa_kit.entries.entry import Entry
from cmivqa_kit.errors import UserError
from cmivqa_kit.metrics.scale import FRACTION
from cmivqa_kit.scoring.card import ScoreCard
from cmivqa_kit.submission.match import tracks_of


def track_to_diagnose(entry: Entry) -> Track | None:
    """The track that a diagnosis of the entry would be about; ``None`` where it would be refused or say nothing.

    An entry scored on Track 2 alone may be a 2023 corpus file, which is also one of Track 3. One whose lists hold no
    valid span has nothing to take apart: `validate` says what is wrong with it.
    """
    if not entry.document.readable:
        return None
    track = next((number for number in tracks_of(entry.document.rows, entry.ground.scored_by) if number != 2), None)
    if track is None:
        return None
    if any(card.track == track and _earned(card) for card in entry.cards):
        return track
    with suppress(UserError):
        scored = entry.score(track)
        if _earned(scored.cards[0]):
            return track
        diagnosis = diagnose(scored.cards[0], entry.document.raw, scored.answers[0].targets)
        if any(outcome.entries for outcome in diagnosis.outcomes):
            return track
    return None


def _earned(card: ScoreCard) -> bool:
    """True where spans of the file earned something of the score that a diagnosis takes apart.

    Then it has a valid span, and need not be tried: reading all lists again takes twice as long as scoring them.
    """
    names = ("mIoU",) if card.track == 1 else tuple(f"R@{cutoff}|mIoU" for cutoff in card.cutoffs)
    metrics = card.strict.metrics
    if card.strict.error or not metrics.keys() >= {card.headline, *names}:
        return False
    score, mean = metrics[card.headline], sum(metrics[name] for name in names) / len(names)
    return score > 0 and card.strict.scale(card.headline) == FRACTION and abs(score - mean) <= TOLERANCE
