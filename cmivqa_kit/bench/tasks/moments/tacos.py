"""Annotations of TACoS: windows in frames, by video.

Source: docs/spec/moments.md, section 1.3.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

from cmivqa_kit.bench.tasks.moments.charades import pairs, video_entries
from cmivqa_kit.bench.tasks.moments.types import LONGEST, AnnotationsAndProblems, MomentAnnotations, MomentQuery
from cmivqa_kit.data.display import short_repr
from cmivqa_kit.data.numbers import is_finite
from cmivqa_kit.errors import Problem

FIX = "A video has timestamps [[first frame, last frame], ...], as many sentences, fps and num_frames."


def read_tacos(path: Path) -> AnnotationsAndProblems:
    """The queries of a file, in seconds; ids count from 1 those whose first frame is not behind the last.

    Raises:
        UserError: the file is missing or no JSON object.
    """
    queries: list[MomentQuery] = []
    problems: list[Problem] = []
    changes = Counter(dropped=0, clipped=0)
    qid = 0
    for pointer, video, entry in video_entries(path):
        rate: Any = entry.get("fps")
        frames: Any = entry.get("num_frames")
        duration = _duration(rate, frames)
        if duration is None:
            told = f"fps {short_repr(rate)} and num_frames {short_repr(frames)} make no duration"
            problems.append(Problem(pointer, told))
        for location, (first, last), text in pairs(pointer, entry, problems):
            if first > last:
                changes["dropped"] += 1
                continue
            qid += 1
            if duration is None:
                continue
            start, end = max(first / rate, 0.0), min(last / rate, duration)
            if start > end:
                problems.append(Problem(location, f"frames {first:g} to {last:g} are not in the video of {frames:g}"))
                continue
            changes["clipped"] += start != first / rate or end != last / rate
            queries.append(MomentQuery(qid, text, video, duration, ((start, end),)))
    return MomentAnnotations((path,), tuple(queries), dict(changes)), problems


def _duration(rate: Any, frames: Any) -> float | None:
    """Seconds of a video of so many frames, that many of them per second."""
    if not (is_finite(rate) and is_finite(frames) and rate > 0):
        return None
    duration = float(frames) / float(rate)
    return duration if 0 < duration <= LONGEST else None
