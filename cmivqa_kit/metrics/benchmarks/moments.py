"""Moments: how windows that a system proposes agree with those of the ground truth, query by query.

A query has one window or several in its video, and gets a list of windows with scores. Recall takes the list as it was
handed in; average precision takes its first `LISTED` windows in the order of their scores.
Source: docs/spec/moments.md, sections 2.1 to 2.3.
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
BY_NAME = {within.name: within for within in (SHORT, MIDDLE, LONG, SUPERLONG)}


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


def moments(
    proposed: Sequence[NDArray[np.float64]], right: Sequence[Sequence[Sequence[float]]], cutoff: int = LISTED
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
    windows = np.array([window for rows in right for window in rows], dtype=np.float64).reshape(-1, 2)
    owner = np.repeat(np.arange(len(right)), [len(rows) for rows in right])
    return Moments(table[..., :2], table[..., 2], listed, windows, owner)


@dataclass(frozen=True, slots=True, eq=False)
class MomentValues:
    """Values of n queries, given their right windows of a range of lengths; NaN where a query has none in it.

    Attributes:
        union: (n, k) IoU of each proposed window with the right window that it overlaps most, 0 where a list has ended.
        hull: (n, k) the same with that right window, by the stretch that both cover in place of the union, as recall
            takes it: another last bit at most.
        precision: (n, t) average precision of the first `LISTED` windows, per IoU threshold.
        undefined: whether the union of two windows has no length, so that their IoU is 0 / 0.
    """

    union: NDArray[np.float64]
    hull: NDArray[np.float64]
    precision: NDArray[np.float64]
    undefined: bool

    def recall(self, n: int, threshold: float) -> Values:
        """(n,) 1.0 where one of the first ``n`` windows has an IoU of ``threshold`` or more, else 0.0."""
        best = self.hull[:, :n].max(axis=1)
        return np.where(np.isnan(best), np.nan, best >= threshold)

    def overlap(self) -> Values:
        """(n,) IoU of the first window."""
        return np.minimum(self.union[:, 0], 1.0)  # rounding may lead beyond

    def mean_precision(self) -> Values:
        """(n,) average precision, mean over the thresholds."""
        return np.asarray(self.precision.mean(axis=1))


def moment_values(
    facts: Moments,
    ranges: Sequence[LengthRange | None],
    thresholds: Sequence[float] = THRESHOLDS,
    undefined: float = 0.0,
) -> tuple[MomentValues, ...]:
    """The values for right windows of every range of lengths; ``None`` takes all.

    For precision windows are taken by score, of equal ones the earlier first. One is right if a right window not taken
    before overlaps it enough; of several it takes the one that overlaps most, of equal ones the later. Precision at a
    recall is the highest at that recall or above.

    ``undefined`` is the IoU of two windows whose union has no length. If it is infinite, such a window is taken for the
    best one, as by NumPy's search for a maximum, and the overlap by union is NaN.
    """
    queries, cutoff = facts.scores.shape
    rows = len(ranges) * queries  # all ranges at once: a query is a row of each
    union, hull = (np.full((rows, cutoff), np.nan) for _ in range(2))
    precision = np.full((rows, len(thresholds)), np.nan)
    zero_by_zero = np.zeros(rows, dtype=bool)
    order = np.argsort(-np.nan_to_num(facts.scores[:, :LISTED], nan=-np.inf), axis=1, kind="stable")
    for group in _groups(facts, ranges):
        query = group.rows % queries
        proposed, listed = facts.proposed[query], np.arange(cutoff) < facts.listed[query, None]
        iou = _iou(proposed, group.right)
        unknown = np.isnan(iou)
        iou[unknown] = undefined
        absent = ~(listed[:, :, None] & group.present[:, None, :])
        iou[absent] = -1.0
        zero_by_zero[group.rows] = (unknown & ~absent).any(axis=(1, 2))
        best = iou.argmax(axis=2)
        top = np.take_along_axis(iou, best[..., None], axis=2)[..., 0]
        window = np.take_along_axis(group.right, best[..., None], axis=1)
        union[group.rows] = np.where(listed, np.where(np.isposinf(top), np.nan, top), 0.0)
        hull[group.rows] = np.where(listed, _by_hull(proposed, window), 0.0)
        ranked = np.take_along_axis(iou[:, :LISTED, ::-1], order[query][..., None], axis=1)
        hits = _hits(ranked, np.asarray(thresholds))
        precision[group.rows] = _area(hits, group.present.sum(axis=1))
    each = [slice(number * queries, (number + 1) * queries) for number in range(len(ranges))]
    return tuple(MomentValues(union[q], hull[q], precision[q], bool(zero_by_zero[q].any())) for q in each)


@dataclass(frozen=True, slots=True, eq=False)
class _Group:
    """Rows with about equally many right windows: their numbers (q,), the windows (q, g, 2), which are there (q, g)."""

    rows: NDArray[np.intp]
    right: NDArray[np.float64]
    present: NDArray[np.bool_]


def _groups(facts: Moments, ranges: Sequence[LengthRange | None]) -> Iterator[_Group]:
    """The rows of all ranges that have a right window, by how many they have, to the next power of two."""
    queries = len(facts.listed)
    length = facts.right[:, 1] - facts.right[:, 0]
    inside = [(length > r.low) & (length <= r.high) if r else np.full(length.shape, True) for r in ranges]
    right = np.concatenate([facts.right[chosen] for chosen in inside])
    owner = np.concatenate([facts.owner[chosen] + queries * number for number, chosen in enumerate(inside)])
    counts = np.bincount(owner, minlength=len(ranges) * queries)
    slot = np.arange(len(owner)) - (np.cumsum(counts) - counts)[owner]
    sizes = np.where(counts > 0, 2 ** np.ceil(np.log2(np.maximum(counts, 1))), 0).astype(np.int64)
    for size in np.unique(sizes[sizes > 0]).tolist():
        rows = np.flatnonzero(sizes == size)
        chosen = sizes[owner] == size
        windows = np.zeros((len(rows), size, 2))
        windows[np.searchsorted(rows, owner[chosen]), slot[chosen]] = right[chosen]
        yield _Group(rows, windows, np.arange(size) < counts[rows, None])


def _iou(proposed: NDArray[np.float64], right: NDArray[np.float64]) -> NDArray[np.float64]:
    """(q, k, g) IoU of (q, k, 2) windows with (q, g, 2) ones; NaN where a union has no length, or a window is NaN."""
    start, end = proposed[..., 0, None], proposed[..., 1, None]
    from_, to = right[:, None, :, 0], right[:, None, :, 1]
    shared = np.maximum(np.minimum(end, to) - np.maximum(start, from_), 0.0)
    union = (end - start) + (to - from_) - shared
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(shared / union)


def _by_hull(proposed: NDArray[np.float64], window: NDArray[np.float64]) -> NDArray[np.float64]:
    """(q, k) intersection by hull of windows pair by pair; 0 where the hull has no length."""
    shared = np.minimum(proposed[..., 1], window[..., 1]) - np.maximum(proposed[..., 0], window[..., 0])
    hull = np.maximum(proposed[..., 1], window[..., 1]) - np.minimum(proposed[..., 0], window[..., 0])
    return np.asarray(np.divide(np.maximum(shared, 0.0), hull, out=np.zeros_like(hull), where=hull != 0))


def _hits(iou: NDArray[np.float64], thresholds: NDArray[np.float64]) -> NDArray[np.bool_]:
    """(t, q, k) which of the k windows are right at each threshold, given (q, k, g) IoU; the first of equals wins."""
    queries, listed, right = iou.shape
    enough = iou >= thresholds[:, None, None, None]
    if right == 1:  # nearly all: the first that overlaps enough takes the only right window
        first = enough[..., 0]
        first[..., 1:] &= ~np.logical_or.accumulate(first, axis=2)[..., :-1]
        return first
    free = np.ones((len(thresholds), queries, right), dtype=bool)
    hits = np.zeros((len(thresholds), queries, listed), dtype=bool)
    slots = np.arange(right)
    for rank in range(listed):
        fitting = enough[:, :, rank] & free
        hits[..., rank] = fitting.any(axis=2)
        best = np.where(fitting, iou[:, rank], -1.0).argmax(axis=2)
        free &= ~(fitting & (slots == best[..., None]))
    return hits


def _area(hits: NDArray[np.bool_], positives: NDArray[np.int64]) -> NDArray[np.float64]:
    """(q, t) area below the curve of precision over recall, whose precision never rises with recall."""
    precision = np.cumsum(hits, axis=2) / np.arange(1, hits.shape[2] + 1)
    ceiling = np.maximum.accumulate(precision[..., ::-1], axis=2)[..., ::-1]
    return np.asarray(((ceiling * hits).sum(axis=2) / positives).T)  # each hit adds as much to recall


def recall_metric(n: int, threshold: float) -> Metric:
    """``R@n,IoU=mu``: one of the first n windows overlaps a right one by mu or more."""
    title = f"an overlap of {threshold} or more is among the first {n}"
    return Metric(f"R@{n},IoU={threshold}", title)


def overlap_metric() -> Metric:
    """``mIoU``: how far the first window agrees with the right one that it overlaps most."""
    return Metric("mIoU", "overlap of the first window with the right one")


def precision_metric(threshold: float | None = None, within: LengthRange | None = None) -> Metric:
    """``mAP`` (mean over all thresholds), ``mAP,IoU=mu``, ``mAP[short]``: average precision of the list."""
    at = "" if threshold is None else f",IoU={threshold}"
    of = "" if within is None else f"[{within.name}]"
    title = f"average precision of the windows {'over IoU 0.5 to 0.95' if threshold is None else f'at IoU {threshold}'}"
    if within is not None:
        title += f", moments longer than {within.low:g} s and up to {within.high:g} s"
    return Metric(f"mAP{at}{of}", title)
