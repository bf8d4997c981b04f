"""The official numbers of Tracks 1, 2 and 3, bit for bit on the same interpreter, in linear time.

The functions take the decoded JSON documents as they stand and do with them what the organizers' program does: the
same order of evaluation, the same exceptions, built-in `sum` over lists in target order, `numpy.mean` for the mIoU of
Track 1. Only the search for a question's prediction is a dictionary instead of a scan of the whole file.
Source: specs/scoring.md, sections 2.1 to 2.3 and 3.1 (written from that description, not from the program).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from cmivqa_kit.data.span import interval_iou
from cmivqa_kit.data.types import Track

CUTOFFS = (1, 10, 50)
ENTRIES = CUTOFFS[-1]
THRESHOLDS = (0.3, 0.5, 0.7)


@dataclass(frozen=True, slots=True)
class Official:
    """Official numbers. ``metrics`` by canonical name in the program's own units (Track 1: percent; else fractions).

    ``per_question[name][i]`` belongs to target i, as a fraction; ``None`` where the program leaves the question out of
    a mean (unanswered questions in the MRR). ``answered[i]`` says whether a prediction was found.
    """

    track: Track
    metrics: dict[str, float]
    per_question: dict[str, list[float | None]]
    answered: list[bool]


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
    answered: list[bool] = []
    values: list[Any] = []
    index: int | None = None
    try:
        count = len(targets)
        find: Callable[[Any], Any] | None = None
        for index in range(count):
            target = targets[index]
            identity = target["id"]
            if find is None:  # the program scans the predictions inside the loop: nothing happens on an empty target
                find = _finder(predictions)
            prediction = find(identity)
            answered.append(prediction is not None)
            values.append(_VALUE[track](target, prediction))
        index = None
        metrics, per_question = _MEANS[track](values, answered, count)
    except (LookupError, TypeError, ValueError, ArithmeticError, RecursionError) as error:
        raise OfficialCrash(type(error).__name__, index, _id_at(targets, index)) from None
    return Official(track, metrics, per_question, answered)


def _finder(predictions: Iterable[Any]) -> Callable[[Any], Any]:
    """id -> last prediction with an equal id, or ``None``.

    A dictionary agrees with ``==`` on strings and numbers (1, 1.0 and true are one key). It would match one NaN object
    with itself, which ``==`` does not: NaN ids are left out. Ids that cannot be hashed are compared one by one.
    """
    by_id: dict[Any, Any] = {}
    unhashable: list[tuple[Any, Any]] = []
    for item in predictions:
        identity = item["id"]
        try:
            if identity == identity:
                by_id[identity] = item
        except TypeError:
            unhashable.append((identity, item))

    def find(identity: Any) -> Any:
        try:
            return by_id.get(identity)
        except TypeError:
            return next((item for other, item in reversed(unhashable) if other == identity), None)

    return find


def _track1(target: Any, prediction: Any) -> float:
    if prediction is None:
        return 0.0
    start, end = target["start_second"], target["end_second"]
    return interval_iou(start, end, prediction["start_second"], prediction["end_second"])


def _track2(target: Any, prediction: Any) -> tuple[int, int, int, float] | None:
    if prediction is None:
        return None
    video = target["video_id"]
    names = [entry[0] for entry in prediction["output"][:ENTRIES]]
    hits = [int(video in names[:k]) for k in CUTOFFS]
    reciprocal = max((1 / rank for rank, name in enumerate(names, 1) if name == video), default=0.0)
    return hits[0], hits[1], hits[2], reciprocal


def _track3(target: Any, prediction: Any) -> tuple[float, float, float]:
    if prediction is None:
        return 0.0, 0.0, 0.0
    overlaps = []
    for entry in prediction["output"][:ENTRIES]:
        if entry[0] == target["video_id"]:
            overlaps.append(interval_iou(target["start_second"], target["end_second"], entry[1], entry[2]))
        else:
            overlaps.append(0.0)
    return max(overlaps[:1]), max(overlaps[:10]), max(overlaps[:50])


_Means = tuple[dict[str, float], dict[str, list[float | None]]]


def _mean_track1(values: list[float], answered: list[bool], count: int) -> _Means:
    metrics = {f"R@1,IoU={mu}": sum(v >= mu for v in values) / count * 100.0 for mu in THRESHOLDS}
    per: dict[str, list[float | None]] = {f"R@1,IoU={mu}": [float(v >= mu) for v in values] for mu in THRESHOLDS}
    metrics["mIoU"] = float(np.mean(values) * 100.0)
    per["mIoU"] = list(values)
    return metrics, per


def _mean_track2(values: list[tuple[int, int, int, float] | None], answered: list[bool], count: int) -> _Means:
    metrics: dict[str, float] = {}
    per: dict[str, list[float | None]] = {}
    for column, k in enumerate(CUTOFFS):
        hits = [v[column] if v is not None else 0 for v in values]
        metrics[f"R@{k}"] = sum(hits) / count
        per[f"R@{k}"] = [float(hit) for hit in hits]
    per["MRR"] = [v[3] if v is not None else None for v in values]
    reciprocal = [v[3] for v in values if v is not None]
    metrics["MRR"] = sum(reciprocal) / len(reciprocal)
    metrics["Overall"] = metrics["R@1"] + metrics["R@10"] + metrics["R@50"] + metrics["MRR"]
    return metrics, per


def _mean_track3(values: list[tuple[float, float, float]], answered: list[bool], count: int) -> _Means:
    metrics: dict[str, float] = {}
    per: dict[str, list[float | None]] = {}
    for column, k in enumerate(CUTOFFS):
        metrics[f"R@{k}|mIoU"] = sum([v[column] for v in values]) / count
        per[f"R@{k}|mIoU"] = [v[column] for v in values]
    metrics["Average"] = (metrics["R@1|mIoU"] + metrics["R@10|mIoU"] + metrics["R@50|mIoU"]) / 3
    per["Average"] = [sum(v) / 3 for v in values]
    return metrics, per


_VALUE: dict[Track, Callable[[Any, Any], Any]] = {1: _track1, 2: _track2, 3: _track3}
_MEANS: dict[Track, Callable[[Any, list[bool], int], _Means]] = {1: _mean_track1, 2: _mean_track2, 3: _mean_track3}
HEADLINE: dict[Track, str] = {1: "mIoU", 2: "Overall", 3: "Average"}


def _id_at(targets: Any, index: int | None) -> Any:
    try:
        return None if index is None else targets[index]["id"]
    except (LookupError, TypeError):
        return None
