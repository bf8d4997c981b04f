"""TVR's annotations: queries about a moment of a video, one JSON object a line.

Source: docs/spec/scoring.md, section 5.3.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cmivqa_kit.bench.contract.types import QueryId
from cmivqa_kit.bench.tasks.documents import json_type, raise_problems, read_lines
from cmivqa_kit.data.display import short_repr
from cmivqa_kit.data.numbers import is_finite
from cmivqa_kit.errors import Problem

TYPES = ("v", "t", "vt")  # the query is about what is seen, said, or both
SEVERAL = 4  # so many spans or more make a hit need two of them
FIX = "TVR's annotations are JSON Lines with desc_id, desc, type, vid_name, ts: tvr_val_release.jsonl."


@dataclass(frozen=True, slots=True)
class TvrQuery:
    """A query and its moment: ``spans`` holds one (start, end) in seconds, or four and more by different people."""

    id: QueryId
    text: str
    type: str
    video: str
    spans: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class TvrAnnotations:
    """All queries of a split, in the order of its file."""

    path: Path
    queries: tuple[TvrQuery, ...]


def query_id(value: Any) -> QueryId | None:
    """An id as the official program compares it: a text or a whole number; ``None`` for anything else."""
    if isinstance(value, str):
        return value
    return int(value) if is_finite(value) and int(value) == value else None


def read_tvr_annotations(path: Path) -> TvrAnnotations:
    """The queries of a file.

    Raises:
        UserError: it cannot be read, or is none; every problem is listed with its line.
    """
    problems: list[Problem] = []
    queries: dict[QueryId, TvrQuery] = {}
    for location, row in read_lines(path, "annotations", FIX, problems):
        if not isinstance(row, dict):
            problems.append(Problem(location, f"{json_type(row)}, not an object"))
            continue
        identity, faults = query_id(row.get("desc_id")), list(_faults(row))
        if identity in queries:
            faults.append(f"desc_id {identity!r} stands twice; the official program takes the last")
        problems += (Problem(location, fault) for fault in faults)
        if identity is not None and not faults:
            queries[identity] = _query(identity, row)
    if not queries and not problems:
        problems.append(Problem("line 1", "no query"))
    raise_problems(path, problems, FIX)
    return TvrAnnotations(path, tuple(queries.values()))


def _faults(row: dict[str, Any]) -> Iterator[str]:
    if query_id(row.get("desc_id")) is None:
        yield f"desc_id: {short_repr(row.get('desc_id'), 30)} is no id"
    if not isinstance(row.get("vid_name"), str):
        yield "no vid_name: the video is hidden here, or the file is another"
    if row.get("type") not in TYPES:
        yield f"type: {short_repr(row.get('type'), 30)} is none of {', '.join(TYPES)}"
    spans = row.get("ts")
    if not _is_span(spans) and not (isinstance(spans, list) and len(spans) >= SEVERAL and all(map(_is_span, spans))):
        yield f"ts: {short_repr(spans, 40)} is neither [start, end] nor {SEVERAL} or more of these"


def _is_span(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 2 and all(map(is_finite, value)) and value[0] <= value[1]


def _query(identity: QueryId, row: dict[str, Any]) -> TvrQuery:
    spans = [row["ts"]] if _is_span(row["ts"]) else row["ts"]
    text = row.get("desc")
    return TvrQuery(
        identity,
        text if isinstance(text, str) else "",
        row["type"],
        row["vid_name"],
        tuple((float(start), float(end)) for start, end in spans),
    )
