"""The diagnosis of an entry, or of two: their track, the answers of its card, and what its ground knows beside."""

from __future__ import annotations

import shlex
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

from cmivqa_kit.data.root_edition import GENERATOR, read_manifest
from cmivqa_kit.data.types import Track
from cmivqa_kit.diagnosis.context import NOTHING, Context, context_of
from cmivqa_kit.diagnosis.diagnosis import Diagnosis, diagnose
from cmivqa_kit.diagnosis.pair import Pair, side_by_side
from cmivqa_kit.entries.comparing import remarks_on_corpora
from cmivqa_kit.entries.entry import Entry, open_entry
from cmivqa_kit.entries.ground import Ground, OpenGround
from cmivqa_kit.entries.refusals import cannot_be, run_validate
from cmivqa_kit.errors import UserError
from cmivqa_kit.files import no_collector
from cmivqa_kit.scoring.card import ScoreCard
from cmivqa_kit.scoring.entries import read_entries
from cmivqa_kit.scoring.statistics.comparison import common_signature
from cmivqa_kit.scoring.statistics.tracks import shared_tracks
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
    _require_strict(entry, card)
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


@no_collector()
def diagnose_pair(first: Entry, second: Entry) -> Pair:
    """Two entries side by side, the questions on which they differ most first.

    Files that are for Tracks 2 and 3 are taken as Track 3 where both name spans, else as Track 2.

    Args:
        first, second: entries on the same ground.

    Raises:
        UserError: a file cannot be read or has no strict scores; they have no track in common, or are not comparable.
    """
    entries, names = (first, second), (str(first.path), str(second.path))
    cards_by_track: list[dict[Track, ScoreCard]] = []
    targets: dict[Track, list[Any]] = {}
    for entry in entries:
        scored = entry.require("diagnosed", entry.ground.ground.track)
        cards_by_track.append({card.track: card for card in scored.cards})
        targets.update({answers.track: answers.targets for answers in scored.answers})
    tracks = shared_tracks(cards_by_track, names)
    if len(tracks) > 1 and not all(map(_names_a_span, entries)):
        tracks.remove(3)
    track = tracks[-1]
    for entry, cards in zip(entries, cards_by_track, strict=True):
        _require_strict(entry, cards[track])
    a, b = (cards[track] for cards in cards_by_track)
    signature, remarks = common_signature((a, b), names)
    if track != 1:
        remarks = (*remarks, *remarks_on_corpora(names, [entry.made_by for entry in entries]))
    documents = first.document.raw, second.document.raw
    context = _known_beside(first, a)
    return side_by_side(names, (a, b), documents, targets[track], context, signature, remarks)


def ids_are_made_up(ground: OpenGround) -> bool:
    """True where the videos are those of the embedded corpus, whose ids only look like YouTube's."""
    if ground.embedded:
        return ground.truth is None
    with suppress(UserError):
        return GENERATOR in read_manifest(ground.root.catalogue.root)
    return False


def _names_a_span(entry: Entry) -> bool:
    """True where any list of a file has an entry that Track 3 could count."""
    lists = (row.get("output") for row in entry.document.rows if isinstance(row, dict))
    return any(read_entries(output, sys.maxsize)[1] for output in lists)


def _require_strict(entry: Entry, card: ScoreCard) -> None:
    if card.strict.error:
        raise UserError(
            f"{entry.path}: cannot be diagnosed: {card.strict.message}", run_validate(entry.path, entry.ground.truth)
        )


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
