"""Whether `cmivqa diagnose` would take an entry apart, found out without the subtitles of its corpus."""

from __future__ import annotations

from contextlib import suppress

from cmivqa_kit.data.types import Track
from cmivqa_kit.diagnosis.diagnosis import diagnose
from cmivqa_kit.entries.entry import Entry
from cmivqa_kit.errors import UserError
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
    with suppress(UserError):
        scored = entry.score(track)
        diagnosis = diagnose(scored.cards[0], entry.document.raw, scored.answers[0].targets)
        if any(outcome.entries for outcome in diagnosis.outcomes):
            return track
    return None
