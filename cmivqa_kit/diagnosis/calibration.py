"""Whether a system knows how good its answers are: the IoU expected of each first answer beside the real one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from cmivqa_kit.data.id_keys import plain_key
from cmivqa_kit.diagnosis.outcomes import Outcome

MOST = 10  # groups at most
FEWEST = 10  # questions of a group, where there are so many: a mean of fewer says next to nothing


@dataclass(frozen=True, slots=True)
class Group:
    """First answers of which about the same was expected: how many, and the means of expected and real IoU."""

    n: int
    expected: float
    real: float


@dataclass(frozen=True, slots=True)
class Calibration:
    """Expected and real IoU of the first answers that came with a confidence, in groups of equal size.

    Attributes:
        questions: how many there are.
        expected: mean of the IoU that was expected.
        real: mean of the IoU that came.
        error: mean distance of the groups' two means, each group by its size; 0: perfectly calibrated.
        groups: by rising expected IoU.
    """

    questions: int
    expected: float
    real: float
    error: float
    groups: tuple[Group, ...]

    @classmethod
    def of(cls, pairs: Sequence[tuple[float, float]]) -> Calibration | None:
        """The calibration of (expected, real) pairs; ``None`` without any."""
        if not pairs:
            return None
        rising = sorted(pairs)
        count = max(1, min(MOST, len(rising) // FEWEST))
        bounds = [len(rising) * number // count for number in range(count + 1)]
        groups = tuple(_group(rising[begin:end]) for begin, end in pairwise(bounds))
        whole = _group(rising)
        error = sum(one.n * abs(one.expected - one.real) for one in groups) / whole.n
        return cls(whole.n, whole.expected, whole.real, error, groups)

    def to_dict(self) -> dict[str, Any]:
        """The machine-readable twin, unrounded."""
        groups = [{"n": one.n, "expected": one.expected, "real": one.real} for one in self.groups]
        return {
            "questions": self.questions, "expected": self.expected, "real": self.real, "error": self.error,
            "groups": groups,
        }  # fmt: skip


def calibration_of(
    outcomes: Sequence[Outcome], confidences: Mapping[Any, Sequence[float | None]]
) -> Calibration | None:
    """The calibration of an entry; ``None`` where no first answer has a confidence.

    Args:
        outcomes: of every question.
        confidences: question id -> the expected IoU of every answer in its order; ``None``: not known.
    """
    known = {plain_key(identity): values for identity, values in confidences.items()}
    pairs = []
    for outcome in outcomes:
        values = known.get(plain_key(outcome.id))
        if outcome.answer == "given" and values and values[0] is not None:
            at, real = outcome.overlaps[0] if outcome.overlaps else (0, 0.0)
            pairs.append((values[0], real if at == 1 else 0.0))
    return Calibration.of(pairs)


def _group(pairs: Sequence[tuple[float, float]]) -> Group:
    expected, real = zip(*pairs, strict=True)
    return Group(len(pairs), sum(expected) / len(pairs), sum(real) / len(pairs))
