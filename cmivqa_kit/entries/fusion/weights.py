"""Weights fitted on submissions of the same systems for a split with answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from cmivqa_kit.data.types import Track
from cmivqa_kit.entries.entry import Entry
from cmivqa_kit.entries.fusion.parts import read_parts
from cmivqa_kit.entries.fusion.ranks import CONSTANT, Merged, fused_rows, merge
from cmivqa_kit.errors import UserError
from cmivqa_kit.scoring.strict import Strict, score_strict

GRID = (0.0, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)  # of one file beside the others
ROUNDS = 4
_NOISE = 1e-12


@dataclass(frozen=True, slots=True)
class Fit:
    """Weights, and what they gave on the split that they were fitted on (strict).

    Attributes:
        weights: one per file; their sum is 1.
        metric: what the track is ranked by.
        split: the split of the answers.
        alone: the value of each file by itself.
        equal: with equal weights.
        fitted: with these.
    """

    weights: tuple[float, ...]
    track: Track
    metric: str
    split: str
    questions: int
    alone: tuple[float, ...]
    equal: float
    fitted: float


def fit(entries: Sequence[Entry], track: Track, constant: float = CONSTANT) -> Fit:
    """Find weights on submissions with answers.

    From equal weights on, one file after the other gets the weight of `GRID` that gives the largest value of the metric
    which ranks the track, as long as any changes; a change must gain, so what makes no difference stays equal.

    Raises:
        UserError: as `read_parts`; no answers belong to them.
    """
    answers = entries[0].require("fitted", track).answers
    targets = next(own.targets for own in answers if own.track == track)
    split = next(own.split for own in answers if own.track == track)
    merged = merge(read_parts(entries, track))
    metric = merged.parts.edition.metrics.ranks[track - 1]

    def value(weights: Sequence[float]) -> float:
        return _value(merged, weights, constant, track, targets, metric)

    count = len(entries)
    weights = [1.0] * count
    equal = best = value(weights)
    for _ in range(ROUNDS):
        before = best
        for part in range(count):
            for candidate in GRID:
                tried = [*weights[:part], candidate, *weights[part + 1 :]]
                if any(tried) and (own := value(tried)) > best + _NOISE:
                    weights, best = tried, own
        if best == before:
            break
    alone = tuple(value([float(at == part) for at in range(count)]) for part in range(count))
    total = sum(weights)
    return Fit(tuple(weight / total for weight in weights), track, metric, split, len(targets), alone, equal, best)


def _value(
    merged: Merged, weights: Sequence[float], constant: float, track: Track, targets: list[Any], metric: str
) -> float:
    rows: list[dict[str, Any]] = []
    for identity, entries in fused_rows(merged, weights, constant):
        if track != 1:
            rows.append({"id": identity, "output": [list(entry) for entry in entries]})
        elif entries:
            rows.append({"id": identity, "start_second": entries[0][1], "end_second": entries[0][2]})
    scored = score_strict(track, rows, targets, merged.parts.edition)
    if not isinstance(scored, Strict):
        raise UserError(f"nothing to fit on: {scored.message}", "Give submissions for a split with sound answers.")
    return scored.metrics[metric]
