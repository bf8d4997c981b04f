"""Reading one answer strictly: a span, or a list of entries.

Nearly every list is right from end to end, so the first look only asks that, as fast as Python can; a list that fails
is read again with every rule. Source: docs/spec/scoring.md, section 3.3.
"""

from __future__ import annotations

import sys
from typing import Any

from cmivqa_kit.data.numbers import is_span
from cmivqa_kit.data.span import interval_iou

ARRAY = (list, tuple)  # tuples only come from Python objects; JSON has none
_LARGEST = sys.float_info.max

Moment = tuple[int, float]  # position in the list from 1, IoU
Listed = tuple[int, str, Any, Any]  # position in the list from 1, video, start and end in seconds


def is_entry(entry: Any) -> bool:
    """True for an array with a string at element 0."""
    return isinstance(entry, ARRAY) and len(entry) > 0 and isinstance(entry[0], str)


def overlap(start: Any, end: Any, other_start: Any, other_end: Any) -> float:
    """IoU of two valid spans, in seconds; the same bits as the official program's."""
    try:
        return interval_iou(start, end, other_start, other_end)
    except ZeroDivisionError:  # integers beyond 2^53 beside floats: a length can round to 0
        return 0.0


def read_videos(output: Any, limit: int, video: str) -> tuple[int, int]:
    """Rank of ``video`` (0: not there) and number of malformed entries among the first ``limit`` of a list."""
    if type(output) is list:
        entries = output[:limit] if len(output) > limit else output
        names = [entry[0] for entry in entries if type(entry) is list and entry and type(entry[0]) is str]
        if len(names) == len(entries):
            return _rank(names, names.index(video)) if video in names else 0, 0
    rank, _, malformed = _read(output, limit, video, None)
    return rank, malformed


def read_moments(output: Any, limit: int, video: str, span: tuple[Any, Any]) -> tuple[int, list[Moment], int]:
    """Rank of ``video``, the overlapping entries that are better than all before, and the number of invalid entries.

    An entry is invalid when it is malformed, shorter than 3 elements, or its span is not valid, whatever its video.
    """
    if type(output) is list:
        entries = output[:limit] if len(output) > limit else output
        found = _read_valid(entries, video, span)
        if found is not None:
            first, moments = found
            return _rank([entry[0] for entry in entries[:first]], first - 1) if first else 0, moments, 0
    return _read(output, limit, video, span)


def read_entries(output: Any, limit: int) -> tuple[int, list[Listed]]:
    """How many of the first ``limit`` entries a list has, and those of them that are valid: what can match at all."""
    entries = output[:limit] if isinstance(output, ARRAY) else ()
    return len(entries), [
        (position, entry[0], entry[1], entry[2])
        for position, entry in enumerate(entries, 1)
        if is_entry(entry) and len(entry) >= 3 and is_span(entry[1], entry[2])
    ]


def _read_valid(entries: list[Any], video: str, span: tuple[Any, Any]) -> tuple[int, list[Moment]] | None:
    """Position of the first entry of ``video`` (0: none) and the moments; ``None`` if any entry is not quite right."""
    first, best = 0, 0.0
    moments: list[Moment] = []
    right_start, right_end = span
    try:
        for position, entry in enumerate(entries, 1):
            name, start, end = entry
            if not (
                (type(start) is float or type(start) is int)
                and (type(end) is float or type(end) is int)
                and 0 <= start < end <= _LARGEST
                and type(name) is str
                and type(entry) is list
            ):
                return None
            if name == video:
                first = first or position
                if start < right_end and end > right_start:
                    value = overlap(right_start, right_end, start, end)
                    if value > best:
                        best = value
                        moments.append((position, value))
    except (TypeError, ValueError):  # not three elements
        return None
    return first, moments


def _rank(names: list[str], position: int) -> int:
    """Rank of the video at ``position`` (from 0), its first one: one more than the different videos before it."""
    return len(set(names[:position])) + 1 if position else 1


def _read(output: Any, limit: int, video: str, span: tuple[Any, Any] | None) -> tuple[int, list[Moment], int]:
    """A list entry by entry; without ``span`` only videos are looked at."""
    seen: set[str] = set()
    rank = taken = invalid = 0
    moments: list[Moment] = []
    best = 0.0
    for position, entry in enumerate(output[:limit] if isinstance(output, ARRAY) else (), 1):
        if not is_entry(entry):
            taken += 1  # takes a rank and matches nothing
            invalid += 1
            continue
        name = entry[0]
        if name not in seen:
            seen.add(name)
            taken += 1
            if name == video:
                rank = taken
        if span is not None:
            if len(entry) < 3 or not is_span(entry[1], entry[2]):
                invalid += 1
            elif name == video and (value := overlap(*span, entry[1], entry[2])) > best:
                best = value
                moments.append((position, value))
    return rank, moments, invalid
