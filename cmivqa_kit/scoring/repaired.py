"""What the official numbers would be, had a crashing submission left out what the program cannot read.

Source: docs/spec/scoring.md, section 3.2.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

from cmivqa_kit.data.types import Track
from cmivqa_kit.scoring.ids import finder, key
from cmivqa_kit.scoring.official.program import SCALE
from cmivqa_kit.scoring.official.questions import CUTOFFS, RAISED, VALUE
from cmivqa_kit.scoring.official.totals import TOTALS
from cmivqa_kit.scoring.truth import computable

_NOTHING = dict.fromkeys([*(f"R@{k}" for k in CUTOFFS), "MRR", "Overall"], 0.0)  # Track 2 with no answer at all


@dataclass(frozen=True, slots=True)
class Repaired:
    """Official numbers of what could be read.

    Attributes:
        metrics: in the official program's own units (Track 1: percent).
        dropped_items: items left out because they are no objects or have no id.
        dropped_questions: questions whose answers were left out because the program crashes on the last of them.
    """

    track: Track
    metrics: dict[str, float]
    dropped_items: int
    dropped_questions: int

    @property
    def fractions(self) -> dict[str, float]:
        """The metrics on the board's scale."""
        return {name: value / SCALE[self.track] for name, value in self.metrics.items()}


def repair(track: Track, predictions: Any, targets: Any) -> Repaired | None:
    """Repaired numbers of a submission that the official program crashes on; ``None`` where none are defined.

    None are defined if the predictions are neither an array nor a single answer, or the answers lack what the track
    needs.
    """
    if isinstance(predictions, dict):
        predictions = [predictions] if "id" in predictions else predictions or []
    if not isinstance(predictions, list) or not computable(targets, track):
        return None
    readable = [item for item in predictions if isinstance(item, dict) and "id" in item]
    try:
        find = finder(readable)
    except RAISED:  # an id that contains itself
        return None
    lost: set[Hashable] = set()
    value = VALUE[track]
    for target in targets:
        try:
            value(target, find(target["id"]))
        except RAISED:
            lost.add(key(target["id"]))
    values = [value(t, None if lost and key(t["id"]) in lost else find(t["id"])) for t in targets]
    nothing = track == 2 and all(v is None for v in values)
    metrics = dict(_NOTHING) if nothing else TOTALS[track](values, len(targets))
    questions = sum(key(target["id"]) in lost for target in targets) if lost else 0
    return Repaired(track, metrics, len(predictions) - len(readable), questions)
