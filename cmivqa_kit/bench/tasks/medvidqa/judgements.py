"""The judgements and topics of TREC 2024 MedVidQA: which videos answer a question, and where in them the answer is.

A file is told by its content: grades (whole numbers) are judgements of retrieval, objects with times those of
localization, lines with a tab the topics.

Source: docs/spec/scoring.md, section 5.1.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from cmivqa_kit.bench.tasks.documents import json_type, pointer, raise_problems, read_document, read_text
from cmivqa_kit.data.display import short_repr
from cmivqa_kit.data.numbers import is_finite
from cmivqa_kit.errors import Problem, UserError

Half = Literal["retrieval", "localization"]
STARTS, ENDS = "answer_start_seconds", "answer_end_seconds"
FIX = (
    "A judgement is {question: {video: grade}} for retrieval, or {question: {video: {relevancy, "
    f"{STARTS}, {ENDS}}}}}}} for localization."
)


@dataclass(frozen=True, slots=True)
class JudgedVideo:
    """A video that answers a question, and the (start, end) in seconds of its answers."""

    relevancy: str
    spans: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Judgements:
    """What was judged.

    Attributes:
        grades: question -> video -> grade of relevance; ``None`` where no judgement of retrieval was given.
        answers: question -> video -> its answers; ``None`` where no judgement of localization was given.
        topics: question -> its text; empty where no topics were given.
    """

    grades: Mapping[str, Mapping[str, int]] | None = None
    answers: Mapping[str, Mapping[str, JudgedVideo]] | None = None
    topics: Mapping[str, str] = field(default_factory=dict)

    @property
    def questions(self) -> tuple[str, ...]:
        """Every question that was judged, those of retrieval first."""
        return tuple(dict.fromkeys([*(self.grades or ()), *(self.answers or ())]))


def read_judgements(files: Sequence[Path]) -> Judgements:
    """One or two judgements, and topics where they are among the files.

    Raises:
        UserError: a file cannot be read, or is none; two are of one kind; no judgement is among them.
    """
    grades: dict[str, dict[str, int]] | None = None
    answers: dict[str, dict[str, JudgedVideo]] | None = None
    topics: dict[str, str] | None = None
    for path in files:
        document = _document(path)
        twice: object = None
        if document is None:
            topics, twice = read_topics(path), topics
        elif _half(path, document) == "retrieval":
            grades, twice = _grades(path, document), grades
        else:
            answers, twice = _answers(path, document), answers
        if twice is not None:
            raise UserError(
                f"{path}: a second file of one kind", "Give one judgement of retrieval, one of localization."
            )
    if grades is None and answers is None:
        raise UserError("no judgement among the annotation files", FIX)
    return Judgements(grades, answers, topics or {})


def read_topics(path: Path) -> dict[str, str]:
    """The questions of a topics file by id: lines with an id, a tab, and the text.

    Raises:
        UserError: it cannot be read; every line that is none is listed.
    """
    problems: list[Problem] = []
    topics: dict[str, str] = {}
    for number, line in enumerate(read_text(path, "topics", FIX).split("\n"), 1):
        identity, tab, text = line.rstrip("\r").partition("\t")
        if not line.strip():
            continue
        if not tab or not identity.strip():
            problems.append(Problem(f"line {number}", "no id with a tab behind it"))
        elif identity in topics:
            problems.append(Problem(f"line {number}", f"{identity!r} stands twice"))
        else:
            topics[identity] = text.split("\t")[0].strip()
    raise_problems(path, problems, "Topics are lines: an id, a tab, and the question.")
    return topics


def _document(path: Path) -> dict[str, Any] | None:
    """The decoded judgement; ``None`` for topics."""
    start = read_text(path, "judgements", FIX).lstrip()[:1]
    if start and start not in "{[":
        return None
    document = read_document(path, "judgements", FIX)
    if not isinstance(document, dict):
        raise UserError(f"{path}: not judgements, but {json_type(document)}", FIX)
    return document


def _half(path: Path, document: dict[str, Any]) -> Half:
    """Which half a judgement is of, by the first video that it names."""
    for videos in document.values():
        if isinstance(videos, dict):
            for value in videos.values():
                return "localization" if isinstance(value, dict) else "retrieval"
    raise UserError(f"{path}: no video is judged in it", FIX)


def _videos(document: dict[str, Any], problems: list[Problem]) -> Iterator[tuple[str, dict[str, Any]]]:
    for question, videos in document.items():
        if isinstance(videos, dict):
            yield question, videos
        else:
            problems.append(Problem(pointer(question), f"{json_type(videos)}, not an object of videos"))


def _grades(path: Path, document: dict[str, Any]) -> dict[str, dict[str, int]]:
    problems: list[Problem] = []
    grades: dict[str, dict[str, int]] = {}
    for question, videos in _videos(document, problems):
        grades[question] = {}
        for video, grade in videos.items():
            if is_finite(grade) and int(grade) == grade:
                grades[question][video] = int(grade)
            else:
                problems.append(
                    Problem(pointer(question, video), f"{short_repr(grade, 30)} is no grade, a whole number")
                )
    raise_problems(path, problems, FIX)
    return grades


def _answers(path: Path, document: dict[str, Any]) -> dict[str, dict[str, JudgedVideo]]:
    problems: list[Problem] = []
    answers: dict[str, dict[str, JudgedVideo]] = {}
    for question, videos in _videos(document, problems):
        answers[question] = {}
        for video, judgement in videos.items():
            faults = list(_faults(judgement))
            problems += (Problem(pointer(question, video), fault) for fault in faults)
            if not faults:
                times = zip(judgement[STARTS], judgement[ENDS], strict=True)
                spans = tuple((float(start), float(end)) for start, end in times)
                answers[question][video] = JudgedVideo(str(judgement.get("relevancy", "")), spans)
    raise_problems(path, problems, FIX)
    return answers


def _faults(judgement: Any) -> Iterator[str]:
    if not isinstance(judgement, dict):
        yield f"{json_type(judgement)}, not an object with times"
        return
    starts, ends = judgement.get(STARTS), judgement.get(ENDS)
    if not isinstance(starts, list) or not isinstance(ends, list):
        yield f"no {STARTS} and {ENDS}, which are lists"
    elif len(starts) != len(ends):
        yield f"{len(starts)} {STARTS} and {len(ends)} {ENDS}"
    else:
        for start, end in zip(starts, ends, strict=True):
            if not (is_finite(start) and is_finite(end) and start <= end):
                yield f"{short_repr(start, 20)} to {short_repr(end, 20)} is no span in seconds"
