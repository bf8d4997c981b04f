"""What is to be known of annotations and predictions of step choice, and what LOVEU's programs do with it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from cmivqa_kit.bench.tasks.step_choice.annotations import StepAnnotations, StepQuestion
from cmivqa_kit.bench.tasks.step_choice.matching import paired
from cmivqa_kit.bench.tasks.step_choice.predictions import ScoredFolders
from cmivqa_kit.bench.tasks.step_choice.programs import LOVEU_22, LOVEU_22_BEFORE, Program, run
from cmivqa_kit.data.display import count


def remarks_on(program: Program, truth: StepAnnotations, predictions: ScoredFolders, crash: str) -> Iterator[str]:
    """What the official program does with what is missing or ambiguous here."""
    yield from remarks_on_truth(truth)
    yield from _remarks_about_missing(truth, predictions)
    for folder, records in predictions.items():
        repeated = [text for text, times in Counter(record.question for record in records).items() if times > 1]
        if repeated:
            yield (
                f"{folder} has {count(len(repeated), 'question')} twice: the official program takes the first "
                "predictions each time, the kit the first for the first question of that text."
            )
    if program is LOVEU_22 and "scores for the" in crash:
        before = run(LOVEU_22_BEFORE, truth, predictions)
        numbers = ", ".join(f"{name} {value:.4f}" for name, value in before.numbers.items())
        yield f"{LOVEU_22_BEFORE.title} {f'gives {numbers}' if numbers else f'stops too: {before.crash}'}."


def _remarks_about_missing(truth: StepAnnotations, predictions: ScoredFolders) -> Iterator[str]:
    asked = dict(truth.by_folder())
    folders = [folder for folder in asked if folder not in predictions]
    if folders:
        yield f"{_some(folders, 'folder')} not in the predictions: misses for the kit; the official program stops."
    questions = [_name(q) for q, scores in paired(truth, predictions) if scores is None and q.folder in predictions]
    if questions:
        yield (
            f"{_some(questions, 'question')} without predictions: misses for the kit; the official program leaves them "
            "out of its means, and stops where the last question of a folder has none."
        )
    short, uneven = [], []
    for question, scores in paired(truth, predictions):
        if scores is not None and len(scores) < len(question.steps):
            short.append(_name(question))
        if any(len(row) != len(step.candidates) for row, step in zip(scores or (), question.steps, strict=False)):
            uneven.append(_name(question))
    if short:
        yield (
            f"{_some(short, 'question')} with fewer lists of scores than steps: the missing steps are misses for the "
            "kit; the official program leaves them out of its means."
        )
    if uneven:
        yield (
            f"{_some(uneven, 'question')} with another number of scores than candidates in a step: a miss for the kit; "
            "the official program stops."
        )


def _name(question: StepQuestion) -> str:
    return f"{question.folder}, question {question.number}"


def remarks_on_truth(truth: StepAnnotations) -> Iterator[str]:
    """What of the annotations the official programs do not read as they stand."""
    listed = sum(step.label_in_list for question in truth.questions for step in question.steps)
    if listed:
        yield f"{count(listed, 'label')} given as a list of one: the kit reads them, the official programs stop there."
    outside = sum(
        step.label is not None and not 1 <= step.label <= len(step.candidates)
        for question in truth.questions
        for step in question.steps
    )
    if outside:
        yield (
            f"{count(outside, 'label')} outside the candidates: a miss for every system; LOVEU's program of 2022 stops "
            "there."
        )
    texts = Counter((question.folder, question.question) for question in truth.questions)
    repeated = sum(times > 1 for times in texts.values())
    if repeated:
        yield f"{count(repeated, 'question')} asked twice in one folder: the official programs cannot tell them apart."


def _some(names: Sequence[str], noun: str, most: int = 3) -> str:
    """``4 folders (a; b; c; ...)``."""
    return f"{count(len(names), noun)} ({'; '.join(names[:most])}{'; ...' if len(names) > most else ''})"
