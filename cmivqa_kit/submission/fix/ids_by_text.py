"""Ids that are lost or shifted, taken from the question whose text the item carries, where that is one to one."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from cmivqa_kit.data.folding import fold
from cmivqa_kit.data.id_keys import plain_key
from cmivqa_kit.data.types import Question, QuestionId
from cmivqa_kit.submission.fix.ids import spelling
from cmivqa_kit.submission.fix.model import Context, Log, Shown, repair
from cmivqa_kit.submission.fix.values import canonical
from cmivqa_kit.submission.read import matched_id, plain_id

_TAKEN = "ids that are another question's by the text, which has an answer already"
Asked = tuple[str, str | None]  # a folded text, and on Track 1 the video that it is asked of


@repair("document", "E202", "E203", "E205", "E207", "E213",
        says="ids that are lost or shifted are taken from the one question with the item's text")  # fmt: skip
def ids_of_texts(rows: list[Any], context: Context, log: Log) -> list[Any]:
    """Ids by the question texts, where one question and one id of the file have a text.

    A text that several questions have is taken too where all other ids are moved by one and the same number, and that
    number leads to a question with this text. What `ids_as_asked` mends is left to it.
    """
    if not context.known:
        return rows
    asked = _one_each(context)
    texts = [_asked(row, context) for row in rows]
    meant = _unambiguous(rows, texts, asked)
    moved = {
        index: question
        for index, question in meant.items()
        if not _has_id(rows[index], question) and not _of_another_track(rows[index], context)
    }
    if not moved:
        return rows
    shift = _shift(rows, moved)
    if shift:
        for index, row in enumerate(rows):
            moved_to = _moved_to(row, texts[index], shift, context) if index not in meant else None
            if moved_to is not None:
                moved[index] = moved_to
    new = {index: question.id for index, question in moved.items()}
    none = not any(plain_key(plain_id(row)) in context.known for row in rows)
    while taken := _taken(rows, new):
        for index in taken:
            del new[index]
            log.refuse(_code(rows[index], context, none), _TAKEN, f"/{index}/id")
    by = f" (all moved by {shift:+d})" if shift else ""
    mended = list(rows)
    for index, identity in new.items():
        row, code = rows[index], _code(rows[index], context, none)
        said = f"ids taken from the question with the same text{by}"
        log.change(code, said, f"/{index}/id", row.get("id", Shown("(none)")), identity)
        mended[index] = {"id": identity, **{key: value for key, value in row.items() if key != "id"}}
    return mended


def _taken(rows: Sequence[Any], new: Mapping[int, QuestionId]) -> list[int]:
    """The items whose new id an item has that stays as it is, as the official program matches ids (true is 1)."""
    stay = {
        plain_key(identity)
        for index, row in enumerate(rows)
        if index not in new and (identity := matched_id(row)) is not None
    }
    return [index for index, identity in new.items() if plain_key(identity) in stay]


def _one_each(context: Context) -> dict[Asked, Question]:
    """The questions by what they ask, where no two ask the same."""
    by_text: dict[Asked, list[Question]] = defaultdict(list)
    for question in context.known.values():
        if question.text:
            by_text[_key(question.text, question.video_id, context)].append(question)
    return {text: questions[0] for text, questions in by_text.items() if len(questions) == 1}


def _key(text: str, video: str | None, context: Context) -> Asked:
    # On Track 1 the same text may be asked of several videos; where the questions name none, the text has to suffice.
    return fold(text), video if context.track == 1 and any(q.video_id for q in context.questions[:1]) else None


def _asked(row: Any, context: Context) -> Asked | None:
    text = row.get("question") if isinstance(row, dict) else None
    if not isinstance(text, str) or not text:
        return None
    video = row.get("video_id")
    return _key(text, video if isinstance(video, str) else None, context)


def _unambiguous(
    rows: Sequence[Any], texts: Sequence[Asked | None], asked: dict[Asked, Question]
) -> dict[int, Question]:
    """Per item the question that it asks, where no item with another id asks it too."""
    ids: dict[Asked, set[str]] = defaultdict(set)
    for row, text in zip(rows, texts, strict=True):
        if text in asked and text is not None:
            ids[text].add(canonical(row.get("id")) if "id" in row else "")
    lost = ("", "null", "NaN")
    many: dict[Asked, int] = defaultdict(int)
    for text in texts:
        if text is not None:
            many[text] += 1
    # Several items without an id are several answers, whatever they have in common.
    sole = {text for text, given in ids.items() if len(given) == 1 and (many[text] == 1 or not given & set(lost))}
    return {index: asked[text] for index, text in enumerate(texts) if text is not None and text in sole}


def _has_id(row: Any, question: Question) -> bool:
    """True where the item's id is the question's, or would be in another form (then `ids_as_asked` mends it)."""
    identity = row.get("id")
    if isinstance(identity, float) and not isinstance(identity, bool) and identity.is_integer():
        identity = int(identity)
    if isinstance(identity, bool) or not isinstance(identity, str | int):
        return False
    return spelling(identity) == spelling(question.id)


def _of_another_track(row: Any, context: Context) -> bool:
    """True where the id carries another track's number: then the file is for that track, or made with its questions."""
    number = context.edition.track_of_id(row.get("id"))
    return number is not None and number != context.track


def _shift(rows: Sequence[Any], moved: dict[int, Question]) -> int:
    """By how much all ids are moved, where they are integers and it is one number; else 0."""
    steps = (_step(rows[index], question.id) for index, question in moved.items())
    first = next(steps, None)
    return first if first is not None and all(step == first for step in steps) else 0


def _step(row: Any, identity: QuestionId) -> int | None:
    before = _integer(row.get("id"))
    return identity - before if before is not None and isinstance(identity, int) else None


def _integer(identity: Any) -> int | None:
    """The integer that an id is, also as a whole float or as a text of digits."""
    if isinstance(identity, bool):
        return None
    if isinstance(identity, float):
        return int(identity) if math.isfinite(identity) and identity.is_integer() else None
    if isinstance(identity, int):
        return identity
    text = spelling(identity) if isinstance(identity, str) and len(identity) < 64 else ""
    return int(text) if text.lstrip("-").isdecimal() else None


def _moved_to(row: Any, text: Asked | None, shift: int, context: Context) -> Question | None:
    """The question that lies ``shift`` behind the item's id, where it has the item's text."""
    before = _integer(row.get("id")) if isinstance(row, dict) else None
    question = context.known.get(plain_key(before + shift)) if before is not None else None
    if question is None or text != _key(question.text, question.video_id, context):
        return None
    return question


def _code(row: Any, context: Context, none: bool) -> str:
    """What the validator says of the id that is replaced."""
    identity = plain_id(row)
    if identity is None:
        return "E203" if "id" in row else "E202"
    if plain_key(identity) in context.known:
        return "E213"
    return "E207" if none else "E205"
