"""The rows of a file of answers: JSON Lines, a JSON array, or CSV with a header; each with its line."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cmivqa_kit.errors import Problem, UserError
from cmivqa_kit.files import decode, parse_json, read_bytes

# What a column is called, and what else it may be called.
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "id": ("id", "question_id"),
    "question": ("question", "query"),
    "video": ("video", "video_id", "url", "title"),
    "start": ("start", "start_second"),
    "end": ("end", "end_second"),
    "span": ("span",),
    "rank": ("rank",),
    "score": ("score",),
}
_DELIMITERS = ",;\t"
NEEDED = "Needed are the columns id or question; video; start and end, or span; and rank or score where order matters."


@dataclass(frozen=True, slots=True)
class Row:
    """One answer as it stands in the file, by the names of `COLUMNS`; empty cells are left out."""

    location: str
    values: Mapping[str, Any]


def read_rows(path: Path, encoding: str | None = None) -> tuple[list[Row], list[Problem]]:
    """The rows of a file, and what could not be read as one.

    Raises:
        UserError: the file cannot be read, or has none of the columns.
    """
    text = decode(read_bytes(path, "file of answers"), path, encoding).removeprefix("\ufeff")
    problems: list[Problem] = []
    begins = text.lstrip()[:1]
    if not begins:
        raise UserError(f"{path}: is empty", NEEDED)
    if begins == "[":
        rows = list(_of_array(parse_json(text, path), problems))
    elif begins == "{":
        rows = list(_of_lines(text, problems))
    else:
        rows = list(_of_csv(text, path, problems))
    if not rows and not problems:
        raise UserError(f"{path}: holds no answers", NEEDED)
    return rows, problems


def _of_array(document: Any, problems: list[Problem]) -> Iterator[Row]:
    for number, item in enumerate(document, 1):
        yield from _of_object(f"item {number}", item, problems)


def _of_lines(text: str, problems: list[Problem]) -> Iterator[Row]:
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            item = json.loads(line)
        except (ValueError, RecursionError):
            problems.append(Problem(f"line {number}", "is not JSON"))
            continue
        yield from _of_object(f"line {number}", item, problems)


def _of_object(location: str, item: Any, problems: list[Problem]) -> Iterator[Row]:
    if isinstance(item, dict):
        yield Row(location, _named(item))
    else:
        problems.append(Problem(location, "is no object"))


def _of_csv(text: str, path: Path, problems: list[Problem]) -> Iterator[Row]:
    first = text.lstrip().partition("\n")[0]
    delimiter = max(_DELIMITERS, key=first.count)
    reader = csv.reader(io.StringIO(text.lstrip(), newline=""), delimiter=delimiter, strict=True)
    skipped = text[: len(text) - len(text.lstrip())].count("\n")
    header: list[str] = []
    while True:
        line = reader.line_num + 1 + skipped
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            problems.append(Problem(f"line {line}", f"is not CSV ({error})"))
            continue
        if not header:
            header = [cell.strip().lower() for cell in cells]
            if not {"id", "question"} & _named(dict.fromkeys(header, "-")).keys():
                raise UserError(f"{path}:{line}: the header has neither id nor question", NEEDED)
        elif len(cells) > len(header):
            problems.append(Problem(f"line {line}", f"has {len(cells)} cells, the header {len(header)}"))
        elif any(cell.strip() for cell in cells):
            yield Row(f"line {line}", _named(dict(zip(header, cells, strict=False))))


def _named(item: Mapping[str, Any]) -> dict[str, Any]:
    """The values by the names of `COLUMNS`."""
    lower = {str(name).strip().lower(): value for name, value in item.items()}
    values = {}
    for name, spellings in COLUMNS.items():
        value = next((lower[spelling] for spelling in spellings if lower.get(spelling) not in (None, "")), None)
        if value is not None:
            values[name] = value
    return values
