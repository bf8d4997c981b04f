"""Objects of a file of JSON Lines or of a JSON array, each with its place."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cmivqa_kit.bench.tasks.documents import SIZE
from cmivqa_kit.data.display import short_repr
from cmivqa_kit.errors import Problem
from cmivqa_kit.files import UnreadableFile, called_by_name, decode, no_collector, parse_json
from cmivqa_kit.foreign_content import foreign_content
from cmivqa_kit.submission.guarded import bytes_within
from cmivqa_kit.submission.scan import MIB


@dataclass(frozen=True, slots=True)
class Record:
    """An object, and where it stands: ``line 3``, or ``/2`` in an array."""

    location: str
    content: dict[str, Any]

    def at(self, *keys: str | int) -> str:
        """The place of something in it, as a JSON pointer behind the line or the index."""
        within = "".join(f"/{key}" for key in keys)
        return f"{self.location}{within}" if self.location.startswith("/") else f"{self.location} {within}"


@dataclass(frozen=True, slots=True)
class Records:
    """The objects of a file, what stands there instead of one, and whether they are items of an array."""

    items: tuple[Record, ...]
    problems: tuple[Problem, ...]
    array: bool


def read_records(path: Path, noun: str) -> Records:
    """The objects in ``path``; empty lines between them are passed over.

    Raises:
        UnreadableFile: it is missing, too large, no text, or an array that is no JSON.
    """
    data = bytes_within(path, SIZE, noun)
    if len(data) > SIZE:
        raise UnreadableFile(f"{path}: more than {SIZE / MIB:g} MiB, no {noun}", "Name the file of one split.")
    try:
        text = decode(data, path)
        with no_collector():
            array = text.lstrip()[:1] == "["
            items = _items(text, path) if array else [_line(*line) for line in _lines(text)]
    except UnreadableFile as error:
        raise called_by_name(path, data, error) from None
    problems = tuple(item for item in items if isinstance(item, Problem))
    if problems and len(problems) == len(items):
        refuse_foreign(path, data)
    return Records(tuple(item for item in items if isinstance(item, Record)), problems, array)


def refuse_foreign(path: Path, data: bytes) -> None:
    """Say what a file is of which not a line could be read, if its beginning tells.

    Raises:
        UnreadableFile: it is a web page, a pointer, an archive, ...
    """
    content = foreign_content(path, data)
    if content is not None:
        raise UnreadableFile(f"{path}: is {content.noun}", content.fix)


def _lines(text: str) -> list[tuple[int, str]]:
    return [(number, line) for number, line in enumerate(text.split("\n"), 1) if line.strip()]


def _items(text: str, path: Path) -> list[Record | Problem]:
    return [_record(f"/{index}", item) for index, item in enumerate(parse_json(text, path))]


def _line(number: int, line: str) -> Record | Problem:
    location = f"line {number}"
    try:
        return _record(location, json.loads(line))
    except json.JSONDecodeError as error:
        return Problem(f"{location}:{error.colno}", f"not JSON ({error.msg})")
    except RecursionError:
        return Problem(location, "nested too deeply to be read")
    except ValueError:  # the one other thing that the reader refuses
        return Problem(location, "holds an integer of thousands of digits")


def _record(location: str, item: Any) -> Record | Problem:
    if isinstance(item, dict):
        return Record(location, item)
    return Problem(location, f"{short_repr(item)} is no object")
