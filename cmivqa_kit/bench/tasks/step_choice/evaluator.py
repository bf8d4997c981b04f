"""Step choice (AssistQ): which candidate is the right action of each step of a question; LOVEU'22 and LOVEU'23.

The kit asks for every step: one without scores, or with another number of scores than candidates, is a miss.

Source: docs/spec/q2a.md, section 5.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cmivqa_kit.bench.contract.types import Evaluation, SplitCheck
from cmivqa_kit.bench.tasks.documents import problems_of
from cmivqa_kit.bench.tasks.step_choice.annotations import StepAnnotations, StepQuestion, read_step_annotations
from cmivqa_kit.bench.tasks.step_choice.folders import folder_remarks
from cmivqa_kit.bench.tasks.step_choice.matching import paired
from cmivqa_kit.bench.tasks.step_choice.predictions import ScoredFolders, read_scored_folders
from cmivqa_kit.bench.tasks.step_choice.programs import LOVEU_22, LOVEU_23, Program, run
from cmivqa_kit.bench.tasks.step_choice.remarks import remarks_on, remarks_on_truth
from cmivqa_kit.errors import UserError
from cmivqa_kit.metrics.benchmarks.step_choice import METRICS, StepRanks, rank_of, step_values

Files = Mapping[str, tuple[str, ...]]  # split -> names of its annotation file, the usual one first
SPLITS_22: Files = {"test": ("test_with_gt.json",), "train": ("train.json",)}
WITHOUT_ANSWERS_22: Files = {"test": ("test_without_gt.json",)}
SPLITS_23: Files = {"test": ("assistq_test2023_with_gt.json", "test2023_with_gt.json"), "train": ("train.json",)}
WITHOUT_ANSWERS_23: Files = {"test": ("test2023_without_gt.json",)}


@dataclass(frozen=True, slots=True)
class StepChoiceEvaluator:
    """Reads AssistQ's annotations and LOVEU's predictions and scores them.

    Attributes:
        program: the official program.
        files: the annotation files of each split, below the data root.
        without_answers: those that participants had of a split, which cannot be scored against.
        media: split -> the folder with the videos that its questions are about.
    """

    program: Program
    files: Files
    without_answers: Files
    media: Mapping[str, str]

    def truth_files(self, root: Path, split: str) -> tuple[Path, ...]:
        """The annotation file of a split.

        Raises:
            UserError: it is not there.
        """
        path = _first(root, self.files[split])
        if path is not None:
            return (path,)
        raise UserError(f"{root}: no {self.files[split][0]}", "Name the folder that holds it, or give --truth FILE.")

    def read_truth(self, files: Sequence[Path]) -> StepAnnotations:
        """The questions of the annotation file.

        Raises:
            UserError: there are several files, or it cannot be read; every problem is listed.
        """
        if len(files) != 1:
            raise UserError(f"{len(files)} annotation files, not one", "Give one file of annotations.")
        return read_step_annotations(files[0])

    def check(self, root: Path, split: str) -> SplitCheck:
        """How many questions, steps and candidates a split has; what is wrong with its files."""
        path = _first(root, self.files[split])
        labelled = path is not None
        path = path or _first(root, self.without_answers.get(split, ()))
        if path is None:
            return SplitCheck(split)
        try:
            annotations = read_step_annotations(path, labelled)
        except UserError as error:
            return SplitCheck(split, (path,), problems=problems_of(error, path))
        hidden = () if labelled else (f"{path.name} has no answers: it serves to predict, not to score.",)
        remarks = (*remarks_on_truth(annotations), *folder_remarks(root / self.media[split], annotations))
        folders = tuple(dict.fromkeys(question.folder for question in annotations.questions))
        return SplitCheck(split, (path,), _sizes(annotations), remarks=(*hidden, *remarks), videos=folders)

    def read_predictions(self, path: Path, truth: StepAnnotations) -> ScoredFolders:
        """The scores that a system gives to candidates: ``submit_test.json``, a zip with it, or its folder.

        Raises:
            UserError: it cannot be read; every problem is listed.
        """
        return read_scored_folders(path)

    def evaluate(self, truth: StepAnnotations, predictions: ScoredFolders) -> Evaluation:
        """What LOVEU's program gives, and values per step; one that is not answered is a miss with the last rank."""
        outcome = run(self.program, truth, predictions)
        steps = [(question, k, scores) for question, k, scores in _answers(truth, predictions)]
        candidates = np.array([len(question.steps[k].candidates) for question, k, _ in steps], dtype=np.int64)
        ranks = np.array([_rank(question, k, scores) for question, k, scores in steps], dtype=np.int64)
        facts = StepRanks(candidates, ranks)
        answered = sum(bool(scores) for _, _, scores in steps)
        return Evaluation(
            official=outcome.numbers,
            crash=outcome.crash,
            metrics=METRICS,
            values=step_values(facts),
            queries=tuple(f"{question.folder}/{question.number}/{k + 1}" for question, k, _ in steps),
            clusters=tuple(question.folder for question, _, _ in steps),
            counts={
                "steps": len(steps),
                "answered": answered,
                "missing": len(steps) - answered,
                "questions": len(truth.questions),
                **_unasked(truth, predictions),
            },
            remarks=tuple(remarks_on(self.program, truth, predictions, outcome.crash)),
            extra={"num_steps": float(len(steps)), "mean_candidates": float(candidates.mean())},
        )


