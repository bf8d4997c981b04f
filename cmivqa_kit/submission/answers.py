"""Checking an answer file: the ground truth of an organizer, or of one's own split (E901 to W906)."""

from __future__ import annotations

import math
from collections.abc import Collection, Hashable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from cmivqa_kit.data.id_keys import plain_key
from cmivqa_kit.data.numbers import is_number, is_span
from cmivqa_kit.data.types import Track, Video
from cmivqa_kit.submission.context import TOLERANCE, as_corpus
from cmivqa_kit.submission.findings import Finding, brief
from cmivqa_kit.submission.read import Document, plain_id
from cmivqa_kit.submission.validate import Report, report

_TIMES = ("start_second", "end_second")


def check_answers(
    document: Document,
    track: Track | None = None,
    corpus: Mapping[str, Video] | Collection[str] = (),
    tolerance: float = TOLERANCE,
) -> Report:
    """Check an answer file as `read_guarded` has read it.

    Args:
        document: the file.
        track: the track it is for: Track 2 needs no times. Without one, times are needed if any answer has them.
        corpus: the videos, or their ids alone.
        tolerance: seconds by which a span may outlast a video whose duration is only estimated.
    """
    tracks = () if track is None else (track,)
    whole = [replace(f, code="E901") if f.code in ("E110", "E111") else f for f in document.findings]
    if not document.rows:
        return report(document, None, tracks, whole, ("nothing in it could be read",))
    videos = as_corpus(corpus)
    timed = track != 2 if track else any(isinstance(row, dict) and _TIMES[0] in row for row in document.rows)
    findings: list[Finding] = []
    first: dict[Hashable, int] = {}
    for index, row in enumerate(document.rows):
        findings += (
            Finding(code, what, f"/{index}{path}", index, _id(row)) for code, what, path in _faults(row, timed)
        )
        identity = plain_id(row)
        if identity is not None and (earlier := first.setdefault(plain_key(identity), index)) != index:
            findings.append(Finding("E902", f"stands at /{earlier} too", f"/{index}/id", index, identity))
        if isinstance(row, dict):
            against = _against_corpus(row, timed, videos, tolerance)
            findings += (Finding(code, what, f"/{index}{path}", index, _id(row)) for code, what, path in against)
    unchecked = () if videos else ("video ids and durations: no corpus",)
    if track is None and not timed:
        unchecked = (*unchecked, "spans: no answer has one, so this can only be an answer file for Track 2")
    return report(document, None, tracks, [*whole, *findings], unchecked)


def _faults(row: Any, timed: bool) -> Iterator[tuple[str, str, str]]:
    """Code, message and place of what is wrong with one answer by itself."""
    if not isinstance(row, dict):
        yield "E903", "not an object", ""
        return
    if plain_id(row) is None:
        yield ("E903", "the id is no text and no integer", "/id") if "id" in row else ("E903", "no 'id'", "")
    video = row.get("video_id")
    if not (isinstance(video, str) and video):
        yield ("E903", "the video_id is no text", "/video_id") if "video_id" in row else ("E903", "no 'video_id'", "")
    for name in _TIMES if timed else ():
        if name not in row:
            yield "E903", f"no {name!r}", ""
        elif not is_number(row[name]):
            yield "E903", f"the {name} is no number", f"/{name}"
    start, end = (row.get(name) for name in _TIMES)
    if timed and is_number(start) and is_number(end) and not is_span(start, end):
        yield "E904", f"{start} to {end} s", ""


def _against_corpus(
    row: Mapping[str, Any], timed: bool, videos: Mapping[str, Video], tolerance: float
) -> Iterator[tuple[str, str, str]]:
    video_id, end = row.get("video_id"), row.get("end_second")
    if not videos or not isinstance(video_id, str) or not video_id:
        return
    video = videos.get(video_id)
    if video is None:
        yield "E905", f"{brief(video_id)!r} is not in the corpus", "/video_id"
    elif timed and video.duration is not None and isinstance(end, int | float):
        longest = video.duration + (0.0 if video.duration_is_exact else tolerance)
        if longest < end < math.inf:
            yield "W906", f"{end}; {video.id} lasts {video.duration:g} s ({video.duration_source})", "/end_second"


def _id(row: Any) -> Any:
    return row.get("id") if isinstance(row, dict) else None
