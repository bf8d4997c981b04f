"""Validating on a ground: a submission by the questions that it answers, and an answer file by itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from cmivqa_kit.data.answer_rows import rows_of_track
from cmivqa_kit.data.types import TRACKS, Question, Split
from cmivqa_kit.entries.entry import Entry
from cmivqa_kit.entries.ground import OpenGround
from cmivqa_kit.errors import UserError, naming
from cmivqa_kit.submission.answers import check_answers
from cmivqa_kit.submission.match import find, tracks_of
from cmivqa_kit.submission.read import plain_id
from cmivqa_kit.submission.validate import Report, validate


def check(entry: Entry) -> Report:
    """The report of an entry: by the questions of the answer file where one is given, else of the split that fits.

    Raises:
        UserError: no split of the data root fits, or its files cannot be read.
    """
    document, ground = entry.guarded, entry.ground
    stated = (ground.ground.track,) if ground.ground.track else ()
    if not document.rows or ground.form_alone:  # nothing to match a split with: the findings say why
        return validate(document, stated, ground.edition)
    if ground.truth is not None:
        tracks = stated or tracks_of(document.rows, ground.edition)
        asked = list(ground.asked)
        if len(tracks) == 1:  # one file may hold the answers of all tracks
            asked = rows_of_track(asked, tracks[0], ground.edition)
        return validate(document, tracks, ground.edition, None, questions_in(asked))
    if not stated and not tracks_of(document.rows, ground.edition):
        shapeless = validate(document, (), ground.edition)
        if not shapeless.ok:
            return shapeless  # the findings say why the track cannot be told
    root = ground.root
    with naming(entry.path):
        match = entry.match(document, ground.ground.track)
    split = root.split(match.split, match.tracks[0])
    return validate(document, match.tracks, root.catalogue.edition, match.split, split.questions, split.videos)


def check_truth(ground: OpenGround) -> Report:
    """The report of the ground's answer file, also against the corpus of the split whose answers it holds.

    Raises:
        UserError: the split that is named cannot be read.
    """
    split = _split_answered(ground)
    document = ground.truth_document
    if ground.asked is not document.rows:  # of another layout: its places in the text are not those of the answers
        document = replace(document, raw=ground.asked, source=None)
    return check_answers(document, ground.ground.track, split.videos if split else ())


def questions_in(rows: Sequence[Any]) -> list[Question]:
    """The questions whose answers the rows of an answer file are."""

    def text(row: Any, key: str) -> str | None:
        return row[key] if isinstance(row.get(key), str) else None

    return [
        Question(identity, text(row, "question") or "", text(row, "language_type"), text(row, "video_id"))
        for row in rows
        if (identity := plain_id(row)) is not None
    ]


def _split_answered(ground: OpenGround) -> Split | None:
    """The split whose answers the answer file holds, where one of the data root's fits."""
    rows = ground.asked
    if not rows or ground.embedded:
        return None
    root = ground.root
    number = root.catalogue.edition.track_of_id(plain_id(rows[0]))
    track = ground.ground.track or next((t for t in TRACKS if t == number), 1)
    try:
        match = find(rows, root.catalogue, ground.ground.split, track, load=root.questions)
        return root.split(match.split, match.tracks[0])
    except UserError:
        if ground.ground.split is not None:
            raise
        return None
