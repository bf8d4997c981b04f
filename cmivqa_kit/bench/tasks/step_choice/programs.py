"""LOVEU's three evaluation programs of step choice, with their holes.

All steps that a program meets go into one pool and are averaged. What it does not meet (missing steps, missing
questions but the last of a folder) is silently left out. Ties are ordered as with a stable sort.

Source: docs/spec/q2a.md, section 5; the programs need numpy before 2.4 (2022).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from cmivqa_kit.bench.tasks.step_choice.annotations import StepAnnotations
from cmivqa_kit.bench.tasks.step_choice.predictions import ScoredFolders
from cmivqa_kit.metrics.benchmarks.step_choice import rank_of


@dataclass(frozen=True, slots=True)
class Program:
    """Which of the published programs.

    Attributes:
        title: what it is called in a sentence.
        checks_length: whether it stops where a step has another number of scores than of candidates.
        ranks: whether it gives mean rank and "MRR" too, and stops at a label that is no candidate.
    """

    title: str
    checks_length: bool
    ranks: bool


LOVEU_22 = Program("LOVEU's program of 2022", True, True)
LOVEU_22_BEFORE = Program("LOVEU's program of 2022 before 30 May 2022, which did not check this,", False, True)
LOVEU_23 = Program("LOVEU's program of 2023", True, False)


@dataclass(frozen=True, slots=True)
class ScoredStep:
    """A step that a program met: its number of scores, the label from 0, its rank (``None``: no candidate)."""

    scores: int
    label: int
    rank: int | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a program gives: its numbers, or how it stops; and the steps that it averages or would have averaged."""

    numbers: dict[str, float] = field(default_factory=dict)
    crash: str = ""
    steps: tuple[ScoredStep, ...] = ()


class _Stop(Exception):
    """Where a program stops."""


def run(program: Program, annotations: StepAnnotations, predictions: ScoredFolders) -> Outcome:
    """The numbers that a program gives for predictions, by the names of its leaderboard; recalls are fractions."""
    try:
        steps = tuple(_steps(program, annotations, predictions))
    except _Stop as stop:
        return Outcome(crash=str(stop))
    crash = _crash(program, steps)
    if crash:
        return Outcome(crash=crash, steps=steps)
    count = len(steps)
    numbers = {f"Recall@{k}": sum(step.rank is not None and step.rank <= k for step in steps) / count for k in (1, 3)}
    if program.ranks:
        ranks = [float(step.rank or 0) for step in steps]
        numbers["MR"] = sum(ranks) / count
        numbers["MRR"] = sum(step.scores / rank for step, rank in zip(steps, ranks, strict=True)) / count
    return Outcome(numbers, steps=steps)


def _steps(program: Program, annotations: StepAnnotations, predictions: ScoredFolders) -> Iterator[ScoredStep]:
    for folder, questions in annotations.by_folder():
        if folder not in predictions:
            raise _Stop(f"KeyError: {folder!r} is not in the predictions")
        scored: dict[str, tuple[tuple[float, ...], ...]] = {}
        for prediction in predictions[folder]:
            scored.setdefault(prediction.question, prediction.scores)
        for question in questions:
            own = f"{folder}, question {question.number}"
            for number, (scores, step) in enumerate(
                zip(scored.get(question.question, ()), question.steps, strict=False), 1
            ):
                if program.checks_length and len(scores) != len(step.candidates):
                    raise _Stop(
                        f"AssertionError: {len(scores)} scores for the {len(step.candidates)} candidates of {own}, "
                        f"step {number}"
                    )
                if step.label_in_list or step.label is None:
                    raise _Stop(f"TypeError: the label of {own}, step {number} is not a number")
                yield ScoredStep(len(scores), step.label - 1, rank_of(scores, step.label - 1))
        if questions[-1].question not in scored:  # asked once per folder, after its last question
            raise _Stop(f"AssertionError: no predictions for the last question of {folder}")


def _crash(program: Program, steps: tuple[ScoredStep, ...]) -> str:
    """How a program stops on the steps that it met; empty where it does not."""
    for step in steps:
        if not step.scores:
            return "IndexError: a step has no scores"
        if program.ranks and step.rank is None:
            return f"TypeError: the label {step.label + 1} is none of {step.scores} candidates"
    return "" if steps else "ZeroDivisionError: there is no step to average"
