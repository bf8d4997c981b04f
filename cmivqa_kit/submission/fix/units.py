"""Times in another unit, which the user names, become seconds: ``--unit``."""

from __future__ import annotations

from typing import Any

from cmivqa_kit.data.id_keys import plain_key
from cmivqa_kit.data.numbers import is_finite
from cmivqa_kit.data.types import Video
from cmivqa_kit.submission.fix.model import Context, Log, repair
from cmivqa_kit.submission.units import Unit


@repair("document", "W310", says="with --unit ms, fraction or frames=FPS times become seconds")
def to_seconds(rows: list[Any], context: Context, log: Log) -> list[Any]:
    """All times, of Track 2 as well, from the unit that was named to seconds; nothing where none was."""
    unit = context.unit
    if unit is None:
        return rows
    return [_row(index, row, unit, context, log) for index, row in enumerate(rows)]


def _row(index: int, row: Any, unit: Unit, context: Context, log: Log) -> Any:
    if not isinstance(row, dict):
        return row
    if "start_second" in row or "end_second" in row:
        identity = row.get("id")
        question = context.known.get(plain_key(identity))
        video_id = question.video_id if question is not None and question.video_id else row.get("video_id")
        for name in ("start_second", "end_second"):
            if name in row:
                row = {**row, name: _time(row[name], _video(video_id, context), unit, f"/{index}/{name}", log)}
    output = row.get("output")
    if isinstance(output, list):
        row = {**row, "output": [_entry(entry, unit, context, f"/{index}/output/{rank}", log)
                                 for rank, entry in enumerate(output)]}  # fmt: skip
    return row


def _entry(entry: Any, unit: Unit, context: Context, pointer: str, log: Log) -> Any:
    if not isinstance(entry, list) or len(entry) < 3:
        return entry
    video = _video(entry[0], context)
    return [entry[0], *(_time(entry[at], video, unit, f"{pointer}/{at}", log) for at in (1, 2)), *entry[3:]]


def _time(value: Any, video: Video | None, unit: Unit, pointer: str, log: Log) -> Any:
    if not is_finite(value):
        return value  # said as E301 or E302
    seconds = unit.seconds(value, video.duration if video is not None else None)
    if seconds is None:
        log.refuse("W310", "times that are fractions of a video whose length is not known", pointer)
        return value
    source = ""
    if not unit.per_second and video is not None and not video.duration_is_exact:
        source = f", lengths estimated from {video.duration_source}"
    log.change("W310", f"times in {unit.noun} written in seconds{source}", pointer, value, seconds)
    return seconds


def _video(video_id: Any, context: Context) -> Video | None:
    return context.corpus.get(video_id) if isinstance(video_id, str) else None
