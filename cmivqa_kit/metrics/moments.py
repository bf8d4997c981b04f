"""Moments: how windows that a system proposes agree with those of the ground truth, query by query.

A query has one window or several in its video, and gets a list of windows with scores. Recall takes the list as it was
handed in; average precision takes its first `LISTED` windows in the order of their scores.
Source: the evaluation of Moment-DETR, which MESM's equals where both define a value.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cmivqa_kit.metrics.base import Metric
from cmivqa_kit.metrics.ranks_and_ious import Values

LISTED = 10  # windows of a list that average precision looks at
THRESHOLDS = tuple(round(0.5 + 0.05 * step, 2) for step in range(10))  # of IoU, that mAP is the mean over


@dataclass(frozen=True, slots=True)
class LengthRange:
    """Lengths in (low, high] seconds: of a query only the right windows of such a length count."""

    name: str
    low: float
    high: float


SHORT, MIDDLE = LengthRange("short", 0, 10), LengthRange("middle", 10, 30)
LONG, SUPERLONG = LengthRange("long", 30, 150), LengthRange("superlong", 150, 600)


@dataclass(frozen=True, slots=True, eq=False)
class Moments:
    """Right windows and proposed ones of n queries.

    Attributes:
        proposed: (n, k, 2) start and end of the first k windows of each list, as handed in; NaN where it is shorter.
        scores: (n, k) their scores.
        listed: (n,) how many of the k a list has.
        right: (w, 2) start and end of all right windows, those of a query together.
        owner: (w,) the query of each right window, from 0, ascending.
    """

    proposed: NDArray[np.float64]
    scores: NDArray[np.float64]
    listed: NDArray[np.int64]
    right: NDArray[np.float64]
    owner: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.listed)


@dataclass(frozen=True, slots=True, eq=False)
class Overlaps:
    """IoU of every proposed window with the right window of its query that it overlaps most.

    The right lengths of a query that has none are NaN, a window that is not there has 0.

    Attributes:
        union: (n, k) intersection by union, as mIoU takes it.
        hull: (n, k) intersection by the stretch that both cover, 0 where they do not overlap, as recall takes it: the
            same number but for its last bit.
    """

    union: NDArray[np.float64]
    hull: NDArray[np.float64]

    def recall(self, n: int, threshold: float) -> Values:
        """(n,) 1.0 where one of the first ``n`` windows has an IoU of ``threshold`` or more, else 0.0."""
        best = self.hull[:, :n].max(axis=1)
        return np.where(np.isnan(best), np.nan, best >= threshold)


def moments(
    proposed: Sequence[NDArray[np.float64]], right: Sequence[NDArray[np.float64]], cutoff: int = LISTED
) -> Moments:
    """Make `Moments` of lists: per query (p, 3) windows with scores, and (g, 2) right windows.

    ``cutoff`` is how many windows of a list are looked at; recall among more than `LISTED` needs more.
    """
    cutoff = max(cutoff, LISTED)
    listed = np.array([min(len(rows), cutoff) for rows in proposed], dtype=np.int64)
    table = np.full((len(listed), cutoff, 3), np.nan)
    shown = np.arange(cutoff) < listed[:, None]
    if shown.any():
        table[shown] = np.concatenate([rows[:cutoff, :3] for rows in proposed])
    windows = np.concatenate([np.empty((0, 2)), *right])
    owner = np.repeat(np.arange(len(right)), [len(rows) for rows in right])
    return Moments(table[..., :2], table[..., 2], listed, windows, owner)


def overlaps(facts: Moments, within: LengthRange | None = None, undefined: float = 0.0) -> Overlaps:
    """The overlaps with the right windows of a length within a range, or with all.

    ``undefined`` is the IoU of two windows whose union has no length; infinite, such a window is taken for the best
    one, as NumPy's search for a maximum does, and its union is NaN.
    """
    union, hull = (np.full(facts.scores.shape, np.nan) for _ in range(2))
    for rows, right in _groups(facts, within):
        proposed = facts.proposed[rows]
        iou = _iou(proposed, right, undefined)
        best = iou.argmax(axis=2)
        top = np.take_along_axis(iou, best[..., None], axis=2)[..., 0]
        window = np.take_along_axis(right, best.reshape(len(rows), -1)[..., None], axis=1)
        union[rows] = np.where(np.isposinf(top), np.nan, top)
        hull[rows] = _by_hull(proposed, window)
        for values in (union, hull):
            values[rows] = np.where(np.arange(values.shape[1]) < facts.listed[rows, None], values[rows], 0.0)
    return Overlaps(union, hull)


def average_precisions(
    facts: Moments,
    within: LengthRange | None = None,
    thresholds: Sequence[float] = THRESHOLDS,
    undefined: float = 0.0,
) -> NDArray[np.float64]:
    """(n, t) average precision of the first `LISTED` windows of every list, per IoU threshold.

    Windows are taken by score, of equal ones the earlier first. One is right if a right window not taken before
    overlaps it enough; of several it takes the one that overlaps most, of equal ones the later. Precision at a recall
    is the highest at that recall or above. ``within`` and ``undefined`` are as of `overlaps`.
    """
    precisions = np.full((len(facts), len(thresholds)), np.nan)
    scores = np.where(np.arange(LISTED) < facts.listed[:, None], facts.scores[:, :LISTED], -np.inf)
    order = np.argsort(-scores, axis=1, kind="stable")
    proposed = np.take_along_axis(facts.proposed[:, :LISTED], order[..., None], axis=1)
    for rows, right in _groups(facts, within):
        iou = _iou(proposed[rows], right[:, ::-1], undefined)
        iou[np.arange(LISTED) >= facts.listed[rows, None]] = -1.0
        hits = _hits(iou, np.asarray(thresholds))
        precisions[rows] = _area(hits, right.shape[1])
    return precisions


def _groups(facts: Moments, within: LengthRange | None) -> Iterator[tuple[NDArray[np.intp], NDArray[np.float64]]]:
    """Queries that have equally many right windows, g: their rows (q,), and their right windows (q, g, 2)."""
    right, owner = facts.right, facts.owner
    if within is not None:
        length = right[:, 1] - right[:, 0]
        inside = (length > within.low) & (length <= within.high)
        right, owner = right[inside], owner[inside]
    counts = np.bincount(owner, minlength=len(facts))
    for count in np.unique(counts[counts > 0]):
        rows = np.flatnonzero(counts == count)
        yield rows, right[counts[owner] == count].reshape(len(rows), count, 2)


def _iou(proposed: NDArray[np.float64], right: NDArray[np.float64], undefined: float) -> NDArray[np.float64]:
    """(q, k, g) IoU of (q, k, 2) windows with (q, g, 2) ones; NaN windows have 0 or ``undefined``."""
    start, end = proposed[..., 0, None], proposed[..., 1, None]
    from_, to = right[:, None, :, 0], right[:, None, :, 1]
    shared = np.maximum(np.minimum(end, to) - np.maximum(start, from_), 0.0)
    union = (end - start) + (to - from_) - shared
    with np.errstate(invalid="ignore", divide="ignore"):
        iou = shared / union
    return np.where(np.isnan(iou), undefined, iou)


def _by_hull(proposed: NDArray[np.float64], window: NDArray[np.float64]) -> NDArray[np.float64]:
    """(q, k) intersection by hull of windows pair by pair; 0 where the hull has no length."""
    shared = np.minimum(proposed[..., 1], window[..., 1]) - np.maximum(proposed[..., 0], window[..., 0])
    hull = np.maximum(proposed[..., 1], window[..., 1]) - np.minimum(proposed[..., 0], window[..., 0])
    return np.divide(np.maximum(shared, 0.0), hull, out=np.zeros_like(hull), where=hull != 0)


def _hits(iou: NDArray[np.float64], thresholds: NDArray[np.float64]) -> NDArray[np.bool_]:
    """(q, t, k) which of the k windows are right at each threshold, given (q, k, g) IoU; the first of equals wins."""
    queries, listed, right = iou.shape
    taken = np.zeros((queries, len(thresholds), right), dtype=bool)
    hits = np.zeros((queries, len(thresholds), listed), dtype=bool)
    for rank in range(listed):
        row = iou[:, rank, None, :]
        free = (row >= thresholds[:, None]) & ~taken
        hits[..., rank] = free.any(axis=2)
        best = np.where(free, row, -1.0).argmax(axis=2)[..., None]
        np.put_along_axis(taken, best, np.take_along_axis(taken, best, 2) | hits[..., rank, None], 2)
    return hits


def _area(hits: NDArray[np.bool_], positives: int) -> NDArray[np.float64]:
    """(q, t) area below the curve of precision over recall, whose precision never rises with recall."""
    found = np.cumsum(hits, axis=2)
    precision = found / np.arange(1, hits.shape[2] + 1)
    ceiling = np.maximum.accumulate(precision[..., ::-1], axis=2)[..., ::-1]
    steps = np.diff(found / positives, axis=2, prepend=0.0)
    return np.minimum((steps * ceiling).sum(axis=2), 1.0)  # rounding may lead beyond


def recall_metric(n: int, threshold: float, position: int = 0) -> Metric:
    """``R@n,IoU=mu``: one of the first n windows overlaps a right one by mu or more."""
    title = f"an overlap of {threshold} or more is among the first {n}"
    return Metric(f"R@{n},IoU={threshold}", title, position=position)


def overlap_metric(position: int = 0) -> Metric:
    """``mIoU``: how far the first window agrees with the right one that it overlaps most."""
    return Metric("mIoU", "overlap of the first window with the right one", position=position)


def precision_metric(threshold: float | None = None, within: LengthRange | None = None, position: int = 0) -> Metric:
    """``mAP`` (mean over all thresholds), ``mAP,IoU=mu``, ``mAP[short]``: average precision of the list."""
    at = "" if threshold is None else f",IoU={threshold}"
    of = "" if within is None else f"[{within.name}]"
    title = "average precision of the windows" + (
        " over IoU 0.5 to 0.95" if threshold is None else f" at IoU {threshold}"
    )
    if within is not None:
        title += f", moments longer than {within.low:g} s and up to {within.high:g} s"
    return Metric(f"mAP{at}{of}", title, position=position)
