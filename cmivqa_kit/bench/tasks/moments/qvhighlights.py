"""Annotations of QVHighlights: JSON Lines with windows and the saliency of clips of two seconds.

Source: docs/spec/moments.md, section 1.4.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cmivqa_kit.bench.tasks.moments.records import Record, read_records
from cmivqa_kit.bench.tasks.moments.types import (
    CLIP,
    LONGEST,
    AnnotationsAndProblems,
    MomentAnnotations,
    MomentQuery,
    Window,
    saliency,
)
from cmivqa_kit.data.display import short_repr
from cmivqa_kit.data.id_keys import plain_key
from cmivqa_kit.data.numbers import is_finite, is_span
from cmivqa_kit.errors import Problem
from cmivqa_kit.metrics.benchmarks.highlights import ClipScores

FIX = "A line is an object with qid, query, duration, vid, relevant_windows, relevant_clip_ids and saliency_scores."
ANNOTATED = ("relevant_windows", "relevant_clip_ids", "saliency_scores")


def read_qvhighlights(path: Path) -> AnnotationsAndProblems:
    """The queries of a file. Of the test split, which is published without annotation, they have no windows.

    Raises:
        UserError: the file is missing or no text.
    """
    records = read_records(path, "annotation file")
    problems = list(records.problems)
    annotated = any(key in record.content for record in records.items for key in ANNOTATED)
    queries: list[MomentQuery] = []
    lines: dict[object, str] = {}
    for record in records.items:
        faults: list[Problem] = []
        query = _query(record, annotated, faults)
        problems += faults
        if query is None:
            continue
        earlier = lines.setdefault(plain_key(query.qid), record.location)
        if earlier != record.location:
            problems.append(Problem(record.at("qid"), f"{short_repr(query.qid)} stands at {earlier} too"))
        queries.append(query)
    return MomentAnnotations((path,), tuple(queries)), problems


def segment(video: str) -> tuple[str, float, float] | None:
    """YouTube id, start and end in seconds of what was cut from that video; ``None`` for another kind of name."""
    source, _, times = video.rpartition("_")
    source, _, start = source.rpartition("_")
    try:
        return (source, float(start), float(times)) if source else None
    except ValueError:
        return None


def _query(record: Record, annotated: bool, faults: list[Problem]) -> MomentQuery | None:
    """The query of a record; what is wrong with it goes to ``faults``, and then it is ``None``."""
    content = record.content
    qid: Any = content.get("qid")
    text, video, duration = (content.get(key) for key in ("query", "vid", "duration"))
    if plain_key(qid) is None:
        faults.append(Problem(record.at("qid"), f"{short_repr(qid)} is no id"))
    for key, value in (("query", text), ("vid", video)):
        if not isinstance(value, str) or not value.strip():
            faults.append(Problem(record.at(key), f"{short_repr(value)} is no text"))
    seconds = float(duration) if duration is not None and is_finite(duration) else 0.0
    if not CLIP <= seconds <= LONGEST:
        faults.append(Problem(record.at("duration"), f"{short_repr(duration)} is no duration in seconds"))
    if faults:
        return None
    cut = segment(str(video))
    source = cut[0] if cut else str(video)
    if not annotated:
        return MomentQuery(qid, str(text), str(video), seconds, (), None, source)
    windows = _windows(record, seconds, faults)
    scores = _saliency(record, seconds, faults)
    if faults:
        return None
    return MomentQuery(qid, str(text), str(video), seconds, windows, scores, source)


def _windows(record: Record, duration: float, faults: list[Problem]) -> tuple[Window, ...]:
    given = record.content.get("relevant_windows")
    if not isinstance(given, list) or not given:
        faults.append(Problem(record.at("relevant_windows"), f"{short_repr(given)} is no array of windows"))
        return ()
    windows: list[Window] = []
    for index, window in enumerate(given):
        if not (isinstance(window, list) and len(window) == 2 and is_span(*window)):
            told = f"{short_repr(window)} is not [start, end] with 0 <= start < end"
        elif window[1] > duration:
            told = f"{short_repr(window)} ends after the video, which has {duration:g} s"
        else:
            windows.append((float(window[0]), float(window[1])))
            continue
        faults.append(Problem(record.at("relevant_windows", index), told))
    return tuple(windows)


def _saliency(record: Record, duration: float, faults: list[Problem]) -> ClipScores | None:
    clips, scores = record.content.get("relevant_clip_ids"), record.content.get("saliency_scores")
    if not isinstance(clips, list) or not isinstance(scores, list) or len(clips) != len(scores):
        told = "relevant_clip_ids and saliency_scores are no arrays of the same length"
        faults.append(Problem(record.location, told))
        return None
    count = int(duration / CLIP)
    for index, clip in enumerate(clips):
        if type(clip) is not int or not 0 <= clip < count:
            told = f"{short_repr(clip)} is no clip of the video, which has {count}"
            faults.append(Problem(record.at("relevant_clip_ids", index), told))
    if not faults and len(set(clips)) < len(clips):
        faults.append(Problem(record.at("relevant_clip_ids"), "holds a clip twice"))
    for index, given in enumerate(scores):
        if not (isinstance(given, list) and len(given) == 3 and all(type(s) is int and 0 <= s <= 4 for s in given)):
            told = f"{short_repr(given)} is not three scores from 0 to 4"
            faults.append(Problem(record.at("saliency_scores", index), told))
    return None if faults else saliency(duration, clips, scores)
