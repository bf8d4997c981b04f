"""The two results that stand side by side on a score card."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from cmivqa_kit.metrics.ranks_and_ious import Values
from cmivqa_kit.metrics.scale import FRACTION, Scale
from cmivqa_kit.scoring.crashes import Crash
from cmivqa_kit.scoring.ids import json_safe


@dataclass(frozen=True, slots=True, eq=False)
class OfficialResult:
    """What the official program says.

    Attributes:
        status: ``ok``; ``official_crash`` where the program would stop while scoring; ``unreadable`` where it cannot
            even read the submission. Without ``ok`` there are no metrics.
        metrics: fractions, the board's scale, in the program's order.
        raw: the same in the program's own units (Track 1: percent), bit for bit.
        crash: where the program stops.
        repaired, repaired_raw: on ``official_crash`` the numbers without what the program cannot read; ``None`` where
            they are not defined.
        dropped_items, dropped_questions: what they leave out (see `Repaired`).
        per_question: (n,) values in the order of the ground truth, as fractions; NaN where the program leaves a
            question out of a mean (unanswered ones in the MRR). Overall has none.
    """

    status: Literal["ok", "official_crash", "unreadable"]
    metrics: dict[str, float] = field(default_factory=dict)
    raw: dict[str, float] = field(default_factory=dict)
    crash: Crash | None = None
    repaired: dict[str, float] | None = None
    repaired_raw: dict[str, float] | None = None
    dropped_items: int = 0
    dropped_questions: int = 0
    per_question: dict[str, Values] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """The machine-readable twin, without values per question."""
        repaired = None
        if self.repaired is not None and self.repaired_raw is not None:
            repaired = {
                "metrics": safe_numbers(self.repaired),
                "raw": safe_numbers(self.repaired_raw),
                "dropped_items": self.dropped_items,
                "dropped_questions": self.dropped_questions,
            }
        return {
            "status": self.status,
            "metrics": safe_numbers(self.metrics) or None,
            "raw": safe_numbers(self.raw) or None,
            "crash": self.crash.to_dict() if self.crash else None,
            "repaired": repaired,
        }


@dataclass(frozen=True, slots=True, eq=False)
class StrictResult:
    """The corrected scores.

    Attributes:
        metrics: values by canonical name, what ranks first; empty where strict scoring refuses.
        by_language: the same over the questions of each ``language_type`` of the ground truth; empty if it has none.
        per_question: (n,) values in the order of the ground truth, always finite; the mean of each is the metric.
        error: why strict scoring refuses, a fixed word (``ground_truth_bad_span``, ``submission_not_array``, ...);
            empty where it does not.
        message: the same in a sentence, with the place.
        scales: unit, direction and bounds of each metric. All of the kit's own are fractions.
    """

    metrics: dict[str, float] = field(default_factory=dict)
    by_language: dict[str, dict[str, float]] = field(default_factory=dict)
    per_question: dict[str, Values] = field(default_factory=dict)
    error: str = ""
    message: str = ""
    scales: Mapping[str, Scale] = field(default_factory=dict)

    def scale(self, name: str) -> Scale:
        """Unit, direction and bounds of a metric; a fraction for one that only the official program has."""
        return self.scales.get(name, FRACTION)

    def to_dict(self) -> dict[str, Any]:
        """The machine-readable twin, without values per question."""
        return {
            "status": "refused" if self.error else "ok",
            "error": self.error or None,
            "message": self.message or None,
            "metrics": safe_numbers(self.metrics) or None,
            "by_language": {name: safe_numbers(values) for name, values in self.by_language.items()} or None,
            "scales": {name: scale.to_dict() for name, scale in self.scales.items()} or None,
        }


def safe_numbers(numbers: dict[str, float]) -> dict[str, Any]:
    """Numbers as JSON can hold them: ``null`` for NaN, ``"Infinity"`` and ``"-Infinity"`` for infinities."""
    return {name: json_safe(value) for name, value in numbers.items()}
