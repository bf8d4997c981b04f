"""The diagnosis of an entry: the track that has spans, the answers of its card, and what its ground knows beside."""

from __future__ import annotations

import shlex
from pathlib import Path

from cmivqa_kit.diagnosis.context import NOTHING, Context, context_of
from cmivqa_kit.diagnosis.diagnosis import Diagnosis, diagnose
from cmivqa_kit.entries.entry import Entry, open_entry
from cmivqa_kit.entries.ground import Ground, OpenGround
from cmivqa_kit.entries.refusals import cannot_be, run_validate
from cmivqa_kit.errors import UserError
from cmivqa_kit.files import no_collector
from cmivqa_kit.scoring.card import ScoreCard
from cmivqa_kit.submission.match import tracks_of

_ELSE = "A Track 2 file: `score` says what it is worth; diagnose the Track 3 file. To go on anyway: --track 3."


@no_collector()
def diagnose_entry(entry: Entry | Path | str, ground: Ground | OpenGround | Path | str | None = None) -> Diagnosis:
    """Where an entry lost its points, on Track 1 or 3; a 2023 corpus file is taken as Track 3.

    >>> import cmivqa_kit as ck
    >>> diagnosis = ck.diagnose("mine.json")  # made for the embedded corpus
    >>> for loss, share in zip(diagnosis.classes, diagnosis.shares):
    ...     print(f"{loss.title}: {share.share:.4f}")
    retrieval miss: 0.0354
    right video ranked low: 0.2212
    right video, wrong span: 0.4245
    boundary error: 0.1345

    Args:
        entry: an entry, or the path of a submission.
        ground: what a path is held against, as of `cmivqa_kit.entries.open_entry`.

    Raises:
        UserError: the file cannot be read, is for Track 2, or has no strict scores.
    """
    entry = entry if isinstance(entry, Entry) else open_entry(entry, ground)
    if not entry.document.readable:
        raise cannot_be("diagnosed", entry.document)
    stated = entry.ground.ground.track
    tracks = (stated,) if stated is not None else tracks_of(entry.document.rows, entry.ground.scored_by)
    with_spans = [track for track in tracks if track != 2]
    if tracks and not with_spans:
        raise UserError(
            f"{entry.path}: is for Track 2, which has no spans to judge",
            f"Use {shlex.join(['cmivqa', 'score', str(entry.path)])}, and `cmivqa diagnose` on the Track 3 file.",
        )
    scored = entry.require("diagnosed", with_spans[0] if with_spans else None)
    card = scored.cards[0]
    if card.strict.error:
        raise UserError(
            f"{entry.path}: cannot be diagnosed: {card.strict.message}", run_validate(entry.path, entry.ground.truth)
        )
    context = _known_beside(entry, card)
    diagnosis = diagnose(card, entry.document.raw, scored.answers[0].targets, context, entry.confidences)
    if stated is None and any(o.read for o in diagnosis.outcomes) and not any(o.entries for o in diagnosis.outcomes):
        if card.track == 1:
            raise UserError(
                f"{entry.path}: no answer has a valid span to judge", run_validate(entry.path, entry.ground.truth)
            )
        raise UserError(
            f"{entry.path}: no entry of any list has a valid span, so there is no Track 3 to diagnose", _ELSE
        )
    return diagnosis


def _known_beside(entry: Entry, card: ScoreCard) -> Context:
    """What the data root knows of the questions of a card, where there is one."""
    ground = entry.ground
    if ground.truth is None:
        return context_of(ground.root, card.split, card.track)
    if ground.embedded:
        return NOTHING
    try:
        split = entry.agreement(entry.document, card.track).best().split
    except UserError:
        without = "no video lengths, no subtitles, and no trivial prior"
        return Context(remarks=(f"{ground.root.catalogue.root} has no split that this file answers: {without}",))
    return context_of(ground.root, split, card.track)