def loveu_22() -> StepChoiceEvaluator:
    """LOVEU'22: the questions about the 20 videos of the test folder."""
    return StepChoiceEvaluator(LOVEU_22, SPLITS_22, WITHOUT_ANSWERS_22, {"test": "test", "train": "train"})


def loveu_23() -> StepChoiceEvaluator:
    """LOVEU'23: new questions about the videos of the training folder."""
    return StepChoiceEvaluator(LOVEU_23, SPLITS_23, WITHOUT_ANSWERS_23, {"test": "train", "train": "train"})


def _first(root: Path, names: Sequence[str]) -> Path | None:
    """The first of these files that is there."""
    return next((root / name for name in names if (root / name).is_file()), None)


def _answers(
    truth: StepAnnotations, predictions: ScoredFolders
) -> Iterator[tuple[StepQuestion, int, tuple[float, ...]]]:
    """Every step with its scores; without any where they are missing or are not one per candidate."""
    for question, scores in paired(truth, predictions):
        for k, step in enumerate(question.steps):
            row = scores[k] if scores is not None and k < len(scores) else ()
            yield question, k, row if len(row) == len(step.candidates) else ()


def _rank(question: StepQuestion, k: int, scores: tuple[float, ...]) -> int:
    """Rank of the right candidate of a step; 0 where it is not answered, or the label is no candidate."""
    return (rank_of(scores, (question.steps[k].label or 0) - 1) or 0) if scores else 0


def _unasked(truth: StepAnnotations, predictions: ScoredFolders) -> dict[str, int]:
    """How many folders and questions of the predictions are in no annotation, and how many steps are too many."""
    asked = dict(truth.by_folder())
    texts = {folder: {question.question for question in questions} for folder, questions in asked.items()}
    surplus = sum(max(len(scores or ()) - len(question.steps), 0) for question, scores in paired(truth, predictions))
    unknown = sum(
        record.question not in texts[folder]
        for folder, records in predictions.items()
        if folder in texts
        for record in records
    )
    return {
        "unknown folders": len(set(predictions) - set(asked)),
        "unknown questions": unknown,
        "surplus steps": surplus,
    }


def _sizes(annotations: StepAnnotations) -> dict[str, int | float]:
    candidates = [len(step.candidates) for question in annotations.questions for step in question.steps]
    return {
        "folders": sum(1 for _ in annotations.by_folder()),
        "questions": len(annotations.questions),
        "steps": len(candidates),
        "candidates per step": round(sum(candidates) / len(candidates), 2),
    }
