"""Predictions of step choice as LOVEU takes them: folder -> questions with a score per candidate of every step.

Source: docs/spec/q2a.md, section 1.4.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from cmivqa_kit.bench.tasks.documents import json_type, no_number, pointer, raise_problems, read_document, require
from cmivqa_kit.errors import Problem
from cmivqa_kit.files import atomic_path, write_json

FILE = "submit_test.json"
DATED = (1980, 1, 1, 0, 0, 0)  # of every member of an archive: the same scores are the same bytes
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


def write_scored_folders(path: Path, folders: ScoredFolders) -> None:
    """Write predictions as LOVEU takes them, whole or not at all; scores in full precision.

    A path that ends in ``.zip`` becomes an archive with ``submit_test.json``, the same bytes for the same scores.
    """
    document = {
        folder: [{"question": one.question, "scores": [list(row) for row in one.scores]} for one in questions]
        for folder, questions in folders.items()
    }
    if path.suffix.lower() != ".zip":
        write_json(path, document)
        return
    text = json.dumps(document, ensure_ascii=False, indent=1) + "\n"
    with atomic_path(path) as staged, ZipFile(staged, "w", ZIP_DEFLATED) as archive:
        archive.writestr(ZipInfo(FILE, DATED), text.encode("utf-8"), ZIP_DEFLATED)


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
