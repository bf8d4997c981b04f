"""What is told of a training while it goes on, beside its steps: what it prepares, and its dev evaluations."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass


def _silent_question(answered: int, questions: int) -> None:
    """Nothing is shown of a dev question."""


def _silent_evaluation(step: int, metrics: Mapping[str, float], best: bool) -> None:
    """Nothing is shown of a dev evaluation."""


def _silent_preparation(title: str, done: int, total: int) -> None:
    """Nothing is shown of what is prepared."""


@dataclass(frozen=True, slots=True)
class DevProgress:
    """What is told of the dev evaluations of a training, and of what it prepares before its first step.

    Attributes:
        question: called after every dev question with how many are answered, and of how many.
        evaluation: called after every evaluation with the optimizer step, the metrics (the deciding one first), and
            whether it is the best so far.
        preparation: called with what is being prepared, how much of it is done, and of how much.
    """

    question: Callable[[int, int], None] = _silent_question
    evaluation: Callable[[int, Mapping[str, float], bool], None] = _silent_evaluation
    preparation: Callable[[str, int, int], None] = _silent_preparation


SILENT_DEV = DevProgress()
