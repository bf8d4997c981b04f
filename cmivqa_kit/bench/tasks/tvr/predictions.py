"""Predictions of TVR: rows of video index, start and end for every query of up to three tasks.

Source: docs/spec/scoring.md, section 5.3.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from cmivqa_kit.bench.contract.types import QueryId
from cmivqa_kit.bench.tasks.documents import json_type, no_number, pointer, raise_problems, read_document, require
from cmivqa_kit.bench.tasks.tvr.annotations import query_id
from cmivqa_kit.data.display import short_repr
from cmivqa_kit.data.numbers import is_finite
from cmivqa_kit.errors import Problem
from cmivqa_kit.metrics.ranks_and_ious import Values

TASKS = ("VCMR", "SVMR", "VR")
MOST = 100  # predictions of a query that are looked at
FILE = "tvr_val_submission.json"
FIX = (
    "Predictions are {video2idx, VCMR, SVMR, VR}: each a list of {desc_id, predictions: [[index, start, end, score]]}."
)


@dataclass(frozen=True, slots=True, eq=False)
class TvrPredictions:
    """What a system hands in.

    Attributes:
        indices: video name -> its number in the rows.
        tasks: task -> query -> (n, 3) video index, start, end in seconds, best first; n is at most 100.
        repeated: task -> the queries that stand there twice, of which the last counts.
    """

    indices: Mapping[str, float]
    tasks: Mapping[str, Mapping[QueryId, Values]]
    repeated: Mapping[str, tuple[QueryId, ...]]


def read_tvr_predictions(path: Path) -> TvrPredictions:
    """The predictions of a file, or of the zip with ``tvr_val_submission.json`` that CodaLab takes.

    Raises:
        UserError: it cannot be read, or is none; every problem is listed with its JSON pointer.
    """
    document = read_document(path, "predictions", FIX, named=FILE)
    require(document, dict, path, "predictions of TVR", FIX)
    problems: list[Problem] = []
    indices = document.get("video2idx")
    if not isinstance(indices, dict):
        problems.append(Problem("/video2idx", "no object of video names and their numbers"))
        indices = {}
    for name, index in indices.items():
        if fault := no_number(index):
            problems.append(Problem(pointer("video2idx", name), fault))
    tasks: dict[str, dict[QueryId, Values]] = {}
    repeated: dict[str, tuple[QueryId, ...]] = {}
    for task in TASKS:
        if task in document:
            tasks[task], repeated[task] = _task(task, document.pop(task), problems)
    if not tasks:
        problems.append(Problem("/", f"none of {', '.join(TASKS)}"))
    raise_problems(path, problems, FIX)
    return TvrPredictions({name: float(index) for name, index in indices.items()}, tasks, repeated)


def _task(task: str, items: Any, problems: list[Problem]) -> tuple[dict[QueryId, Values], tuple[QueryId, ...]]:
    """The rows of every query of a task, and the queries that stand there twice."""
    rows: dict[QueryId, Values] = {}
    repeated: list[QueryId] = []
    if not isinstance(items, list):
        problems.append(Problem(pointer(task), f"{json_type(items)}, not a list of queries"))
        return rows, ()
    for number, item in enumerate(items):
        own = pointer(task, number)
        identity = query_id(item.get("desc_id")) if isinstance(item, dict) else None
        if identity is None:
            value = item.get("desc_id") if isinstance(item, dict) else item
            problems.append(Problem(own, f"no query: {short_repr(value, 30)} is no desc_id"))
            continue
        found = _rows(f"{own}/predictions", item.get("predictions"), problems)
        if found is not None:
            if identity in rows:
                repeated.append(identity)
            rows[identity] = found
    return rows, tuple(dict.fromkeys(repeated))


def _rows(own: str, entries: Any, problems: list[Problem]) -> Values | None:
    """(n, 3) numbers; ``None`` where there are none, which is added to the ``problems``."""
    if not isinstance(entries, list):
        problems.append(Problem(own, f"{json_type(entries)}, not a list of [index, start, end, score]"))
        return None
    entries = entries[:MOST]
    plain = all(type(entry) is list and len(entry) >= 3 for entry in entries)
    if plain and {type(value) for value in chain.from_iterable(e[:3] for e in entries)} <= {int, float}:
        try:
            rows = np.array([entry[:3] for entry in entries], dtype=np.float64).reshape(-1, 3)
            if np.isfinite(rows).all():
                return rows
        except OverflowError:
            pass  # an integer beyond all doubles: said below
    problems += _faults(own, entries)
    return None


def _faults(own: str, entries: list[Any]) -> Iterator[Problem]:
    for number, entry in enumerate(entries):
        if not isinstance(entry, list) or len(entry) < 3:
            yield Problem(f"{own}/{number}", f"{short_repr(entry, 40)} is not [index, start, end, score]")
            continue
        for k, value in enumerate(entry[:3]):
            if not is_finite(value):
                yield Problem(f"{own}/{number}/{k}", no_number(value))
