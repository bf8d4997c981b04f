"""AssistQ's annotations: the questions of each folder, their steps, the candidates of a step and the right one.

Source: docs/spec/q2a.md, sections 1.2 and 1.3.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from cmivqa_kit.bench.tasks.documents import json_type, pointer, raise_problems, read_document, require
from cmivqa_kit.data.display import short_repr
from cmivqa_kit.data.numbers import is_finite
from cmivqa_kit.errors import Problem
from cmivqa_kit.submission.scan import MIB

SIZE = 128 * MIB  # AssistQ's 529 questions take less than one
FORMAT = "an object: folder -> questions, each with question, answers (a list of candidates per step), images, correct"
FIX = f"AssistQ's annotations are {FORMAT}."


@dataclass(frozen=True, slots=True)
class Step:
    """A step of a question.

    Attributes:
        candidates: the actions to choose from; a button is written ``<button2>``.
        image: file name of the picture that the user sees; empty where none is given.
        label: number of the right candidate, from 1; ``None`` where the file does not tell. It may be no candidate.
        label_in_list: whether the file gives the label as a list of one, which stops LOVEU's programs.
    """

    candidates: tuple[str, ...]
    image: str = ""
    label: int | None = None
    label_in_list: bool = False


@dataclass(frozen=True, slots=True)
class StepQuestion:
    """A question about the video of a folder; ``number`` is its position in the folder, from 1."""

    folder: str
    number: int
    question: str
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class StepAnnotations:
    """All questions of an annotation file, in its order."""

    path: Path
    questions: tuple[StepQuestion, ...]

    def by_folder(self) -> Iterator[tuple[str, tuple[StepQuestion, ...]]]:
        """The questions of each folder, in the order of the file."""
        for folder, questions in groupby(self.questions, key=lambda question: question.folder):
            yield folder, tuple(questions)

    @property
    def steps(self) -> int:
        """How many steps there are."""
        return sum(len(question.steps) for question in self.questions)


def read_step_annotations(path: Path, labelled: bool = True) -> StepAnnotations:
    """The annotations of a file; ``labelled`` asks for the right candidate of every step.

    Raises:
        UserError: it cannot be read, or is none; every problem is listed with its JSON pointer.
    """
    document = read_document(path, "annotations", FIX, size=SIZE)
    require(document, dict, path, "AssistQ's annotations", FIX)
    problems: list[Problem] = []
    questions: list[StepQuestion] = []
    for folder, records in document.items():
        if not isinstance(records, list):
            problems.append(Problem(pointer(folder), f"{json_type(records)}, not a list of questions"))
            continue
        for index, record in enumerate(records):
            question = _question(folder, index, record, labelled, problems)
            if question is not None:
                questions.append(question)
    if not questions and not problems:
        problems.append(Problem("/", "no question"))
    raise_problems(path, problems, FIX)
    return StepAnnotations(path, tuple(questions))


def _question(folder: str, index: int, record: Any, labelled: bool, problems: list[Problem]) -> StepQuestion | None:
    """A record as a question; ``None`` where it is none, which is added to the ``problems``."""
    own = pointer(folder, index)
    if not isinstance(record, dict):
        problems.append(Problem(own, f"{json_type(record)}, not a question"))
        return None
    before = len(problems)
    if not isinstance(record.get("question"), str):
        problems.append(_wrong(own, record, "question", "a text"))
    answers = record.get("answers")
    if not isinstance(answers, list) or not answers:
        problems.append(_wrong(own, record, "answers", "a list with the candidates of every step"))
        return None
    for k, candidates in enumerate(answers):
        if not isinstance(candidates, list) or not candidates or not all(isinstance(c, str) for c in candidates):
            problems.append(Problem(f"{own}/answers/{k}", "not a list of candidates, which are texts"))
    images = _parallel(own, record, "images", len(answers), problems) or [""] * len(answers)
    labels = _parallel(own, record, "correct", len(answers), problems, required=labelled) or [None] * len(answers)
    for k, image in enumerate(images):
        if not isinstance(image, str):
            problems.append(Problem(f"{own}/images/{k}", f"{json_type(image)}, not the name of a file"))
    for k, label in enumerate(labels):
        number = label[0] if isinstance(label, list) and len(label) == 1 else label
        if label is not None and not (is_finite(number) and int(number) == number):
            problems.append(Problem(f"{own}/correct/{k}", f"{short_repr(label, 30)} is not the number of a candidate"))
    if len(problems) > before:
        return None
    steps = (
        Step(tuple(candidates), image, *_label(label))
        for candidates, image, label in zip(answers, images, labels, strict=True)
    )
    return StepQuestion(folder, index + 1, record["question"], tuple(steps))


def _label(label: Any) -> tuple[int | None, bool]:
    if isinstance(label, list):
        return int(label[0]), True
    return (None if label is None else int(label)), False


def _parallel(
    own: str, record: dict[str, Any], key: str, steps: int, problems: list[Problem], required: bool = False
) -> list[Any] | None:
    """The list of a record with one entry per step; ``None`` where there is none."""
    values = record.get(key)
    if key not in record and not required:
        return None
    if not isinstance(values, list):
        problems.append(_wrong(own, record, key, "a list with one entry per step"))
        return None
    if len(values) != steps:
        problems.append(Problem(f"{own}/{key}", f"{len(values)} entries for {steps} steps"))
        return None
    if None in values:
        problems.append(Problem(f"{own}/{key}/{values.index(None)}", "null, not an entry"))
        return None
    return values


def _wrong(own: str, record: dict[str, Any], key: str, wanted: str) -> Problem:
    if key not in record:
        return Problem(own, f"no {key!r}, which is {wanted}")
    return Problem(f"{own}/{key}", f"{json_type(record[key])}, not {wanted}")
