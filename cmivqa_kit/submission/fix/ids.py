"""Ids that are those of the questions file but for their type or spelling; answers that are missing stay so."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Hashable, Mapping, Sequence
from typing import Any

from cmivqa_kit.data.folding import fold, nfkc
from cmivqa_kit.data.id_keys import plain_key
from cmivqa_kit.data.types import Question, QuestionId
from cmivqa_kit.submission.fix.model import Context, Log, repair
from cmivqa_kit.submission.read import plain_id

_WHOLE = re.compile(r"(-?[0-9]{1,64})(?:\.0{1,20})?")  # "7.0" as tables write it


@repair(
    "document", "E203", "E208", "E209", says="ids that differ from a question's in type, case, blanks or width only"
)
def ids_as_asked(rows: list[Any], context: Context, log: Log) -> list[Any]:
    """Ids as in the questions file, where one question alone can be meant and the item asks it."""
    if not context.known:
        return rows
    meant: dict[str, list[Question]] = defaultdict(list)
    for question in context.known.values():
        meant[spelling(question.id)].append(question)
    given = {plain_key(identity) for row in rows if (identity := plain_id(row)) is not None}
    wanted = {index: found for index, row in enumerate(rows) if (found := _meant(row, meant, context.known))}
    claims: dict[Hashable, set[tuple[type, Any]]] = defaultdict(set)
    for index, questions in wanted.items():
        for question in questions:
            # Few ids can mean one question: those beyond 2^53 only as themselves.
            claims[plain_key(question.id)].add((type(rows[index]["id"]), rows[index]["id"]))
    mended = list(rows)
    for index, questions in wanted.items():
        row, question = rows[index], questions[0]
        place = f"/{index}/id"
        code = _code(row["id"], question.id)
        if len(questions) > 1:
            log.refuse(code, "ids that could be those of several questions", place)
        elif plain_key(question.id) in given or len(claims[plain_key(question.id)]) > 1:
            log.refuse(code, "ids that would be right in another form, but the question has an answer already", place)
        elif not _asks(row, question, context):
            log.refuse(code, "ids that would be right in another form, but the item asks another question", place)
        else:
            log.change(code, "ids written as in the questions file", place, row["id"], question.id)
            mended[index] = {**row, "id": question.id}
    return mended


def unanswered(rows: Sequence[Any], context: Context, log: Log) -> None:
    """Report what no repair can help with: unknown ids and missing answers."""
    if not context.known:
        return
    places = {
        plain_key(identity): (index, identity)
        for index, row in reversed(list(enumerate(rows)))
        if (identity := plain_id(row)) is not None
    }
    known = places.keys() & context.known.keys()
    for index, identity in sorted(places[key] for key in places.keys() - known):
        log.refuse(
            "E205" if known else "E207",
            "ids that are not in the questions file; the items stay as they are",
            f"/{index}/id {identity!r}",
        )
    for question in context.questions:
        if plain_key(question.id) not in known:
            log.refuse(
                "E206", "questions without an answer: predict them, no answer is made up here", repr(question.id)
            )


def _meant(row: Any, meant: Mapping[str, list[Question]], known: Mapping[Hashable, Question]) -> list[Question] | None:
    """The questions an item may mean by an id that is none as it stands."""
    identity = row.get("id") if isinstance(row, dict) else None
    if isinstance(identity, bool) or not isinstance(identity, str | int | float):
        return None
    if isinstance(identity, float):
        # 1.0, as tables write it; the official program takes it for 1.
        return meant.get(str(int(identity))) if identity.is_integer() and abs(identity) < 2**53 else None
    return None if plain_key(identity) in known else meant.get(spelling(identity))


def spelling(identity: QuestionId) -> str:
    """One text for ids that differ in type, case, blanks or width only, or in the ``.0`` that tables add."""
    text = nfkc(str(identity)).strip().casefold()
    number = _WHOLE.fullmatch(text)
    return str(int(number[1])) if number else text


def _code(before: Any, after: QuestionId) -> str:
    if isinstance(before, float):
        return "E203"
    return "E209" if type(before) is type(after) else "E208"


def _asks(row: Mapping[str, Any], question: Question, context: Context) -> bool:
    """False where text or video say that the item is of another question: then its rows may be shifted."""
    text, video = row.get("question"), row.get("video_id")
    if isinstance(text, str) and question.text and fold(text) != fold(question.text):
        return False
    return not (context.track == 1 and isinstance(video, str) and question.video_id not in (None, video))
