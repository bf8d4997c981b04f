"""Submissions of Tracks 3 and 1 as predictions of TVR's corpus moment retrieval, with the annotations it is scored on.

Source: docs/spec/scoring.md, section 5.3.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

from cmivqa_kit.data.display import short_repr
from cmivqa_kit.data.numbers import is_finite
from cmivqa_kit.data.types import QuestionId
from cmivqa_kit.editions import Edition
from cmivqa_kit.errors import Problem, problems_error
from cmivqa_kit.leaderboard.exports.exported import Exported, json_text
from cmivqa_kit.leaderboard.exports.rankings import (
    ENTRIES,
    FIX,
    Ranking,
    left_out,
    rankings,
    require_array,
)
from cmivqa_kit.scoring.strict import match

PREDICTIONS, ANNOTATIONS = "tvr_predictions.json", "tvr_annotations.jsonl"
TYPE = "vt"  # the query is about what is seen and said


def tvr(
    predictions: Any,
    targets: Any,
    spans: Any = None,
    *,
    corpus: Iterable[str] = (),
    edition: Edition | None = None,
    entries: int = ENTRIES,
) -> Exported:
    """Decoded submissions and the answers as files of TVR: VCMR and VR of a Track 3 submission, SVMR of a Track 1 one.

    Every question has to have a prediction there: one without an answer has one that names no video.

    Args:
        predictions: a submission for Track 3: array of objects with ``id`` and ``output`` (times in seconds).
        targets: array of objects with ``id``, ``video_id``, ``start_second``, ``end_second`` (seconds).
        spans: a submission for Track 1, array of objects with ``id``, ``start_second``, ``end_second``; its ids may
            carry the number of their own track.
        corpus: ids of all videos; those of the submission and of the answers are added.
        edition: by which ids of different tracks are told to be of one question.
        entries: how many entries of a list are read.

    Returns:
        ``tvr_predictions.json`` and ``tvr_annotations.jsonl``.

    Raises:
        UserError: malformed entries or spans (E802).
    """
    rows = rankings(predictions, targets, 3, entries, times=True)
    names = {*corpus, *(row.target["video_id"] for row in rows), *(entry[0] for row in rows for entry in row.videos)}
    video2idx = {name: index for index, name in enumerate(sorted(names))}
    none = [[len(video2idx), 0, 0, 0]]  # no video has this number
    document: dict[str, Any] = {
        "video2idx": video2idx,
        "VCMR": [_item(row, _moments(row, video2idx) or none) for row in rows],
    }
    if spans is not None:
        own = _spans(spans, rows, edition)
        document["SVMR"] = [
            _item(row, [[video2idx[row.target["video_id"]], *times, 1]] if times else none)
            for row, times in zip(rows, own, strict=True)
        ]
    document["VR"] = [_item(row, _videos(row, video2idx) or none) for row in rows]
    annotations = "".join(json.dumps(_annotation(row), ensure_ascii=False) + "\n" for row in rows)
    return Exported(
        {PREDICTIONS: json_text(PREDICTIONS, document), ANNOTATIONS: annotations},
        (ANNOTATIONS,),
        len(rows),
        sum(bool(row.entries) for row in rows),
        left_out(predictions, targets),
    )


def _item(row: Ranking, lines: list[list[Any]]) -> dict[str, Any]:
    return {"desc_id": row.id, "desc": _text(row), "predictions": lines}


def _text(row: Ranking) -> str:
    text = row.target.get("question")
    return text if isinstance(text, str) else ""


def _moments(row: Ranking, video2idx: dict[str, int]) -> list[list[Any]]:
    total = len(row.entries)
    return [[video2idx[e[0]], e[1], e[2], total - rank + 1] for rank, e in enumerate(row.entries, 1)]


def _videos(row: Ranking, video2idx: dict[str, int]) -> list[list[Any]]:
    total = len(row.videos)
    return [[video2idx[e[0]], 0, 0, total - rank + 1] for rank, e in enumerate(row.videos, 1)]


def _annotation(row: Ranking) -> dict[str, Any]:
    target = row.target
    return {
        "desc_id": row.id,
        "desc": _text(row),
        "type": TYPE,
        "vid_name": target["video_id"],
        "ts": [target["start_second"], target["end_second"]],
    }


def _spans(spans: Any, rows: list[Ranking], edition: Edition | None) -> list[tuple[Any, Any] | None]:
    """Start and end that a Track 1 submission gives each question; ``None`` where it does not, or more than once."""
    require_array(spans)
    asked = [{"id": row.id} for row in rows]
    items = match(spans, asked).items
    if edition is not None and not any(items):
        items = match(spans, [{"id": _on_track_1(row.id, edition)} for row in rows]).items
    index = {id(item): at for at, item in enumerate(spans)}
    own: list[tuple[Any, Any] | None] = []
    problems: list[Problem] = []
    for item in items:
        times = None if item is None else (item.get("start_second"), item.get("end_second"))
        if times is not None and not all(map(is_finite, times)):
            what = f"E802: {short_repr(times[0])} to {short_repr(times[1])} is no start and end in seconds"
            problems.append(Problem(f"/{index[id(item)]}", what))
        own.append(times)
    if problems:
        raise problems_error("the Track 1 submission cannot be exported", problems, FIX)
    return own


def _on_track_1(identity: QuestionId, edition: Edition) -> QuestionId:
    """The id of the same question on Track 1: ``NLPCC2024_Task3_7`` is ``NLPCC2024_Task1_7`` there."""
    if not edition.id_pattern or not isinstance(identity, str):
        return identity
    number = re.search(edition.id_pattern, identity)
    return identity if number is None else f"{identity[: number.start('track')]}1{identity[number.end('track') :]}"
