"""Ids against the questions: given twice, unknown, nearly right, of another track, missing."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterator, Sequence
from typing import Any

from cmivqa_kit.data.display import cut, cut_at_difference
from cmivqa_kit.data.folding import fold
from cmivqa_kit.data.id_keys import plain_key
from cmivqa_kit.data.types import QuestionId
from cmivqa_kit.submission.context import Context, check
from cmivqa_kit.submission.findings import Finding
from cmivqa_kit.submission.read import matched_id, plain_id

LISTED = 10  # ids named in one finding about many
_DECIMAL = re.compile(r"(-?[0-9]{1,64})(?:\.0{1,20})?")  # "7", and "7.0" as tables write it


@check("file", "E204")
def repeated(rows: Sequence[Any], context: Context) -> Iterator[Finding]:
    """Ids that several items have, each once, at its last place: the one that counts."""
    for identity, where in _places(rows, context).values():
        if len(where) > 1:
            message = f"id {_shown(identity)} stands {len(where)} times: {_list([f'/{i}' for i in where])}"
            yield Finding("E204", message, f"/{where[-1]}/id", where[-1], identity)


@check("file", "E205", "E206", "E207", "E208", "E209")
def unmatched(rows: Sequence[Any], context: Context) -> Iterator[Finding]:
    """Find ids of no question, with a guess at what they should be, and questions that no item answers."""
    if not context.questions:
        return
    places, known = _places(rows, context), context.by_id
    foreign = [answers for key, answers in places.items() if key not in known]
    none = bool(places) and len(foreign) == len(places)
    if none:
        first, asked = foreign[0][0], context.questions[0].id
        what = f"this file has e.g. {_shown(first)}, the questions e.g. {_shown(asked)}"
        yield Finding("E207", f"no id matches; {what}")
    folded = {_plain(question.id): question.id for question in context.questions} if foreign else {}
    for identity, (index, *_) in foreign:
        path, converted = f"/{index}/id", _converted(identity)
        if converted is not None and plain_key(converted) in known:
            yield Finding("E208", f"{_shown(identity)} is asked as {_shown(converted)}", path, index, identity)
        elif (near := folded.get(_plain(identity))) is not None:
            yield Finding("E209", _as_asked(identity, near), path, index, identity)
        elif not none:
            yield Finding("E205", f"id {_shown(identity)} is not in the questions file", path, index, identity)
    missing = [question.id for question in context.questions if plain_key(question.id) not in places]
    if missing and not none:
        total = len(context.questions)
        yield Finding(
            "E206", f"{len(missing)} of {total} questions have no answer: {_list([_shown(i) for i in missing])}"
        )


@check("file", "E212")
def of_another_track(rows: Sequence[Any], context: Context) -> Iterator[Finding]:
    """Ids that carry the number of a track which the file is not for."""
    if not context.tracks:
        return
    for identity, where in _places(rows, context).values():
        number = context.edition.track_of_id(identity)
        if number is not None and number not in context.tracks:
            message = f"{_shown(identity)} is a question of Track {number}, checked as Track {context.form}"
            yield Finding("E212", message, f"/{where[0]}/id", where[0], identity)


def _places(rows: Sequence[Any], context: Context) -> dict[Hashable, tuple[QuestionId, list[int]]]:
    """By its key each id with the items that have it."""
    indices: dict[Hashable, tuple[QuestionId, list[int]]] = {}
    for index, row in enumerate(rows):
        identity = plain_id(row)
        if identity is None and context.question(matched_id(row)) is not None:
            identity = matched_id(row)  # 0.0 for 0: of the wrong form (E203), and an answer all the same
        if identity is not None:
            indices.setdefault(plain_key(identity), (identity, []))[1].append(index)
    return indices


def _converted(identity: QuestionId) -> QuestionId | None:
    """The number that a text spells, or the text of a number; ``None`` where there is none of a sane length."""
    if isinstance(identity, str):
        number = _DECIMAL.fullmatch(identity)
        return int(number[1]) if number else None
    return str(identity) if abs(identity) < 10**64 else None


def _plain(identity: QuestionId) -> str:
    if not isinstance(identity, str):
        return str(_converted(identity))
    text = fold(identity).casefold()
    number = _DECIMAL.fullmatch(text)
    return number[1] if number else text


def _shown(identity: object) -> str:
    text = str(identity) if isinstance(identity, int) and abs(identity) < 10**64 else None
    if text is None:
        text = repr(identity) if isinstance(identity, str) else "(a long number)"
    return cut(text)


def _as_asked(identity: object, near: object) -> str:
    """Two ids beside each other, long ones cut to where they differ."""
    if isinstance(identity, str) and isinstance(near, str):
        given, asked = cut_at_difference(identity, near)
        return f"{given!r} is asked as {asked!r}"
    return f"{_shown(identity)} is asked as {_shown(near)}"


def _list(texts: Sequence[str]) -> str:
    return ", ".join(texts[:LISTED]) + (", ..." if len(texts) > LISTED else "")
