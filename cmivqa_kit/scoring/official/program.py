"""The official program on decoded documents: its numbers, or where it would have stopped.

Only the search for a question's prediction is a dictionary instead of a scan of the whole file.
Source: docs/spec/scoring.md, sections 2.3 and 3.1.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from cmivqa_kit.data.types import Track
from cmivqa_kit.scoring.ids import finder
from cmivqa_kit.scoring.official.questions import RAISED, VALUE
from cmivqa_kit.scoring.official.totals import ARRAYS, TOTALS, Values

HEADLINE: Mapping[Track, str] = {1: "mIoU", 2: "Overall", 3: "Average"}
SCALE: Mapping[Track, float] = {1: 100.0, 2: 1.0, 3: 1.0}  # the program's units per board's unit


@dataclass(frozen=True, slots=True, eq=False)
class Official:
    """Official numbers of n questions.

    Attributes:
        metrics: by canonical name, in the program's own units (Track 1: percent; else fractions) and order.
        per_question: (n,) values in the order of the targets, as fractions; NaN where the program leaves a question
            out of a mean (unanswered questions in the MRR). Overall has none: it is no mean over questions.
        used: the prediction taken for each target, ``None`` where there is none.
    """

    track: Track
    metrics: dict[str, float]
    per_question: dict[str, Values]
    used: list[Any]

    @property
    def fractions(self) -> dict[str, float]:
        """The metrics on the board's scale."""
        return {name: value / SCALE[self.track] for name, value in self.metrics.items()}


class OfficialCrash(Exception):
    """The official program would have raised here.

    ``exception`` is its type's name; ``target_index`` the position in the target list, ``None`` where the crash is not
    tied to a question.
    """

    def __init__(self, exception: str, target_index: int | None, question_id: Any = None) -> None:
        super().__init__(exception, target_index)
        self.exception = exception
        self.target_index = target_index
        self.question_id = question_id


def score_official(track: Track, predictions: Any, targets: Any) -> Official:
    """Official numbers of decoded predictions against decoded targets.

    Raises:
        OfficialCrash: where the organizers' program raises.
    """
    used: list[Any] = []
    values: list[Any] = []
    value = VALUE[track]
    index: int | None = None
    try:
        count = len(targets)
        find: Callable[[Any], Any] | None = None
        for index in range(count):
            target = targets[index]
            identity = target["id"]
            if find is None:  # the program scans the predictions inside the loop: nothing happens on an empty target
                find = finder(predictions)
            prediction = find(identity)
            used.append(prediction)
            values.append(value(target, prediction))
        index = None
        metrics = TOTALS[track](values, count)
    except RAISED as error:
        raise OfficialCrash(type(error).__name__, index, _id_at(targets, index)) from None
    return Official(track, metrics, ARRAYS[track](values), used)


def _id_at(targets: Any, index: int | None) -> Any:
    try:
        return None if index is None else targets[index]["id"]
    except (LookupError, TypeError):
        return None
