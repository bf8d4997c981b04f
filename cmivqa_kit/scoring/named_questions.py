"""The questions that ``--only`` and ``only=`` name: ids, words that somebody typed, or a file of ids."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

from cmivqa_kit.data.display import short_repr
from cmivqa_kit.data.types import QuestionId
from cmivqa_kit.errors import SHOWN, Problem, UserError, problems_error
from cmivqa_kit.files import decode, parse_json, read_bytes
from cmivqa_kit.scoring.options import ScoreOptions, is_whole
from cmivqa_kit.scoring.truth import select
from cmivqa_kit.submission.read import matched_id

_LISTS = (".json", ".jsonl", ".txt")


def named_questions(named: str | Path, before: str = "") -> tuple[tuple[QuestionId, ...], bool]:
    """The ids that a text or a file names, and whether they are words, which may stand for integers.

    Args:
        named: ids with commas between, or a file of them: a JSON array, JSON Lines, or one id a line.
        before: put before the name in an error.

    Raises:
        UserError: no id in it, or the file cannot be read.
    """
    path = named if isinstance(named, Path) else _as_file(named)
    ids, typed = _read(path) if path else (_words(str(named).split(",")), True)
    if not ids:
        shown = str(path) if path else repr(named)
        raise UserError(f"{before}{shown}: no id in it", "Give ids with commas between, or a file of them.")
    return ids, typed


def asked_for(
    only: Iterable[QuestionId] | str | Path | None, targets: Any, integers_first: bool
) -> Iterable[QuestionId] | None:
    """The ids that ``only`` names among the answers ``targets`` where it is a text or a path; else what it is.

    Raises:
        UserError: a file of ids cannot be read, or there is no id in it. Unknown ids are `select`'s to refuse.
    """
    if not isinstance(only, str | Path):
        return only
    readings = [options.ids or () for options in ScoreOptions(only=only).readings(integers_first)]
    for ids in readings:
        with suppress(UserError):
            _ = select(targets, ids)
            return ids
    return readings[0]


def _as_file(text: str) -> Path | None:
    """The file that a text names, or ``None`` where it gives ids: a number, or several, are never a file."""
    if "," in text or is_whole(text):
        return None
    path = Path(text)
    with suppress(OSError, ValueError):
        if path.is_file():
            return path
    return path if path.suffix in _LISTS else None


def _read(path: Path) -> tuple[tuple[QuestionId, ...], bool]:
    """The ids in a file, and whether they are words. Lines of JSON Lines (``score --per-question``) count by their id.

    Raises:
        UserError: it cannot be read, or an element has no id.
    """
    text = decode(read_bytes(path, "file of ids"), path)
    if path.suffix == ".json" or text.lstrip()[:1] == "[":
        return _plain(parse_json(text, path), path), False
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if lines and lines[0].startswith("{"):
        return _plain([parse_json(line, path) for line in lines], path), False
    return _words(lines), True


def _words(parts: Iterable[str]) -> tuple[str, ...]:
    return tuple(word for part in parts if (word := part.strip()))


def _plain(document: Any, path: Path) -> tuple[QuestionId, ...]:
    if not isinstance(document, list):
        raise UserError(f"{path}: not an array of ids", "Write [id, id, ...], or one id a line in a .txt file.")
    # An element is an id, or an object that has one: a submission names the questions that it answers.
    ids = [
        _identity(element["id"] if isinstance(element, dict) and "id" in element else element) for element in document
    ]
    faults = [
        Problem(f"/{at}", f"{short_repr(document[at])} is no id") for at, identity in enumerate(ids) if identity is None
    ]
    if faults:
        raise problems_error(path, faults[: SHOWN + 1], "An id is a text or an integer, or an object that has one.")
    return tuple(identity for identity in ids if identity is not None)


def _identity(value: Any) -> QuestionId | None:
    """The id that a JSON value is; a whole float is the integer that a table wrote so."""
    return None if isinstance(value, bool) else matched_id({"id": value})
