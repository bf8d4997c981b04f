"""What the official program gives a single question.

The functions take the decoded JSON values as they stand and do with them what the organizers' program does: the same
order of evaluation, the same exceptions. Source: docs/spec/scoring.md, sections 2.1 to 2.3 (written from that
description, not from the program).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from cmivqa_kit.data.span import interval_iou
from cmivqa_kit.data.types import Track

CUTOFFS = (1, 10, 50)
ENTRIES = CUTOFFS[-1]
# What an organizer's program can raise on decoded JSON.
RAISED = (LookupError, TypeError, ValueError, ArithmeticError, RecursionError)

Recalls = tuple[int, int, int, float]  # hit at each cut-off, reciprocal rank
Overlaps = tuple[float, float, float]  # best IoU within each cut-off


def track1(target: Any, prediction: Any) -> float:
    """IoU of the one answer; 0 for an unanswered question."""
    if prediction is None:
        return 0.0
    start, end = target["start_second"], target["end_second"]
    return interval_iou(start, end, prediction["start_second"], prediction["end_second"])


def track2(target: Any, prediction: Any) -> Recalls | None:
    """Hits and reciprocal rank; ``None`` for an unanswered question, which the MRR leaves out."""
    if prediction is None:
        return None
    video = target["video_id"]
    names = [entry[0] for entry in prediction["output"][:ENTRIES]]
    if type(video) is not str:
        # Membership finds the one NaN object of the reader, equality does not (Q66).
        hits = [int(video in names[:k]) for k in CUTOFFS]
        reciprocal = max((1 / rank for rank, name in enumerate(names, 1) if name == video), default=0.0)
        return hits[0], hits[1], hits[2], reciprocal
    if video not in names:
        return 0, 0, 0, 0.0
    rank = names.index(video) + 1
    return int(rank <= CUTOFFS[0]), int(rank <= CUTOFFS[1]), int(rank <= CUTOFFS[2]), 1 / rank


def track3(target: Any, prediction: Any) -> Overlaps:
    """Best IoU among the first 1, 10 and 50 entries; 0 for an unanswered question."""
    if prediction is None:
        return 0.0, 0.0, 0.0
    try:
        found = _quick_track3(target, prediction)
    except RAISED:
        found = None  # the exact order of evaluation decides which exception comes first
    return found if found is not None else exact_track3(target, prediction)


def exact_track3(target: Any, prediction: Any) -> Overlaps:
    """The values of Track 3, read entry by entry."""
    overlaps = []
    for entry in prediction["output"][:ENTRIES]:
        if entry[0] == target["video_id"]:
            overlaps.append(interval_iou(target["start_second"], target["end_second"], entry[1], entry[2]))
        else:
            overlaps.append(0.0)
    return max(overlaps[: CUTOFFS[0]]), max(overlaps[: CUTOFFS[1]]), max(overlaps[: CUTOFFS[2]])


def _quick_track3(target: Any, prediction: Any) -> Overlaps | None:
    """The same where the list and the video are of the usual types: looks only at entries of the right video."""
    output, video = prediction["output"], target["video_id"]
    if type(output) is not list or type(video) is not str or not output:
        return None
    entries = output[:ENTRIES] if len(output) > ENTRIES else output
    names = [entry[0] for entry in entries]
    first = ten = fifty = 0.0
    at = -1
    for _ in range(names.count(video)):
        at = names.index(video, at + 1)
        entry = entries[at]
        value = interval_iou(target["start_second"], target["end_second"], entry[1], entry[2])
        if value > fifty:
            fifty = value
            if at < CUTOFFS[1]:
                ten = value
            if at < CUTOFFS[0]:
                first = value
    return first, ten, fifty


VALUE: Mapping[Track, Callable[[Any, Any], Any]] = {1: track1, 2: track2, 3: track3}
