"""Times that are likely milliseconds, frames or fractions of the video: one finding for the whole file."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

from cmivqa_kit.data.numbers import is_span
from cmivqa_kit.submission.context import Context, check
from cmivqa_kit.submission.findings import Finding
from cmivqa_kit.submission.read import matched_id
from cmivqa_kit.submission.units import ESTIMATE, SLACK, Guess, Timed, likely_unit, unit_of_ends

_FIRST = 1  # entries of each list that are looked at before all are


@check("file", "W310")
def other_unit(rows: Sequence[Any], context: Context) -> Iterator[Finding]:
    """Say once that the times are likely no seconds, with the unit and the share of spans that says so."""
    guess = guess_unit(rows, context)
    if guess is not None:
        yield Finding("W310", guess.message)


def guess_unit(rows: Sequence[Any], context: Context) -> Guess | None:
    """The guess at the unit of a file's times; ``None`` where they are likely seconds."""
    if not context.tracks:
        return None
    # 400,000 entries are only looked at where the first of each list give a reason.
    first = list(_spans(rows, context, _FIRST))
    if not first or not _odd(first):
        return None
    if context.form != 1 and not context.corpus:  # most of a large file: no object for each entry
        most = context.edition.entries
        return unit_of_ends(_starts_and_ends(rows, most), len(rows) * most)
    return likely_unit(_spans(rows, context, context.edition.entries))


def _odd(spans: Sequence[Timed]) -> bool:
    odd = sum(
        span.end <= 1 or (span.end > SLACK if span.duration is None else span.end > ESTIMATE * span.duration)
        for span in spans
    )
    return 2 * odd >= len(spans)


def _spans(rows: Sequence[Any], context: Context, most: int) -> Iterator[Timed]:
    """The valid spans of the items, of each list the first ``most`` entries."""
    for row in rows:
        if not isinstance(row, dict):
            continue
        if context.form == 1:
            question = context.question(matched_id(row))
            video = question.video_id if question is not None and question.video_id else row.get("video_id")
            start, end = row.get("start_second"), row.get("end_second")
            if _is_span(start, end):
                yield _timed(start, end, video, context)
            continue
        output = row.get("output")
        for entry in output[:most] if isinstance(output, list) else ():
            if isinstance(entry, list) and len(entry) >= 3 and _is_span(entry[1], entry[2]):
                yield _timed(entry[1], entry[2], entry[0], context)


def _starts_and_ends(rows: Sequence[Any], most: int) -> Iterator[tuple[float, float]]:
    """The valid spans of the first ``most`` entries of each list."""
    for row in rows:
        output = row.get("output") if isinstance(row, dict) else None
        for entry in output[:most] if isinstance(output, list) else ():
            if isinstance(entry, list) and len(entry) >= 3:
                start, end = entry[1], entry[2]
                if _is_span(start, end):
                    yield start, end


def _is_span(start: Any, end: Any) -> bool:
    # Nearly all are plain floats, of which `is_span` need not ask what they are.
    return (type(start) is type(end) is float and 0 <= start < end < math.inf) or is_span(start, end)


def _timed(start: Any, end: Any, video_id: Any, context: Context) -> Timed:
    video = context.corpus.get(video_id) if isinstance(video_id, str) else None
    return Timed(start, end, video.duration if video is not None else None)
