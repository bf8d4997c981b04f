"""Which predictions belong to which question; AssistQ's questions have no ids, only a folder and a text."""

from __future__ import annotations

from collections.abc import Iterator

from cmivqa_kit.bench.tasks.step_choice.annotations import StepAnnotations, StepQuestion
from cmivqa_kit.bench.tasks.step_choice.predictions import ScoredFolders

Scores = tuple[tuple[float, ...], ...]


def paired(truth: StepAnnotations, predictions: ScoredFolders) -> Iterator[tuple[StepQuestion, Scores | None]]:
    """Every question with its scores; of several with one text in a folder the first takes the first, and so on."""
    for folder, questions in truth.by_folder():
        by_text: dict[str, list[Scores]] = {}
        for record in predictions.get(folder, ()):
            by_text.setdefault(record.question, []).append(record.scores)
        for question in questions:
            scores = by_text.get(question.question)
            yield question, scores.pop(0) if scores else None
