"""Runs of TREC 2024 MedVidQA: the videos that a system gives for every question, with a score and a span each.

Source: docs/spec/scoring.md, section 5.1.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cmivqa_kit.bench.tasks.documents import json_type, no_number, pointer, raise_problems, read_document, require
from cmivqa_kit.data.display import short_repr
from cmivqa_kit.errors import Problem

START, END = "answer_start_second", "answer_end_second"
FIX = (
    "A run is a list of {question_id, relevant_videos: [{video_id, relevant_score, " + f"{START}, {END}" + "}]}; the "
    "times may be left out where only retrieval is scored."
)


@dataclass(frozen=True, slots=True)
class RunVideo:
    """A video of a run: its score, higher is better, and the span of the answer in seconds, where one is given."""

    video: str
    score: float
    span: tuple[float, float] | None


@dataclass(frozen=True, slots=True)
class RunQuestion:
    """The videos of a question in the order of the file."""

    id: str
    videos: tuple[RunVideo, ...]


def read_run(path: Path) -> tuple[RunQuestion, ...]:
    """The questions of a run in the order of its file; a question may stand there twice.

    Raises:
        UserError: it cannot be read, or is none; every problem is listed with its JSON pointer.
    """
    document = read_document(path, "predictions", FIX)
    require(document, list, path, "a run of MedVidQA", FIX)
    problems: list[Problem] = []
    questions = tuple(_questions(document, problems))
    if not document:
        problems.append(Problem("/", "no question; the official program stops there"))
    raise_problems(path, problems, FIX)
    return questions


def _questions(document: list[Any], problems: list[Problem]) -> Iterator[RunQuestion]:
    for number, item in enumerate(document):
        own = pointer(number)
        if not isinstance(item, dict) or not isinstance(item.get("question_id"), str):
            value = item.get("question_id") if isinstance(item, dict) else item
            problems.append(Problem(own, f"no question: {short_repr(value, 30)} is no question_id, a text"))
            continue
        entries = item.get("relevant_videos")
        if not isinstance(entries, list):
            problems.append(Problem(f"{own}/relevant_videos", f"{json_type(entries)}, not a list of videos"))
            continue
        videos = []
        for k, entry in enumerate(entries):
            faults = list(_faults(entry))
            problems += (Problem(f"{own}/relevant_videos/{k}{key}", fault) for key, fault in faults)
            if not faults:
                span = (float(entry[START]), float(entry[END])) if START in entry else None
                videos.append(RunVideo(entry["video_id"], float(entry["relevant_score"]), span))
        yield RunQuestion(item["question_id"], tuple(videos))


def _faults(entry: Any) -> Iterator[tuple[str, str]]:
    """Where in a video of a run something is wrong, and what."""
    if not isinstance(entry, dict):
        yield "", f"{json_type(entry)}, not an object"
        return
    video = entry.get("video_id")
    if not isinstance(video, str) or not video:
        yield "/video_id", f"{short_repr(video, 30)} is no id of a video"
    elif video.split() != [video]:
        yield "/video_id", f"{short_repr(video, 30)} holds white space, at which trec_eval parts its columns"
    if fault := no_number(entry.get("relevant_score")):
        yield "/relevant_score", fault
    for key in (START, END):
        if (START in entry or END in entry) and (fault := no_number(entry.get(key))):
            yield f"/{key}", fault
