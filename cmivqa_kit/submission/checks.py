"""What a JSON Schema cannot say: ids against questions, texts, span order, videos of the corpus, list lengths."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from cmivqa_kit.data.types import Question, QuestionId, Track
from cmivqa_kit.submission.findings import Finding
from cmivqa_kit.submission.match import fold
from cmivqa_kit.submission.read import plain_id

LISTED = 10  # ids named in one finding about many questions


def id_findings(rows: Sequence[Any], questions: Sequence[Question]) -> Iterator[Finding]:
    """E204 to E207: ids given twice, unknown, missing, or none right at all."""
    places: dict[QuestionId, list[int]] = defaultdict(list)
    for index, row in enumerate(rows):
        identity = plain_id(row)
        if identity is not None:
            places[identity].append(index)
    for identity, where in places.items():
        if len(where) > 1:
            listed = ", ".join(f"/{i}" for i in where[:LISTED]) + (", ..." if len(where) > LISTED else "")
            yield Finding(
                "E204", f"id {identity!r} stands {len(where)} times: {listed}", f"/{where[-1]}/id", where[-1], identity
            )
    if not questions:
        return
    known = {question.id for question in questions}
    if places and not known & places.keys():
        example = next(iter(places))
        yield Finding("E207", f"no id matches; this file has e.g. {example!r}, the questions e.g. {questions[0].id!r}")
        return
    for identity, where in places.items():
        if identity not in known:
            yield Finding(
                "E205", f"id {identity!r} is not in the questions file", f"/{where[0]}/id", where[0], identity
            )
    missing = [question.id for question in questions if question.id not in places]
    if missing:
        listed = ", ".join(repr(i) for i in missing[:LISTED]) + (", ..." if len(missing) > LISTED else "")
        yield Finding("E206", f"{len(missing)} of {len(questions)} questions have no answer: {listed}")


def text_findings(rows: Sequence[Any], questions: Sequence[Question], track: Track) -> Iterator[Finding]:
    """E213 to W215 and E218: question texts and, in Track 1, video ids against the questions file."""
    by_id = {question.id: question for question in questions}
    for index, row in enumerate(rows):
        identity = plain_id(row)
        question = by_id.get(identity) if identity is not None else None
        if question is None:
            continue
        text = row.get("question")
        if "question" not in row:
            yield Finding("W214", "no 'question'", f"/{index}", index, question.id)
        elif isinstance(text, str) and text.strip() != question.text:
            same = fold(text) == fold(question.text)
            message = (
                "differs in blanks or width only" if same else f"{_cut(text)!r} is asked as {_cut(question.text)!r}"
            )
            yield Finding("W215" if same else "E213", message, f"/{index}/question", index, question.id)
        video = row.get("video_id")
        if track == 1 and isinstance(video, str) and question.video_id not in (None, video):
            yield Finding(
                "E218", f"{video!r}, asked of {question.video_id!r}", f"/{index}/video_id", index, question.id
            )


def span_findings(rows: Sequence[Any], track: Track) -> Iterator[Finding]:
    """E302, E304 and E305: times that are numbers but no span. In Track 2 spans are not scored and not looked at."""
    for index, row in enumerate(rows):
        if not isinstance(row, Mapping) or track == 2:
            continue
        if track == 1:
            yield from _span(
                row.get("start_second"), row.get("end_second"), f"/{index}", ("start_second", "end_second"), index, row
            )
            continue
        output = row.get("output")
        for rank, entry in enumerate(output if isinstance(output, list) else ()):
            if isinstance(entry, list) and len(entry) >= 3:
                yield from _span(entry[1], entry[2], f"/{index}/output/{rank}", ("1", "2"), index, row)


def list_findings(rows: Sequence[Any], corpus: Collection[str], entries: int) -> Iterator[Finding]:
    """W403 and E411: lists longer than is read, and videos that the corpus does not have (not checked if empty)."""
    for index, row in enumerate(rows):
        output = row.get("output") if isinstance(row, Mapping) else None
        if not isinstance(output, list):
            continue
        if len(output) > entries:
            yield Finding(
                "W403", f"{len(output)} entries; the first {entries} are read", f"/{index}/output", index, row.get("id")
            )
        for rank, entry in enumerate(output[:entries] if corpus else ()):
            video = entry[0] if isinstance(entry, list) and entry else None
            if isinstance(video, str) and video and video not in corpus:
                yield Finding(
                    "E411", f"{_cut(video)!r} is not in the corpus", f"/{index}/output/{rank}/0", index, row.get("id")
                )


def _span(
    start: Any, end: Any, path: str, keys: tuple[str, str], index: int, row: Mapping[str, Any]
) -> Iterator[Finding]:
    times = []
    for key, value in zip(keys, (start, end), strict=True):
        if isinstance(value, bool) or not isinstance(value, int | float):
            continue  # the schema says so
        try:
            seconds = float(value)
        except OverflowError:
            seconds = math.inf
        if math.isfinite(seconds):
            times.append(seconds)
        else:
            yield Finding("E302", "not a finite number", f"{path}/{key}", index, row.get("id"))
    if len(times) == 2 and min(times) >= 0 and times[1] <= times[0]:
        what = "end equals start" if times[1] == times[0] else "ends before it starts"
        code = "E305" if times[1] == times[0] else "E304"
        yield Finding(code, f"{times[0]} to {times[1]} {what}", path, index, row.get("id"))


def _cut(text: str) -> str:
    return text if len(text) <= 40 else text[:37] + "..."
