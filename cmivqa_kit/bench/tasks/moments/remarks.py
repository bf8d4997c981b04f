"""What is to be known of predictions beside their values: what is missing, unknown, or scored in an unexpected way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from cmivqa_kit.bench.tasks.moments.predictions import MomentPredictions, Prediction
from cmivqa_kit.bench.tasks.moments.types import MomentQuery
from cmivqa_kit.data.display import count, cut, short_repr
from cmivqa_kit.data.id_keys import plain_key

NAMED = 5  # ids or places that a sentence names
REVERSED = (
    "have windows that end before they start and overlap with nothing; one that is as long as the right window, but "
    "backwards, the official program counts as right for mAP (it divides 0 by 0)"
)


@dataclass(frozen=True, slots=True)
class Matching:
    """Which predictions belong to which queries of the ground truth.

    ``answers`` has a prediction per query or ``None``; ``unknown`` are predictions for no query of it.
    """

    answers: tuple[Prediction | None, ...]
    missing: tuple[MomentQuery, ...]
    unknown: tuple[Prediction, ...]


def match(queries: Sequence[MomentQuery], predictions: MomentPredictions) -> Matching:
    """Hold predictions against the ground truth, by the ids of the queries."""
    known: Mapping[Any, Prediction] = {plain_key(item.qid): item for item in predictions.items}
    answers = tuple(known.get(plain_key(query.qid)) for query in queries)
    missing = tuple(query for query, answer in zip(queries, answers, strict=True) if answer is None)
    ids = {plain_key(query.qid) for query in queries}
    unknown = tuple(item for item in predictions.items if plain_key(item.qid) not in ids)
    return Matching(answers, missing, unknown)


def remarks_on(queries: Sequence[MomentQuery], predictions: MomentPredictions, matching: Matching) -> list[str]:
    """The remarks, in plain sentences; none where all is well."""
    pairs = [(query, item) for query, item in zip(queries, matching.answers, strict=True) if item is not None]
    return [
        text
        for text in (
            _array(predictions),
            _missing(matching),
            _unknown(matching, queries),
            _videos(pairs, predictions.path),
            *_windows(pairs, predictions.path),
        )
        if text
    ]


def _array(predictions: MomentPredictions) -> str:
    return "The file is a JSON array: the official program reads JSON Lines only." if predictions.array else ""


def _missing(matching: Matching) -> str:
    ids = [query.qid for query in matching.missing]
    return f"Not answered, and counted as misses: {_queries(len(ids))} ({_some(ids)})." if ids else ""


def _unknown(matching: Matching, queries: Sequence[MomentQuery]) -> str:
    if not matching.unknown:
        return ""
    ids = [item.qid for item in matching.unknown]
    text = f"Not in the ground truth, and passed over: {count(len(ids), 'prediction')} ({_some(ids)})."
    other = {str(query.qid) for query in queries if not isinstance(query.qid, str)}
    if any(isinstance(qid, str) and qid in other for qid in ids):
        text += " Ids that are numbers in the ground truth are texts here: write them without quotes."
    return text


def _videos(pairs: Sequence[tuple[MomentQuery, Prediction]], path: Path) -> str:
    other = [item for query, item in pairs if item.video not in (None, query.video)]
    if not other:
        return ""
    return (
        f"Another video than in the ground truth is named by {count(len(other), 'prediction')} ({_places(other, path)})"
        "; no program looks at it, but the ids may be of another numbering."
    )


def _windows(pairs: Sequence[tuple[MomentQuery, Prediction]], path: Path) -> list[str]:
    """What is unexpected in the windows of all predictions, looked at as one array."""
    lists = [item.windows for _, item in pairs if item.windows is not None]
    if not lists:
        return []
    lengths = [len(windows) for windows in lists]
    start, end, score = np.concatenate(lists).T
    owner = np.repeat(np.arange(len(lists)), lengths)
    durations = np.repeat([query.duration for query, _ in pairs], lengths)
    rising = (score[1:] > score[:-1]) & (owner[1:] == owner[:-1])
    unexpected = (
        (np.flatnonzero(np.array(lengths) == 0), "have no window and count as misses"),
        (owner[start > end], REVERSED),
        (
            owner[(start < 0) | (end < 0) | (start > durations) | (end > durations)],
            "have windows that reach beyond the video and are scored as they stand, as by the official program",
        ),
        (
            owner[1:][rising],
            "are not sorted by score: recall takes the windows as they are handed in, mAP sorts the first 10",
        ),
    )
    texts = []
    for rows, told in unexpected:
        items = [pairs[row][1] for row in np.unique(rows)]
        if items:
            texts.append(f"Lists that {told}: {len(items)} ({_places(items, path)}).")
    return texts


def _queries(number: int) -> str:
    return f"{number} {'query' if number == 1 else 'queries'}"


def _some(ids: Sequence[int | str]) -> str:
    shown = ", ".join(short_repr(qid, 20) for qid in ids[:NAMED])
    return f"{shown}, ..." if len(ids) > NAMED else shown


def _places(items: Sequence[Prediction], path: Path) -> str:
    shown = ", ".join(item.location for item in items[:NAMED])
    return cut(f"{path.name}: {shown}", 200) + (", ..." if len(items) > NAMED else "")
