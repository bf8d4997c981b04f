"""The answers of a file as the official program reads them, whatever its layout, and the edition that they are of."""

from __future__ import annotations

import re
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cmivqa_kit.data.layouts import Layout, detect
from cmivqa_kit.data.layouts.m4ivqa import QUESTIONS
from cmivqa_kit.data.types import Question, Track
from cmivqa_kit.editions import DEFAULT_EDITION, Edition, edition_names, load_edition
from cmivqa_kit.errors import problems_error

START, MEDVIDQA_START = "start_second", "answer_start_second"
_YEAR = re.compile(r"NLPCC(?P<year>20\d\d)_")
_WITH_LANGUAGE = re.compile(rf"_(?:{'|'.join(QUESTIONS)})$")  # see `cmivqa_kit.data.layouts.languages`
_TWO_LANGUAGES = "m4ivqa-2025"


@dataclass(frozen=True, slots=True)
class AnswerRows:
    """Answers with ``id``, ``video_id``, ``start_second`` and ``end_second`` (seconds); the name of their edition."""

    rows: list[Any] = field(repr=False)
    edition: str


def answer_rows(document: list[Any], source: object) -> AnswerRows:
    """The answers in a decoded file: as they stand where the official program reads them so, else by their layout.

    Raises:
        UserError: records of another layout with findings; ``source`` is named.
    """
    return AnswerRows(as_scored(document, source), edition_of(document))


def as_scored(document: list[Any], source: object) -> list[Any]:
    """The rows of `answer_rows`, without the edition.

    Raises:
        UserError: as `answer_rows`.
    """
    layout = detect(document)
    if layout is None or _stands(document, layout):
        return document
    read = layout.read(layout.keys.known(document))
    if layout.as_scored and read.problems:
        return document  # what the official program makes of such a row is its own matter
    if layout.as_scored and _times(document) != {MEDVIDQA_START} and _ids(document) == [q.id for q in read.questions]:
        return document
    if read.problems:
        raise problems_error(source, read.problems, "Check the answer file.")
    return records_of(read.questions)


def records_of(questions: Sequence[Question]) -> list[dict[str, Any]]:
    """Questions as the records that the official program reads."""
    return [
        {
            "id": question.id,
            "video_id": question.video_id,
            "question": question.text,
            **({"start_second": question.answer.start, "end_second": question.answer.end} if question.answer else {}),
            **({"language_type": question.language} if question.language else {}),
        }
        for question in questions
    ]


def rows_of_track(rows: list[Any], track: Track, edition: Edition) -> list[Any]:
    """The answers for ``track`` where the ids of one file carry several track numbers; else all."""
    if not edition.id_pattern:
        return rows
    numbers = [edition.track_of_id(row.get("id")) if isinstance(row, Mapping) else None for row in rows]
    own = [row for row, number in zip(rows, numbers, strict=True) if number in (None, track)]
    return own if track in numbers and len(own) < len(rows) else rows


def edition_of(document: Sequence[Any]) -> str:
    """The edition of decoded answers, by the year and the language in their ids, else by the layout of the file."""
    sample = [row for row in document[:50] if isinstance(row, Mapping)]
    ids = [identity for row in sample if isinstance(identity := row.get("id"), str)]
    years = {int(match["year"]) for identity in ids if (match := _YEAR.match(identity))}
    if len(years) == 1:
        named = (load_edition(name) for name in edition_names())
        known = [edition.name for edition in named if edition.year in years and edition.id_pattern]
        if len(known) == 1:
            return known[0]
    if ids and len(ids) == len(sample) and all(map(_WITH_LANGUAGE.search, ids)):
        return _TWO_LANGUAGES
    asked = [row if any(key in row for key in ("question", *QUESTIONS.values())) else {**row, "question": ""}
             for row in sample]  # fmt: skip
    layout = detect(asked)
    return DEFAULT_EDITION if layout is None else layout.edition


def _stands(document: list[Any], layout: Layout) -> bool:
    """True where the rows are what the official program reads: one per id, with the times under their usual names."""
    times = _times(document)
    if times == {MEDVIDQA_START}:
        return False
    if not layout.as_scored:  # times that the layout does not know would be lost
        known = START in layout.keys.answer
        return times == {START} and not known and all(isinstance(row, Mapping) and "id" in row for row in document)
    ids = _ids(document)
    return len({identity for identity in ids if isinstance(identity, Hashable)}) == len(ids)


def _ids(document: Sequence[Any]) -> list[Any]:
    return [row.get("id") for row in document if isinstance(row, Mapping)]


def _times(document: Sequence[Any]) -> set[str]:
    """The names under which starts of answers stand."""
    return {key for row in document if isinstance(row, Mapping) for key in (START, MEDVIDQA_START) if key in row}
