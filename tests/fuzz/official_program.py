"""The official program written again from docs/spec/scoring.md alone, section by section, from the bytes of two files.

Nothing of `cmivqa_kit.scoring` is imported here or was looked at. It is slow (every target scans the whole prediction
list, Q80) and raises what the program raises; `evaluate` says where.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

CUTS = (1, 10, 50)
THRESHOLDS = (0.3, 0.5, 0.7)
NAMES = {
    1: ("R@1,IoU=0.3", "R@1,IoU=0.5", "R@1,IoU=0.7", "mIoU"),
    2: ("R@1", "R@10", "R@50", "MRR", "Overall"),
    3: ("R@1|mIoU", "R@10|mIoU", "R@50|mIoU", "Average"),
}


@dataclass(frozen=True, slots=True)
class Stopped:
    """Where the program stops: name of the exception, ``load`` or ``score``, position in the target list if any."""

    exception: str
    stage: str
    target_index: int | None = None


Numbers = dict[str, float]  # the program's own units


class _At(Exception):
    """An exception together with the target at which it came up."""

    def __init__(self, error: Exception, index: int) -> None:
        super().__init__(str(error))
        self.error = error
        self.index = index


def read(data: bytes) -> Any:
    """A document as the program reads it (2.2, Q4 to Q8): UTF-8, Python's own reader, a mark is not skipped."""
    return json.loads(data.decode("utf-8"))


def evaluate(track: int, predictions: bytes, targets: bytes) -> Numbers | Stopped:
    """Numbers of the program on two files, or where it stops (2.3)."""
    try:
        documents = read(predictions), read(targets)
    except (ValueError, RecursionError) as error:
        return Stopped(type(error).__name__, "load")
    return evaluate_documents(track, *documents)


def evaluate_documents(track: int, predictions: Any, targets: Any) -> Numbers | Stopped:
    """The same on documents that are read already."""
    try:
        return run(track, predictions, targets)
    except _At as place:
        return Stopped(type(place.error).__name__, "score", place.index)
    except Exception as error:
        return Stopped(type(error).__name__, "score")


def run(track: int, predictions: Any, targets: Any) -> Numbers:
    """The program itself: raises what it raises, wrapped where a target is to blame."""
    count = len(targets)
    values = []
    judges: dict[int, Callable[[Any, Any], Any]] = {1: _span, 2: _ranks, 3: _moments}
    for index in range(count):
        try:
            target = targets[index]
            values.append(judges[track](target, _last(predictions, target["id"])))
        except Exception as error:
            raise _At(error, index) from None
    means: dict[int, Callable[[list[Any], int], list[float]]] = {1: _percentages, 2: _recalls, 3: _means}
    numbers = means[track](values, count)
    return dict(zip(NAMES[track], numbers, strict=True))


def _last(predictions: Any, identity: Any) -> Any:
    """The last item with this id (Q10, Q16 to Q19); `_last` itself where there is none."""
    last = _last
    for item in predictions:
        if item["id"] == identity:
            last = item
    return last


def overlap(target: tuple[Any, Any], answer: tuple[Any, Any]) -> float:
    """Interval IoU of 2.1, the target first in every comparison (Q30 to Q43)."""
    (s, e), (a, b) = target, answer
    greatest, least = (b if b > e else e), (a if a < s else s)
    hull = greatest - least
    inter = (b if b < e else e) - (a if a > s else s)
    ratio = (1.0 * inter) / hull
    return ratio if ratio > 0.0 else 0.0


def _span(target: Any, item: Any) -> float:
    if item is _last:
        return 0.0
    start, end = target["start_second"], target["end_second"]
    return overlap((start, end), (item["start_second"], item["end_second"]))


def _ranks(target: Any, item: Any) -> tuple[int, int, int, float | None]:
    if item is _last:
        return 0, 0, 0, None
    video = target["video_id"]
    hits = []
    for cut in CUTS:
        videos = [entry[0] for entry in item["output"][:cut]]
        hits.append(int(video in videos))
    reciprocal = [1 / rank for rank, name in enumerate(videos, start=1) if name == video]
    return hits[0], hits[1], hits[2], max(reciprocal, default=0)


def _moments(target: Any, item: Any) -> tuple[float, float, float]:
    if item is _last:
        return 0, 0, 0
    overlaps: list[list[float]] = []
    for cut in CUTS:
        overlaps.append([])
        for entry in item["output"][:cut]:
            if entry[0] == target["video_id"]:
                span = target["start_second"], target["end_second"]
                overlaps[-1].append(overlap(span, (entry[1], entry[2])))
            else:
                overlaps[-1].append(0)
    first, tenth, last = (max(of_cut) for of_cut in overlaps)
    return first, tenth, last


def _percentages(values: list[float], count: int) -> list[float]:
    shares = [len([value for value in values if value >= threshold]) / count * 100.0 for threshold in THRESHOLDS]
    return [*shares, float(np.mean(values) * 100.0)]


def _recalls(values: list[tuple[int, int, int, float | None]], count: int) -> list[float]:
    recalls = [sum([value[column] for value in values]) / count for column in range(3)]  # type: ignore[misc]
    answered = [value[3] for value in values if value[3] is not None]
    mean = sum(answered) / len(answered)
    return [*recalls, mean, recalls[0] + recalls[1] + recalls[2] + mean]


def _means(values: list[tuple[float, float, float]], count: int) -> list[float]:
    means = [sum([value[column] for value in values]) / count for column in range(3)]
    return [*means, (means[0] + means[1] + means[2]) / 3]


def repaired(track: int, predictions: Any, targets: Any) -> Numbers | None:
    """What section 3.2 scores where the program crashes; ``None`` where it is not defined."""
    if isinstance(predictions, dict):
        predictions = [predictions] if "id" in predictions else ([] if not predictions else None)
    if not isinstance(predictions, list) or not isinstance(targets, list) or not targets:
        return None
    wanted: list[Callable[[Any], bool]] = [lambda row: isinstance(row, dict) and "id" in row]
    if track != 1:
        wanted.append(lambda row: "video_id" in row)
    if track != 2:
        wanted.append(lambda row: all(_number(row.get(name)) for name in ("start_second", "end_second")))
    if not all(condition(row) for row in targets for condition in wanted):
        return None
    items = [item for item in predictions if isinstance(item, dict) and "id" in item]
    alone = [(target["id"], evaluate_documents(track, items, [target])) for target in targets]
    for identity, result in alone:
        if isinstance(result, Stopped) and result.target_index is not None:
            items = [item for item in items if item["id"] != identity]
    result = evaluate_documents(track, items, targets)
    if isinstance(result, Stopped):  # Track 2 with nothing answered
        return dict.fromkeys(NAMES[track], 0.0)
    return result


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
