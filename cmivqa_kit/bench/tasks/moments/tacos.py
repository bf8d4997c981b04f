"""Annotations of TACoS: windows in frames, by video."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

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
        rate, frames = entry.get("fps"), entry.get("num_frames")
        if not (is_finite(rate) and is_finite(frames) and rate > 0 and 0 < frames / rate <= LONGEST):
            told = f"fps {short_repr(rate)} and num_frames {short_repr(frames)} make no duration"
            problems.append(Problem(pointer, told))
            rate = frames = None
        for location, (first, last), text in pairs(pointer, entry, problems):
            if first > last:
                changes["dropped"] += 1
                continue
            qid += 1
            if rate is None or frames is None:
                continue
            duration = frames / rate
            start, end = max(first / rate, 0.0), min(last / rate, duration)
            if start > end:
                problems.append(Problem(location, f"frames {first:g} to {last:g} are not in the video of {frames:g}"))
                continue
            changes["clipped"] += start != first / rate or end != last / rate
            queries.append(MomentQuery(qid, text, video, duration, ((start, end),)))
    return MomentAnnotations((path,), tuple(queries), dict(changes)), problems
