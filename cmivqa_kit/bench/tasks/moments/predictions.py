"""Predictions of moments: a record per query with its windows and scores, and where asked the saliency of clips."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cmivqa_kit.bench.tasks.moments.records import Record, read_records
from cmivqa_kit.data.display import short_repr
from cmivqa_kit.data.id_keys import plain_key
from cmivqa_kit.data.numbers import is_finite
from cmivqa_kit.errors import Problem, UserError, problems_error

WINDOWS, SALIENCY = "pred_relevant_windows", "pred_saliency_scores"
FIX = (
    f'A line is {{"qid": 1, "query": "...", "vid": "...", "{WINDOWS}": [[start, end, score], ...]}} '
    "in seconds, best window first; every number finite, every qid once."
)
LATEST = 1e6  # seconds; a time beyond is a mistake, and sums of still larger ones overflow
# What the official programs do with what is refused here.
NAN = "(the official program counts a window with NaN as right for mAP)"
TWICE = "(the official program takes the last record for recall and the windows of both for mAP)"


@dataclass(frozen=True, slots=True, eq=False)
class Prediction:
    """What is predicted for a query.

    Attributes:
        qid: the query.
        location: where it stands in the file.
        windows: (w, 3) start and end in seconds, and score; ``None`` where the file has no windows.
        saliency: (c,) scores of the clips; ``None`` where the file has none.
        video: the video that it names, if it does.
    """

    qid: int | str
    location: str
    windows: NDArray[np.float64] | None = None
    saliency: NDArray[np.float64] | None = None
    video: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class MomentPredictions:
    """The predictions of a file in its order, with the keys that every record has; ``array`` for no JSON Lines."""

    path: Path
    items: tuple[Prediction, ...]
    keys: frozenset[str]
    array: bool = False


def read_moment_predictions(path: Path, keys: Sequence[str]) -> MomentPredictions:
    """The predictions in a file of JSON Lines, or of a JSON array.

    Args:
        path: the file.
        keys: `WINDOWS`, or `WINDOWS` and `SALIENCY`: what the benchmark scores. One at least must be there; one that
            a record has must all have.

    Raises:
        UserError: it is missing or no such file; every problem is listed.
    """
    records = read_records(path, "prediction file")
    problems = list(records.problems)
    given = frozenset(key for key in keys if any(key in record.content for record in records.items))
    if records.items and not given and not problems:
        raise UserError(f"{path}: no record has {' or '.join(keys)}", FIX)
    items: list[Prediction] = []
    earlier: dict[Any, str] = {}
    for record in records.items:
        item = _prediction(record, given, problems)
        first = record.location if item is None else earlier.setdefault(plain_key(item.qid), record.location)
        if first != record.location:
            qid = short_repr(record.content["qid"])
            problems.append(Problem(record.at("qid"), f"{qid} stands at {first} too {TWICE}"))
        if item is not None:
            items.append(item)
    if problems:
        raise problems_error(path, problems, FIX)
    if not items:
        raise UserError(f"{path}: holds no prediction", FIX)
    return MomentPredictions(path, tuple(items), given, records.array)


def _prediction(record: Record, keys: frozenset[str], problems: list[Problem]) -> Prediction | None:
    content = record.content
    qid: Any = content.get("qid")
    video: Any = content.get("vid")
    if plain_key(qid) is None:
        told = f"{short_repr(qid)} is no id, which is an integer or a text" if "qid" in content else "is missing"
        problems.append(Problem(record.at("qid"), told))
    if video is not None and not isinstance(video, str):
        problems.append(Problem(record.at("vid"), f"{short_repr(video)} is no text"))
    windows = _windows(record, problems) if WINDOWS in keys else None
    saliency = _saliency(record, problems) if SALIENCY in keys else None
    if plain_key(qid) is None:
        return None
    return Prediction(qid, record.location, windows, saliency, video if isinstance(video, str) else None)


def _windows(record: Record, problems: list[Problem]) -> NDArray[np.float64]:
    """(w, 3) windows of a record; none where something is wrong with them, which goes to ``problems``."""
    given = _list(record, WINDOWS, problems)
    if all(type(window) is list and len(window) == 3 for window in given):  # nearly all are: no look at each
        flat = [number for window in given for number in window]
        table = _array(flat)
        if table is not None:
            table = table.reshape(-1, 3)
            if bool((np.abs(table[:, :2]) <= LATEST).all()):
                return table
    faults = [(index, told) for index, window in enumerate(given) if (told := _window_fault(window))]
    problems += [Problem(record.at(WINDOWS, index), told) for index, told in faults]
    if faults:
        return np.empty((0, 3))
    return np.array([window[:3] for window in given], dtype=np.float64).reshape(-1, 3)


def _saliency(record: Record, problems: list[Problem]) -> NDArray[np.float64]:
    given = _list(record, SALIENCY, problems)
    scores = _array(given)
    if scores is not None:
        return scores
    wrong = [(index, score) for index, score in enumerate(given) if not _is_number(score)]
    problems += [Problem(record.at(SALIENCY, i), f"{short_repr(s)} is no finite number") for i, s in wrong]
    return np.empty(0)


def _list(record: Record, key: str, problems: list[Problem]) -> list[Any]:
    given = record.content.get(key)
    if isinstance(given, list):
        return given
    told = (
        f"{short_repr(given)} is no array"
        if key in record.content
        else "is missing, and other records have it (the official program stops)"
    )
    problems.append(Problem(record.at(key), told))
    return []


def _array(numbers: Sequence[Any]) -> NDArray[np.float64] | None:
    """The numbers as an array, or ``None`` where one is none or not finite."""
    if not set(map(type, numbers)) <= {int, float}:
        return None
    try:
        array = np.array(numbers, dtype=np.float64)
    except OverflowError:
        return None
    return array if bool(np.isfinite(array).all()) else None


def _window_fault(window: Any) -> str:
    """What is wrong with a window, or an empty text."""
    if not isinstance(window, list) or len(window) < 3:
        return f"{short_repr(window)} is not [start, end, score]"
    if not all(map(_is_number, window[:3])):
        nan = any(isinstance(number, float) and number != number for number in window[:2])
        return f"{short_repr(window)} holds what is no finite number{f' {NAN}' if nan else ''}"
    if any(abs(time) > LATEST for time in window[:2]):
        return f"{short_repr(window)} holds what is no time in a video"
    return ""


def _is_number(value: Any) -> bool:
    return type(value) in (int, float) and is_finite(value)
