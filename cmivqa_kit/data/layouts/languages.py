"""Ids of questions in files that give one id to two questions, one per language (MMIVQA, M4IVQA).

Decided here, since nobody published how such ids look in a submission: an id that stands for one question is that
question's id. As soon as one id of a file stands for two, in one record or in two items of different languages, every
question of the file is called by its record's id and its language (``7_Chinese``, ``7_English``), and a note says so.
An id that stands twice in the same language stays a finding.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from cmivqa_kit.data.types import Note, Question, QuestionId


def with_languages(questions: Sequence[Question]) -> tuple[tuple[Question, ...], tuple[Note, ...]]:
    """The questions with their language appended to every id where an id stands for questions in two languages."""
    languages: dict[QuestionId, set[str | None]] = {}
    for question in questions:
        languages.setdefault(question.id, set()).add(question.language)
    shared = [identity for identity, known in languages.items() if len(known - {None}) > 1]
    if not shared:
        return tuple(questions), ()
    why = f"ids of a question in each language: {len(shared)}; the language is appended to all ids of this file"
    example = f"{shared[0]}_Chinese"
    named = tuple(replace(q, id=f"{q.id}_{q.language}") if q.language else q for q in questions)
    return named, (Note(f"ids, e.g. {example}", why),)
