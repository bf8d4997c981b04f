"""Times that are numbers but no span, and spans against the length of their video.

What the schema says already (E301, E303 of Tracks 1 and 3) is not said again.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cmivqa_kit.data.numbers import is_finite, is_number
from cmivqa_kit.data.types import Video
from cmivqa_kit.submission.context import LAST, Context, Item, check
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
    pointers = ("/start_second", "/end_second")
    for number, words, values, place in _faults(start, end, pointers, _video(video, context), context):
        if number not in _BY_SCHEMA:
            yield item.finding(f"{_letter(number)}{number}", words.format(*values), place)


@check("answer", "E302", "E304", "E305", "E306", "E307", "W308", "W309",
       "W301", "W302", "W303", "W304", "W305", "W306", "W307")  # fmt: skip
def spans_of_lists(item: Item, context: Context) -> Iterator[Finding]:
    """The times of the entries: errors where Track 3 scores them, warnings for Track 2 alone."""
    output = item.row.get("output")
    if context.form == 1 or not isinstance(output, list) or flat_triple(output):
        return
    scored, latest, tally = context.form == 3, context.latest, context.tally
    reversed_span = "E304" if scored else "W304"
    for rank, entry in enumerate(output):
        if not isinstance(entry, list) or len(entry) < 3:
            continue
        video, start, end = entry if len(entry) == 3 else entry[:3]
        if type(start) is type(end) is float and type(video) is str:  # nearly all are said at once
            if 0 <= start < end <= latest.get(video, LAST):
                continue
            if 0 <= end < start <= LAST and tally.counted(reversed_span):
                continue
        elif nested_entry(entry):
            continue
        for number, words, values, place in _faults(start, end, ("/1", "/2"), _video(video, context), context):
            if scored and number in _BY_SCHEMA:
                continue
            code = f"{_letter(number) if scored else 'W'}{number}"
            if not tally.counted(code):
                yield item.finding(code, words.format(*values), f"/output/{rank}{place}")


_BY_SCHEMA = ("301", "303")


Fault = tuple[str, str, tuple[Any, ...]]  # number of the code, the message as a format, and what belongs into it


def _letter(number: str) -> str:
    return "W" if number in ("308", "309") else "E"


def _faults(
    start: Any, end: Any, pointers: tuple[str, str], video: Video | None, context: Context
) -> Iterator[tuple[str, str, tuple[Any, ...], str]]:
    """What is wrong with a span, and the place: one fault per time, else one of the pair."""
    plain = type(start) is type(end) is float and 0 <= start <= LAST and 0 <= end <= LAST
    faults = (
        []
        if plain
        else [(fault, place) for value, place in zip((start, end), pointers, strict=True) if (fault := _time(value))]
    )
    if faults:
        yield from ((*fault, place) for fault, place in faults)
        return
    if end < start:
        yield "304", "{} to {} ends before it starts", (start, end), ""
    elif end == start:
        yield "305", "{} to {}: end equals start", (start, end), ""
    elif video is not None and video.duration is not None:
        fault = _end(start, end, video.duration, video, context.tolerance)
        if fault is not None:
            yield (*fault, pointers[0] if fault[0] == "306" else pointers[1])


def _time(value: Any) -> Fault | None:
    if not is_number(value):
        return "301", "not a number", ()
    if not is_finite(value):
        return "302", "not a finite number", ()
    return ("303", "{} is negative", (value,)) if value < 0 else None


def _end(start: float, end: float, duration: float, video: Video, tolerance: float) -> Fault | None:
    """The findings about the end of a valid span in a video that lasts ``duration`` seconds."""
    if video.duration_is_exact:
        if start >= duration:
            return "306", "starts at {}; {} lasts {:g} s", (start, video.id, duration)
        late = "ends at {}; {} lasts {:g} s", (end, video.id, duration)
        if end > duration + tolerance:
            return "307", *late
        return ("308", *late) if end > duration else None
    if end <= duration + tolerance:
        return None  # an estimate says nothing about the last second
    number = "309" if end > ESTIMATE * duration and end > duration + SLACK else "308"
    words = "ends at {}; {} lasts about {:g} s, estimated from its {}"
    return number, words, (end, video.id, duration, video.duration_source)


def _video(video_id: Any, context: Context) -> Video | None:
    return context.corpus.get(video_id) if isinstance(video_id, str) else None
