"""JSON and JSON Lines of benchmarks, read with bounds; several problems of a file become one error.

A file may lie in an archive, as a submission may. Nothing that is wrong with it ends in anything but a `UserError`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from cmivqa_kit.data.display import escape_pointer, short_repr
from cmivqa_kit.data.numbers import is_finite
from cmivqa_kit.errors import Problem, UserError, problems_error
from cmivqa_kit.files import UnreadableFile, called_by_name, decode, no_collector, parse_json
from cmivqa_kit.submission.container import EXPORT, NotASubmission, content_of
from cmivqa_kit.submission.guarded import bytes_within
from cmivqa_kit.submission.locate import flaws
from cmivqa_kit.submission.scan import MIB, Limits, line_columns, suspicion

SIZE = 1024 * MIB  # TVR's predictions have 100 MB


def read_document(path: Path, noun: str, fix: str, named: str = "", size: int = SIZE) -> Any:
    """The JSON document in ``path``; NaN and infinities are read as such.

    Args:
        path: the file, or an archive with it.
        noun: what it should be: "predictions".
        fix: what to do where it is something else.
        named: the member that is taken of an archive with several .json files.
        size: the most bytes that are read.

    Raises:
        UserError: missing, too large, nested too deeply, no JSON, or an object with a key twice.
    """
    text = read_text(path, noun, fix, named, size)
    _refuse_suspect(path, text, fix, 1)
    repeated: list[bool] = []

    def hook(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        made = dict(pairs)
        if len(made) < len(pairs):
            repeated.append(True)
        return made

    try:
        with no_collector():
            document = json.loads(text, object_pairs_hook=hook)
    except (ValueError, RecursionError):
        try:
            parse_json(text, path)
        except UnreadableFile as error:
            raise called_by_name(path, text[:4096].encode("utf-8", "replace"), error) from None
        raise
    if repeated:
        found = flaws(f"[{text}]", repeated=True, infinite=False)
        places = line_columns(text, [flaw.offset - 1 for flaw in found])
        said = [Problem(":".join(map(str, places[flaw.offset - 1])), flaw.message) for flaw in found]
        raise FaultyFile(path, said, "Give every key once; a reader of JSON takes the last.")
    return document


def read_lines(path: Path, noun: str, fix: str, problems: list[Problem], size: int = SIZE) -> Iterator[tuple[str, Any]]:
    """``line 3`` and the document of every line that is not empty; a line that is no JSON is added to ``problems``.

    Raises:
        UserError: the file is missing or too large, or a line is nested too deeply.
    """
    text = read_text(path, noun, fix, size=size)
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        _refuse_suspect(path, line, fix, number)
        try:
            yield f"line {number}", json.loads(line)
        except (ValueError, RecursionError) as error:
            problems.append(Problem(f"line {number}", f"not JSON ({str(error)[:100]})"))


def read_text(path: Path, noun: str, fix: str, named: str = "", size: int = SIZE) -> str:
    """The text in ``path``, which may be an archive; arguments as of `read_document`.

    Raises:
        UserError: missing, too large, not UTF-8, or a file of another kind.
    """
    data = bytes_within(path, size, f"file of {noun}")
    if len(data) > size:
        raise UserError(f"{path}: more than {size / MIB:g} MiB, no {noun}", fix)
    try:
        return decode(content_of(path, data, size, named).data, path)
    except NotASubmission as error:
        raise UserError(error.message, fix if error.fix == EXPORT else error.fix) from None


def _refuse_suspect(path: Path, text: str, fix: str, line: int) -> None:
    """Refuse text that is nested too deeply to be parsed, or holds a number that is too long."""
    suspect = suspicion(text, Limits())
    if suspect is not None:
        row, column = line_columns(text, [suspect.offset])[suspect.offset]
        raise UserError(f"{path}:{line + row - 1}:{column}: {suspect.message}", fix)


def pointer(*parts: object) -> str:
    """The JSON pointer of a value."""
    return "".join(f"/{escape_pointer(str(part))}" for part in parts)


def require(document: Any, kind: type, path: Path, wanted: str, fix: str) -> None:
    """Refuse a document whose top level is not of a kind.

    Raises:
        UserError: says what it is instead.
    """
    if not isinstance(document, kind):
        raise UserError(f"{path}: not {wanted}, but {json_type(document)}", fix)


class FaultyFile(UserError):
    """A file with ``problems``, all of them."""

    def __init__(self, path: Path, problems: Sequence[Problem], fix: str) -> None:
        listed = problems_error(path, problems, fix)
        super().__init__(listed.message, listed.fix)
        self.problems = tuple(problems)


def raise_problems(path: Path, problems: Sequence[Problem], fix: str) -> None:
    """Raise one error of all problems, if there are any.

    Raises:
        FaultyFile: there are some.
    """
    if problems:
        raise FaultyFile(path, problems, fix)


def problems_of(error: UserError, path: Path) -> tuple[Problem, ...]:
    """The problems that an error about a file lists; the error itself as one where it lists none."""
    return error.problems if isinstance(error, FaultyFile) else (Problem(path.name, error.message),)


def json_type(value: Any) -> str:
    """What a value is called in JSON: ``an array``, ``a text``."""
    kinds: dict[type, str] = {
        dict: "an object", list: "an array", str: "a text", bool: "true or false", int: "a number", float: "a number",
    }  # fmt: skip
    return kinds.get(type(value), "null")


def no_number(value: Any) -> str:
    """What is wrong with a value that should be a finite number; empty where nothing is."""
    return "" if is_finite(value) else f"{short_repr(value, 30)} is not a finite number"
