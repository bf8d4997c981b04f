"""Times that are numbers but no span, and spans against the length of their video.

What the schema says already (E301, E303 of Tracks 1 and 3) is not said again.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cmivqa_kit.data.numbers import is_finite, is_number
from cmivqa_kit.data.types import Video
from cmivqa_kit.submission.context import Context, Item, check
from cmivqa_kit.submission.findings import Finding
from cmivqa_kit.submission.schema import flat_triple, nested_entry
from cmivqa_kit.submission.units import ESTIMATE, SLACK


@check("answer", "E302", "E304", "E305", "E306", "E307", "W308", "W309")
def span_of_track_1(item: Item, context: Context) -> Iterator[Finding]:
    """The times of a Track 1 answer, within the video that the question is asked of."""
    if context.form != 1:
        return
    start, end = item.row.get("start_second"), item.row.get("end_second")
    video = item.question.video_id if item.question is not None and item.question.video_id else item.row.get("video_id")
    for code, message, place in _faults(start, end, ("/start_second", "/end_second"), _video(video, context), context):
        if code not in _BY_SCHEMA:
            yield item.finding(f"{_letter(code)}{code}", message, place)


@check("answer", "E302", "E304", "E305", "E306", "E307", "W308", "W309",
       "W301", "W302", "W303", "W304", "W305", "W306", "W307")  # fmt: skip
def spans_of_lists(item: Item, context: Context) -> Iterator[Finding]:
    """The times of the entries: errors where Track 3 scores them, warnings for Track 2 alone."""
    output = item.row.get("output")
    if context.form == 1 or not isinstance(output, list) or flat_triple(output):
        return
    scored = context.form == 3
    for rank, entry in enumerate(output):
        if not isinstance(entry, list) or len(entry) < 3 or nested_entry(entry):
            continue
        for code, message, place in _faults(entry[1], entry[2], ("/1", "/2"), _video(entry[0], context), context):
            if not (scored and code in _BY_SCHEMA):
                letter = _letter(code) if scored else "W"
                yield item.finding(f"{letter}{code}", message, f"/output/{rank}{place}")


_BY_SCHEMA = ("301", "303")


def _letter(code: str) -> str:
    return "W" if code in ("308", "309") else "E"


def _faults(
    start: Any, end: Any, pointers: tuple[str, str], video: Video | None, context: Context
) -> Iterator[tuple[str, str, str]]:
    """Number of the code, message and place of what is wrong with a span: one fault per time, else one of the pair."""
    faults = [(fault, place) for value, place in zip((start, end), pointers, strict=True) if (fault := _time(value))]
    if faults:
        yield from ((code, message, place) for (code, message), place in faults)
        return
    if end < start:
        yield "304", f"{start} to {end} ends before it starts", ""
    elif end == start:
        yield "305", f"{start} to {end}: end equals start", ""
    elif video is not None and video.duration is not None:
        fault = _end(start, end, video.duration, video, context.tolerance)
        if fault is not None:
            yield (*fault, pointers[0] if fault[0] == "306" else pointers[1])


def _time(value: Any) -> tuple[str, str] | None:
    if not is_number(value):
        return "301", "not a number"
    if not is_finite(value):
        return "302", "not a finite number"
    return ("303", f"{value} is negative") if value < 0 else None


def _end(start: float, end: float, duration: float, video: Video, tolerance: float) -> tuple[str, str] | None:
    """The findings about the end of a valid span in a video that lasts ``duration`` seconds."""
    if video.duration_is_exact:
        if start >= duration:
            return "306", f"starts at {start}; {video.id} lasts {duration:g} s"
        if end > duration + tolerance:
            return "307", f"ends at {end}; {video.id} lasts {duration:g} s"
        return ("308", f"ends at {end}; {video.id} lasts {duration:g} s") if end > duration else None
    if end <= duration + tolerance:
        return None  # an estimate says nothing about the last second
    code = "309" if end > ESTIMATE * duration and end > duration + SLACK else "308"
    return code, f"ends at {end}; {video.id} lasts about {duration:g} s, estimated from its {video.duration_source}"


def _video(video_id: Any, context: Context) -> Video | None:
    return context.corpus.get(video_id) if isinstance(video_id, str) else None
