"""What is told of the dev evaluations of a training while it goes on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass


def _silent_question(answered: int, questions: int) -> None:
    """Nothing is shown of a dev question."""


def _silent_evaluation(step: int, metrics: Mapping[str, float], best: bool) -> None:
    """Nothing is shown of a dev evaluation."""


@dataclass(frozen=True, slots=True)
class DevProgress:
    """What is told of the dev evaluations of a training.

    Attributes:
        question: called after every dev question with how many are answered, and of how many.
        evaluation: called after every evaluation with the optimizer step, the metrics (the deciding one first), and
            whether it is the best so far.
    """

    question: Callable[[int, int], None] = _silent_question
    evaluation: Callable[[int, Mapping[str, float], bool], None] = _silent_evaluation


SILENT_DEV = DevProgress()
