"""The corrected scores: fractions over all questions, nothing won by a defect of the file.

What is malformed earns nothing, what is answered twice counts as not answered, a video counts once in a ranking, and
no question leaves a mean. Source: docs/spec/scoring.md, section 3.3 and the settlements at the head.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from cmivqa_kit.data.id_keys import plain_key
from cmivqa_kit.data.numbers import is_span
from cmivqa_kit.data.types import Track
from cmivqa_kit.editions import Edition
from cmivqa_kit.editions.metrics import check_cutoffs, metrics_of
from cmivqa_kit.metrics import evaluate, means
from cmivqa_kit.metrics.base import Metric
from cmivqa_kit.metrics.ranks_and_ious import RanksAndIous, Values, ranks_and_ious
from cmivqa_kit.scoring.entries import overlap, read_moments, read_videos
from cmivqa_kit.scoring.truth import TruthFault, check_truth

Answered = Literal["given", "missing", "duplicated"]


@dataclass(frozen=True, slots=True, eq=False)
class Matching:
    """Which item of a submission answers which of n questions.

    Attributes:
        items: the only item with the question's id, else ``None``.
        answers: whether the answer is given, missing, or there more than once (then it counts as missing).
        counts: questions, answered, missing, duplicated, extra (items whose id is no question's), malformed (items
            without an id that a question can have).
    """

    items: list[Any]
    answers: list[Answered]
    counts: dict[str, int]


@dataclass(frozen=True, slots=True, eq=False)
class Strict:
    """Strict scores of n questions.

    Attributes:
        metrics: fractions by canonical name, what ranks first (Overall: up to the number of its parts).
        by_language: the same over the questions of each ``language_type`` in the ground truth.
        per_question: (n,) values in the order of the ground truth; the mean of each is the metric.
        formed: the metrics as values, in the same order.
        facts: what they were computed from.
        matching: which item answers which question.
        invalid_entries: answered questions with an invalid span (Track 1), malformed entries (Track 2), entries that
            are malformed, too short or have an invalid span (Track 3).
        entries: how many entries of a list were read.
    """

    track: Track
    metrics: dict[str, float]
    by_language: dict[str, dict[str, float]]
    per_question: dict[str, Values]
    formed: tuple[Metric, ...]
    facts: RanksAndIous
    matching: Matching
    invalid_entries: int
    entries: int


def score_strict(
    track: Track,
    predictions: Any,
    targets: Any,
    edition: Edition,
    cutoffs: Sequence[int] | None = None,
    entries: int | None = None,
    all_targets: Any = None,
) -> Strict | TruthFault:
    """Strict scores of decoded predictions against decoded answers, or why there are none.

    Args:
        cutoffs: other cut-offs than the edition's.
        entries: how many entries of a list count, by default the edition's number; raised to the largest cut-off.
        all_targets: where ``targets`` are a part of the answers, all of them: what answers the others is not extra.

    Raises:
        UserError: the cut-offs are no positive integers.
    """
    fault = check_truth(targets, track)
    if fault is None and not isinstance(predictions, list):
        fault = TruthFault("submission_not_array", "the submission is not an array")
    if fault is not None:
        return fault
    formed = metrics_of(track, edition, cutoffs)
    limit = max(entries or edition.entries, *check_cutoffs(cutoffs or edition.cutoffs))
    matching = match(predictions, targets, all_targets)
    facts, invalid = _FACTS[track](targets, matching.items, limit)
    values = evaluate(formed, facts)
    return Strict(
        track=track,
        metrics=means(formed, values),
        by_language=_by_language(formed, values, targets),
        per_question=values,
        formed=formed,
        facts=facts,
        matching=matching,
        invalid_entries=invalid,
        entries=limit,
    )


def match(predictions: Any, targets: Any, all_targets: Any = None) -> Matching:
    """Find the answer to each question: an item with an id of the same type and value, if it is the only one.

    Takes any documents: what is no array has no items, a question without a proper id no answer.
    """
    items: dict[Hashable, Any] = {}
    repeated: set[Hashable] = set()
    keys = [_key(target) for target in _rows(targets)]
    known = set(keys) if all_targets is None or all_targets is targets else set(map(_key, _rows(all_targets)))
    extra = malformed = 0
    for item in _rows(predictions):
        key = _key(item)
        if key is None:
            malformed += 1
        elif key not in known:
            extra += 1
        elif key in items:
            repeated.add(key)
        else:
            items[key] = item
    answers: list[Answered] = [
        "duplicated" if key in repeated else "given" if key in items else "missing" for key in keys
    ]
    counts = {
        "questions": len(keys),
        "answered": answers.count("given"),
        "missing": answers.count("missing"),
        "duplicated": answers.count("duplicated"),
        "extra": extra,
        "malformed": malformed,
    }
    used = [items[key] if answer == "given" else None for key, answer in zip(keys, answers, strict=True)]
    return Matching(used, answers, counts)


def _rows(document: Any) -> list[Any]:
    return document if isinstance(document, list) else []


def _key(row: Any) -> Hashable | None:
    return plain_key(row.get("id")) if isinstance(row, dict) else None


def _facts1(targets: list[Any], items: list[Any], limit: int) -> tuple[RanksAndIous, int]:
    """Track 1: one span per question."""
    question: list[int] = []
    iou: list[float] = []
    invalid = 0
    for index, (target, item) in enumerate(zip(targets, items, strict=True)):
        if item is None:
            continue
        start, end = item.get("start_second"), item.get("end_second")
        if not is_span(start, end):
            invalid += 1
        elif (value := overlap(target["start_second"], target["end_second"], start, end)) > 0:
            question.append(index)
            iou.append(value)
    return ranks_and_ious([0] * len(targets), question, [1] * len(question), iou), invalid


def _facts2(targets: list[Any], items: list[Any], limit: int) -> tuple[RanksAndIous, int]:
    """Track 2: where the right video is in each list."""
    rank = [0] * len(targets)
    invalid = 0
    for index, (target, item) in enumerate(zip(targets, items, strict=True)):
        if item is not None:
            rank[index], malformed = read_videos(item.get("output"), limit, target["video_id"])
            invalid += malformed
    return ranks_and_ious(rank, (), (), ()), invalid


def _facts3(targets: list[Any], items: list[Any], limit: int) -> tuple[RanksAndIous, int]:
    """Track 3: where the right video is in each list, and the overlap of its spans."""
    rank = [0] * len(targets)
    question: list[int] = []
    position: list[int] = []
    iou: list[float] = []
    invalid = 0
    for index, (target, item) in enumerate(zip(targets, items, strict=True)):
        if item is None:
            continue
        span = target["start_second"], target["end_second"]
        rank[index], moments, faults = read_moments(item.get("output"), limit, target["video_id"], span)
        invalid += faults
        for at, value in moments:
            question.append(index)
            position.append(at)
            iou.append(value)
    return ranks_and_ious(rank, question, position, iou), invalid


_FACTS = {1: _facts1, 2: _facts2, 3: _facts3}


def _by_language(
    formed: Sequence[Metric], values: dict[str, Values], targets: list[Any]
) -> dict[str, dict[str, float]]:
    rows: dict[str, list[int]] = {}
    for index, target in enumerate(targets):
        language = target.get("language_type")
        if isinstance(language, str):
            rows.setdefault(language, []).append(index)
    return {language: means(formed, values, np.array(found, dtype=np.intp)) for language, found in rows.items()}
