"""Reading single fields of a record with findings instead of exceptions; shared by all layouts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from cmivqa_kit.data.display import short_repr
from cmivqa_kit.data.numbers import is_finite
from cmivqa_kit.data.span import Span
from cmivqa_kit.data.types import QuestionId
from cmivqa_kit.data.video_names import plain_id
from cmivqa_kit.errors import Problem

_MISSING = object()


def objects(records: Sequence[Any], problems: list[Problem]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The records that are objects, with their JSON pointers; anything else is a finding."""
    for index, record in enumerate(records):
        if isinstance(record, Mapping):
            yield f"/{index}", record
        else:
            problems.append(Problem(f"/{index}", f"{short_repr(record)} is not an object"))


def question_id(record: Mapping[str, Any], key: str, pointer: str, problems: list[Problem]) -> QuestionId | None:
    """The id, a string or an integer; anything else is a finding."""
    value = record.get(key, _MISSING)
    if isinstance(value, str) and value.strip():
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    what = f"no {key!r}" if value is _MISSING else f"{key!r} is {short_repr(value)}, not an integer or a string"
    problems.append(Problem(pointer, what))
    return None


def text(record: Mapping[str, Any], key: str, pointer: str, problems: list[Problem]) -> str | None:
    """A non-empty string, blanks around it removed."""
    value = record.get(key, _MISSING)
    if isinstance(value, str) and value.strip():
        return value.strip()
    what = f"no {key!r}" if value is _MISSING else f"{key!r} is {short_repr(value)}, not a text"
    problems.append(Problem(pointer, what))
    return None


def question(record: Mapping[str, Any], pointer: str, problems: list[Problem]) -> str | None:
    """The question's text, blanks around it removed. It may be empty (two of TutorialVQA are); `data check` says so."""
    value = record.get("question")
    return "" if isinstance(value, str) and not value.strip() else text(record, "question", pointer, problems)


def optional_text(record: Mapping[str, Any], key: str, pointer: str, problems: list[Problem]) -> str | None:
    """A string where the key stands, ``None`` where it is absent or null."""
    if record.get(key) is None:
        return None
    return text(record, key, pointer, problems)


def video_id(record: Mapping[str, Any], pointer: str, problems: list[Problem]) -> str | None:
    """The video id, that in a link or in ``ID.mp4`` too; blanks around it are a finding: no other file would match."""
    value = record.get("video_id")
    if isinstance(value, str) and value.strip() and value != value.strip():
        problems.append(Problem(f"{pointer}/video_id", f"{short_repr(value)} has blanks around it"))
        return None
    text_or_none = optional_text(record, "video_id", pointer, problems)
    return None if text_or_none is None else plain_id(text_or_none)


def span(record: Mapping[str, Any], start: str, end: str, pointer: str, problems: list[Problem]) -> Span | None:
    """The answer in seconds; ``None`` where both keys are absent, null or "". Order is left to `data check`."""
    if record.get(start) in (None, "") and record.get(end) in (None, ""):
        return None
    times = []
    for key in (start, end):
        value: Any = record.get(key)
        if not is_finite(value):
            problems.append(Problem(f"{pointer}/{key}", f"{short_repr(value)} is not a number of seconds"))
        else:
            times.append(float(value))
    return Span(*times) if len(times) == 2 else None


def seconds(record: Mapping[str, Any], key: str) -> float | None:
    """A positive number of seconds where there is one; an odd value is no duration."""
    value: Any = record.get(key)
    if not is_finite(value) or value <= 0:
        return None
    return float(value)
