"""The files that are fused: which questions they answer, and each one's answers to them."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cmivqa_kit.data.answer_rows import edition_of
from cmivqa_kit.data.display import tracks_in_words
from cmivqa_kit.data.folding import fold
from cmivqa_kit.data.id_keys import plain_key
from cmivqa_kit.data.numbers import is_span
from cmivqa_kit.data.types import Question, Track
from cmivqa_kit.editions import Edition, load_edition
from cmivqa_kit.entries.entry import Entry
from cmivqa_kit.entries.refusals import cannot_be, no_track
from cmivqa_kit.errors import Problem, UserError, problems_error
from cmivqa_kit.scoring.entries import Listed, read_entries
from cmivqa_kit.scoring.strict import match
from cmivqa_kit.submission.match import ENOUGH, tracks_of
from cmivqa_kit.submission.read import plain_id

_SAME_SPLIT = "Fuse submissions for the same split; `validate` says which one a file is for."
Lists = tuple[tuple[Listed, ...], ...]  # per file, its valid entries: position, video, start, end (seconds)


@dataclass(frozen=True, slots=True)
class Parts:
    """What several files answer.

    Attributes:
        files: P of them.
        tracks: that all of them are for.
        questions: Q of them, each in at least one file, in the order in which the files name them first.
        lists: per question, each file's entries; of Track 1 at most one.
    """

    files: tuple[Path, ...]
    edition: Edition
    tracks: tuple[Track, ...]
    questions: tuple[Question, ...]
    lists: tuple[Lists, ...]


def read_parts(entries: Sequence[Entry], track: Track | None = None) -> Parts:
    """Read the files that are to be fused.

    A question that a file answers more than once counts as not answered by it, as in the strict scores.

    Args:
        entries: two or more.
        track: where it is not to be worked out.

    Raises:
        UserError: fewer than two; one cannot be read, or does not say its track; they have no track in common, answer
            other questions, or ask one question differently.
    """
    if len(entries) < 2:
        raise UserError("fewer than two files: nothing to fuse", "Name two submissions or more.")
    for entry in entries:
        if not entry.document.readable or not entry.document.rows:
            raise cannot_be("fused", entry.document)
    edition = _edition(entries)
    tracks = _common_tracks(entries, edition, track)
    questions = _questions(entries)
    asked = [{"id": question.id} for question in questions]
    answers = [match(entry.document.rows, asked).items for entry in entries]
    lists = tuple(tuple(_entries(item, tracks, edition) for item in items) for items in zip(*answers, strict=True))
    return Parts(tuple(entry.path for entry in entries), edition, tracks, questions, lists)


def _edition(entries: Sequence[Entry]) -> Edition:
    """The edition stated, else that of the data root, else the one that the ids tell."""
    ground = entries[0].ground
    if ground.ground.edition is not None or not ground.embedded:
        return ground.edition if ground.ground.edition is not None else ground.root.catalogue.edition
    return load_edition(edition_of(entries[0].document.rows))


def _common_tracks(entries: Sequence[Entry], edition: Edition, stated: Track | None) -> tuple[Track, ...]:
    own = [tracks_of(entry.document.rows, edition) for entry in entries]
    for entry, tracks in zip(entries, own, strict=True):
        if not tracks:
            raise no_track(entry.document)
    shared = tuple(number for number in own[0] if all(number in tracks for tracks in own))
    wanted = tuple(number for number in shared if stated in (None, number))
    if not wanted:
        said = ", ".join(
            f"{entry.path} is for {tracks_in_words(tracks)}" for entry, tracks in zip(entries, own, strict=True)
        )
        raise UserError(f"the files have no such track in common: {said}", "Fuse submissions for the same track.")
    return wanted


def _questions(entries: Sequence[Entry]) -> tuple[Question, ...]:
    """Every question that a file answers, with its text where any file has it.

    Raises:
        UserError: a file answers other questions than the first one, or asks one differently.
    """
    questions: dict[Hashable, Question] = {}
    problems: list[Problem] = []
    for number, entry in enumerate(entries):
        own = {plain_key(identity): row for row in entry.document.rows if (identity := plain_id(row)) is not None}
        common = questions.keys() & own.keys()
        if (number and len(common) < ENOUGH * min(len(questions), len(own))) or not own:
            raise _other_questions(entries[0].path, entry.path, questions, own, len(common))
        problems += _disagreements(entries[0].path, entry.path, questions, own)
        for key, row in own.items():
            question, known = _question(row), questions.get(key)
            questions[key] = question if known is None else _joined(known, question)
    if problems:
        raise problems_error(entries[0].path, problems, "Fuse submissions for the same split.")
    return tuple(questions.values())


def _disagreements(
    first: Path, other: Path, known: Mapping[Hashable, Question], own: Mapping[Hashable, Any]
) -> list[Problem]:
    """The questions that a file asks differently, or answers in another video.

    Raises:
        UserError: most of them are other questions under the same ids.
    """
    problems: list[Problem] = []
    common = [(known[key], _question(row)) for key, row in own.items() if key in known]
    for before, question in common:
        if before.text and question.text and fold(before.text) != fold(question.text):
            problems.append(Problem(f"question {question.id!r}", f"{other} asks it differently"))
        elif None not in (before.video_id, question.video_id) and before.video_id != question.video_id:
            problems.append(Problem(f"question {question.id!r}", f"{other} answers it in another video"))
    if len(problems) > ENOUGH * len(common):
        what = (
            f"{other}: answers other questions than {first} ({len(problems)} of {len(common)} ids in both are others)"
        )
        raise UserError(what, _SAME_SPLIT)
    return problems


def _joined(known: Question, question: Question) -> Question:
    """A question with what either file says of it."""
    return Question(
        known.id,
        known.text or question.text,
        known.language or question.language,
        known.video_id or question.video_id,
    )


def _question(row: dict[str, Any]) -> Question:
    text, language, video = (row.get(name) for name in ("question", "language_type", "video_id"))
    return Question(
        row["id"],
        text if isinstance(text, str) else "",
        language if isinstance(language, str) else None,
        video if isinstance(video, str) and video else None,
    )


def _other_questions(
    first: Path, other: Path, known: dict[Hashable, Question], own: dict[Hashable, Any], common: int
) -> UserError:
    kinds = {isinstance(plain_id(row), str) for row in own.values()}
    known_kinds = {isinstance(question.id, str) for question in known.values()}
    hint = "; in one the ids are texts, in the other integers" if own and kinds.isdisjoint(known_kinds) else ""
    what = f"{other}: answers other questions than {first} ({common} of {len(own)} ids are in both{hint})"
    return UserError(what, _SAME_SPLIT)


def _entries(item: Any, tracks: tuple[Track, ...], edition: Edition) -> tuple[Listed, ...]:
    """The valid entries of an answer; of Track 1 its span."""
    if item is None:
        return ()
    if 1 not in tracks:
        return tuple(read_entries(item.get("output"), edition.entries)[1])
    start, end = item.get("start_second"), item.get("end_second")
    return ((1, str(item.get("video_id")), start, end),) if is_span(start, end) else ()
