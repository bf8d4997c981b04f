"""Predictions of step choice as LOVEU takes them: folder -> questions with a score per candidate of every step.

Source: docs/spec/q2a.md, section 1.4.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cmivqa_kit.bench.tasks.documents import json_type, no_number, pointer, raise_problems, read_document, require
from cmivqa_kit.errors import Problem

FILE = "submit_test.json"
FIX = f"Predictions are {FILE} or a zip with it: folder -> [{{question, scores: a list of numbers per step}}]."
NAN_FIRST = "the official program ranks NaN before all other scores"
STOPS = "the official program stops where it reads that"


@dataclass(frozen=True, slots=True)
class ScoredQuestion:
    """The scores of a question's steps, one per candidate, higher is better."""

    question: str
    scores: tuple[tuple[float, ...], ...]


ScoredFolders = Mapping[str, tuple[ScoredQuestion, ...]]


def read_scored_folders(path: Path) -> ScoredFolders:
    """The predictions of a file, an archive with it, or a folder that holds ``submit_test.json``.

    Raises:
        UserError: it cannot be read, or is none; every problem is listed with its JSON pointer.
    """
    file = path / FILE if path.is_dir() else path
    document = read_document(file, "predictions", FIX, named=FILE)
    require(document, dict, file, "predictions of step choice", FIX)
    problems: list[Problem] = []
    folders = {folder: tuple(_questions(folder, records, problems)) for folder, records in document.items()}
    raise_problems(file, problems, FIX)
    return folders


def _questions(folder: str, records: Any, problems: list[Problem]) -> Iterator[ScoredQuestion]:
    if not isinstance(records, list):
        problems.append(Problem(pointer(folder), f"{json_type(records)}, not a list of questions; {STOPS}"))
        return
    for index, record in enumerate(records):
        own = pointer(folder, index)
        if not isinstance(record, dict):
            problems.append(Problem(own, f"{json_type(record)}, not an object; {STOPS}"))
            continue
        question, scores = record.get("question"), record.get("scores")
        if not isinstance(question, str):
            problems.append(Problem(own, "no 'question', which is a text"))
        if not isinstance(scores, list):
            problems.append(Problem(own, f"no 'scores', which is a list with one list per step; {STOPS}"))
            continue
        for k, row in enumerate(scores):
            problems += _faults(f"{own}/scores/{k}", row)
        if isinstance(question, str) and all(isinstance(row, list) for row in scores):
            yield ScoredQuestion(question, tuple(map(tuple, scores)))


def _faults(own: str, row: Any) -> Iterator[Problem]:
    if not isinstance(row, list):
        yield Problem(own, f"{json_type(row)}, not a list with one score per candidate; {STOPS}")
        return
    for index, score in enumerate(row):
        if fault := no_number(score):
            more = f"; {NAN_FIRST}" if isinstance(score, float) and score != score else ""
            yield Problem(f"{own}/{index}", fault + more)
