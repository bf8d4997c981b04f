"""CMIVQA 2023: ``id``, ``video_id``, ``question``, ``start_second``, ``end_second``; test files lack some of them.

Source: docs/spec/ccgs.md, section 1.2. The converted TutorialVQA and the embedded corpus use it too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cmivqa_kit.data.layouts import Layout, Records, fields, register
from cmivqa_kit.data.layouts.keys import RecordKeys
from cmivqa_kit.data.types import Question
from cmivqa_kit.errors import Problem

KEYS = RecordKeys(
    question=frozenset({"id", "question", "language_type"}),
    answer=frozenset({"start_second", "end_second", "answer_start_second", "answer_end_second"}),
)


@dataclass(frozen=True, slots=True)
class Keys:
    """The names of the fields of a record with one question."""

    id: str = "id"
    start: str = "start_second"
    end: str = "end_second"
    default_language: str | None = None


def read_plain(records: Sequence[Any], keys: Keys) -> Records:
    """Questions of records that hold one question each; every finding is kept with its JSON pointer."""
    questions: list[Question] = []
    problems: list[Problem] = []
    for where, record in fields.objects(records, problems):
        faults: list[Problem] = []
        identity = fields.question_id(record, keys.id, where, faults)
        question = fields.question(record, where, faults)
        video_id = fields.video_id(record, where, faults)
        language = fields.optional_text(record, "language_type", where, faults) or keys.default_language
        answer = fields.span(record, keys.start, keys.end, where, faults)
        problems += faults
        if identity is not None and question is not None and not faults:
            questions.append(Question(identity, question, language, video_id, answer))
    return Records(tuple(questions), {}, tuple(problems))


def read(records: Sequence[Any]) -> Records:
    """Questions of a CMIVQA file; the times may be called as in MedVidQA, which some conversions keep."""
    names = {key for record in records if isinstance(record, Mapping) for key in record}
    if "answer_start_second" in names and "start_second" not in names:
        return read_plain(records, Keys(start="answer_start_second", end="answer_end_second"))
    return read_plain(records, Keys())


register(
    Layout(
        name="cmivqa",
        title="CMIVQA 2023",
        edition="cmivqa-2023",
        keys=KEYS,
        matches=lambda sample: any("question" in record for record in sample),
        read=read,
        as_scored=True,
    )
)
