"""Whether two files ask the same questions, and where they differ."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cmivqa_kit.data.id_keys import plain_key
from cmivqa_kit.data.layouts import detect
from cmivqa_kit.data.layouts.fields import span
from cmivqa_kit.data.span import Span
from cmivqa_kit.data.types import Question, QuestionId
from cmivqa_kit.errors import Problem, UserError
from cmivqa_kit.files import read_json

SHARE = 0.5  # of a file's questions that must be those of another to be asked of the same split


@dataclass(frozen=True, slots=True)
class Asked:
    """A question by what can be compared: its text ("" in an answer file without texts), its video and answer."""

    text: str
    video_id: str | None = None
    answer: Span | None = None
    id: QuestionId = ""


AskedById = Mapping[Hashable, Asked]


def asked_by_id(questions: tuple[Question, ...]) -> AskedById:
    """The questions by the keys of their ids (`cmivqa_kit.data.id_keys`)."""
    return {plain_key(q.id): Asked(q.text, q.video_id, q.answer, q.id) for q in questions}


def questions_in(path: Path) -> AskedById | None:
    """The questions of a file by their ids; ``None`` for a file that cannot be read as questions."""
    try:
        records = read_json(path)
    except UserError:
        return None
    if not isinstance(records, list):
        return None
    layout = detect(records)
    if layout is None:
        return answers_without_texts(records)
    read = layout.read(layout.keys.known(records))
    return None if read.problems else asked_by_id(read.questions)


def answers_without_texts(records: Sequence[Any]) -> AskedById | None:
    """Ids, videos and times, which are all that the official program reads of an answer file; ``None`` for others."""
    plain = bool(records) and all(isinstance(r, dict) and "video_id" in r and _is_id(r.get("id")) for r in records)
    if not plain or any("output" in record for record in records):
        return None
    problems: list[Problem] = []
    return {
        plain_key(identity): Asked(
            "", record["video_id"], span(record, "start_second", "end_second", "", problems), identity
        )
        for record in records
        # 1 for true, as the official program takes it.
        for identity in [int(record["id"]) if isinstance(record["id"], bool) else record["id"]]
    }


def _is_id(value: object) -> bool:
    return isinstance(value, (str, int))


def share_of(file: AskedById, other: AskedById, videos: bool = False) -> float:
    """The share of a file's questions that another file asks: same id and text, same video where both name one.

    ``videos``: only questions of which both name the video count.
    """
    equal = sum(
        1
        for identity, asked in file.items()
        if identity in other
        and _same(asked, other[identity])
        and not (videos and None in (asked.video_id, other[identity].video_id))
    )
    return equal / len(file) if file else 0.0


def difference(first: AskedById | None, other: AskedById | None, answers: bool) -> str:
    """In what two files differ, in a few words; empty where they agree. ``answers``: whether times count."""
    if first is None or other is None:
        return "their questions cannot be compared"
    only = [asked.id for key, asked in {**first, **other}.items() if (key in first) != (key in other)]
    if only:
        return f"{len(only)} ids stand in one of them only, e.g. {only[0]!r}"
    texts = [asked.id for key, asked in first.items() if not _same(asked, other[key])]
    if texts:
        return f"{len(texts)} of {len(first)} ids ask something else, e.g. {texts[0]!r}"
    times = [asked.id for key, asked in first.items() if answers and asked.answer != other[key].answer]
    if times:
        return f"the times of {len(times)} of {len(first)} questions differ, e.g. of {times[0]!r}"
    return ""


def _same(asked: Asked, other: Asked) -> bool:
    texts = {asked.text, other.text} - {""}
    videos = {asked.video_id, other.video_id} - {None}
    return len(texts) <= 1 and len(videos) <= 1 and bool(texts or videos)
