"""TVR's evaluation program: recalls in float32, percentages with two decimals, by type of query.

`hits` serves the kit's own measures as well, in float64.

Source: docs/spec/scoring.md, section 5.3; the program needs ``numpy.bool``, which NumPy 1.24 to 1.26 lack.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from cmivqa_kit.bench.contract.types import QueryId
from cmivqa_kit.bench.tasks.tvr.annotations import SEVERAL, TYPES, TvrAnnotations, TvrQuery
from cmivqa_kit.bench.tasks.tvr.predictions import TASKS, TvrPredictions
from cmivqa_kit.metrics.ranks_and_ious import Values

THRESHOLDS = (0.5, 0.7)
CUTOFFS = (1, 5, 10, 100)
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class TvrOutcome:
    """What the program prints, or how it stops."""

    numbers: dict[str, Any] = field(default_factory=dict)
    crash: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Hits:
    """Which predictions of n queries are right, padded with wrong ones to the longest list of p.

    Attributes:
        video: (n, p) the video is right.
        moment: threshold -> (n, p) the video is right and the IoU is that high.
    """

    video: Mask
    moment: Mapping[float, Mask]


def run(
    annotations: TvrAnnotations,
    predictions: TvrPredictions,
    thresholds: Sequence[float] = THRESHOLDS,
    cutoffs: Sequence[int] = CUTOFFS,
    by_type: bool = True,
) -> TvrOutcome:
    """What the program prints for the first 100 predictions of every query; percentages.

    A type without queries, for which it prints NaN, has ``None``.
    """
    queries = annotations.queries
    numbers: dict[str, Any] = {}
    typed: dict[str, Any] = {}
    for task in (task for task in TASKS if task in predictions.tasks):
        rows = predictions.tasks[task]
        crash = _crash(task, queries, rows, predictions.indices)
        if crash:
            return TvrOutcome(crash=crash)
        recalls = _recalls(task, hits(queries, rows, predictions.indices, thresholds, np.float32), cutoffs)
        numbers[task] = {key: _percent(right.mean()) for key, right in recalls.items()}
        typed[f"{task}_by_type"] = _by_type(queries, recalls)
    return TvrOutcome({**numbers, **(typed if by_type else {})})


def hits(
    queries: Sequence[TvrQuery],
    rows: Mapping[QueryId, Values],
    indices: Mapping[str, float],
    thresholds: Sequence[float],
    dtype: DTypeLike,
) -> Hits:
    """Which predictions are right, in the arithmetic of ``dtype``; a query without any has wrong ones only."""
    longest = max((len(rows[query.id]) for query in queries if query.id in rows), default=0)
    video = np.zeros((len(queries), longest), dtype=bool)
    moment = {threshold: np.zeros_like(video) for threshold in thresholds}
    with np.errstate(over="ignore", invalid="ignore"):  # float32 ends at 3e38; what is not finite is no hit
        for i, query in enumerate(queries):
            if query.id not in rows or query.video not in indices:
                continue
            own = rows[query.id].astype(dtype)
            right = own[:, 0] == np.asarray(indices[query.video]).astype(dtype)
            video[i, : len(own)] = right
            needed = 2 if len(query.spans) >= SEVERAL else 1
            overlaps = [_overlap(own[:, 1:], np.array(span, dtype=dtype)) for span in query.spans]
            for threshold in thresholds:
                reached = sum((overlap >= own.dtype.type(threshold)).astype(int) for overlap in overlaps)
                moment[threshold][i, : len(own)] = right & (np.asarray(reached) >= needed)
    return Hits(video, moment)


def within(right: Mask, positions: NDArray[np.int64], cutoff: int) -> Mask:
    """(n,) whether one of the predictions at positions up to ``cutoff`` is right."""
    hits: Mask = np.any(right & (positions <= cutoff), axis=1)
    return hits


def _overlap(spans: NDArray[Any], own: NDArray[Any]) -> NDArray[Any]:
    """(n,) intersection divided by the hull; 0 where that has no length."""
    shared = np.maximum(0, np.minimum(spans[:, 1], own[1]) - np.maximum(spans[:, 0], own[0]))
    hull = np.maximum(spans[:, 1], own[1]) - np.minimum(spans[:, 0], own[0])
    overlap: NDArray[Any] = np.divide(shared, hull, out=np.zeros_like(shared), where=hull != 0)
    return overlap


def _crash(task: str, queries: Sequence[TvrQuery], rows: Mapping[QueryId, Values], indices: Mapping[str, float]) -> str:
    """How the program stops on a task; empty where it does not."""
    if {query.id for query in queries} != set(rows):
        return f"AssertionError: desc_ids in {task} and in the ground truth must match"
    for query in queries:
        if not len(rows[query.id]):
            return f"IndexError: {task} has no predictions for desc_id {query.id}"
        if query.video not in indices:
            return f"KeyError: {query.video!r} is not in video2idx"
    return ""


def _recalls(task: str, right: Hits, cutoffs: Sequence[int]) -> dict[str, Mask]:
    """(n,) hits under each key that the program prints."""
    in_order = np.broadcast_to(np.arange(1, right.video.shape[1] + 1), right.video.shape)
    if task == "VR":
        return {f"r{k}": within(right.video, in_order, k) for k in cutoffs}
    positions = right.video.cumsum(axis=1) if task == "SVMR" else in_order  # SVMR drops predictions of other videos
    return {
        f"{threshold}-r{k}": within(moment, positions, k) for threshold, moment in right.moment.items() for k in cutoffs
    }


def _by_type(queries: Sequence[TvrQuery], recalls: Mapping[str, Mask]) -> dict[str, Any]:
    members = {name: np.array([query.type == name for query in queries]) for name in TYPES}
    numbers: dict[str, Any] = {
        f"{name}-{key}": _percent((right & own).sum() / own.sum()) if own.any() else None
        for name, own in members.items()
        for key, right in recalls.items()
    }
    shares = " ".join(f"{name} {_percent(own.mean())}" for name, own in members.items())
    return {**numbers, "desc_type_ratio": shares}


def _percent(share: float) -> float:
    return float(round(np.float64(share) * 100, 2))
