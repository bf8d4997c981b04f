"""Reading a submission file: the rows, or the finding that says why there are none."""

from __future__ import annotations

import codecs
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from cmivqa_kit.data.types import QuestionId
from cmivqa_kit.files import UnreadableFile, decode, decode_as, is_utf8, no_collector, parse_json, read_bytes
from cmivqa_kit.submission.container import NotASubmission, content_of
from cmivqa_kit.submission.findings import Finding

_BEGINNING = 1 << 20  # bytes
Shape = Literal["span", "corpus"]
_KINDS: dict[type, str] = {dict: "an object", str: "a string", bool: "true or false", type(None): "null"}


@dataclass(frozen=True, slots=True)
class Source:
    """The bytes of a submission, half as much as their text; ``encoding`` is the one that the user names for them.

    ``plain`` is True where they are UTF-8 without a mark.
    """

    path: Path
    data: bytes
    encoding: str | None = None
    plain: bool = False

    @property
    def beginning(self) -> str:
        """The first part of the text, empty where it is not plain: most of what is shown of a file stands there."""
        return self.data[:_BEGINNING].decode("utf-8", "ignore") if self.plain else ""

    @property
    def text(self) -> str | None:
        """What the bytes say."""
        return decoded(self.path, self.data, self.encoding)[0]


@dataclass(frozen=True, slots=True)
class Document:
    """A decoded submission. ``raw`` is the document as it stands; ``readable`` is False where there is none.

    ``encoding_fault`` is True where the official program's strict reader stops although the kit can go on. ``source``
    is kept by `cmivqa_kit.submission.guarded.read_guarded` only, for the line and column of findings.
    """

    path: Path
    raw: Any
    readable: bool
    findings: tuple[Finding, ...]
    encoding_fault: bool = False
    source: Source | None = field(default=None, repr=False)

    @property
    def text(self) -> str | None:
        """The text of the file, where its bytes were kept."""
        return None if self.source is None else self.source.text

    @property
    def rows(self) -> Sequence[Any]:
        """The items of the top-level array; empty where there is none."""
        return self.raw if isinstance(self.raw, list) else ()


def read_submission(path: Path, data: bytes | None = None, encoding: str | None = None) -> Document:
    """Read a submission file, from ``data`` where its bytes are at hand; ``encoding`` as of `decoded`.

    Never raises: what is wrong with the file is a finding (E101 to E114). An archive with one submission in it is read.
    """
    try:
        content = content_of(path, read_bytes(path, "submission file") if data is None else data)
    except UnreadableFile as error:
        return unreadable(path, code_of(error), error)
    text, findings = decoded(path, content.data, encoding)
    before = (*content.findings, *findings)
    if text is None:
        return Document(path, None, False, before)
    try:
        with no_collector():
            raw = parse_json(text, path)
    except UnreadableFile as error:
        return unreadable(path, "E105", error, before)
    return Document(path, raw, True, (*before, *shape_findings(raw, text)), bool(findings))


def decoded(path: Path, data: bytes, encoding: str | None = None) -> tuple[str | None, tuple[Finding, ...]]:
    """The text of a submission file, and what is wrong with its encoding: E104, or E103.

    A text that is not UTF-8 is read in the ``encoding`` that the user names, and stays a finding.
    """
    if encoding is not None and not is_utf8(data):
        try:
            text = decode_as(data, path, encoding)
        except UnreadableFile as error:
            return None, unreadable(path, "E103", error).findings
        what = f"not UTF-8; read as {encoding}. The official program cannot read it: --fix OUT writes it as UTF-8"
        return text, (Finding("E103", what),)
    try:
        text = decode(data, path)
    except UnreadableFile as error:
        return None, unreadable(path, "E103", error).findings
    marked = data.startswith(codecs.BOM_UTF8)
    return text, (Finding("E104", "UTF-8 with a byte-order mark", line=1, column=1),) if marked else ()


def shape_findings(raw: Any, text: str) -> tuple[Finding, ...]:
    """E110 and E111: a document that is no array, or an empty one; placed where it begins in ``text``."""
    if isinstance(raw, list) and raw:
        return ()
    from cmivqa_kit.submission.scan import line_columns  # compiles patterns that scoring a right file does without

    begin = len(text) - len(text.lstrip(" \t\n\r"))
    line, column = line_columns(text, [begin])[begin]
    if isinstance(raw, list):
        return (Finding("E111", "no answers in it", line=line, column=column),)
    kind = _KINDS.get(type(raw), "a number")
    return (Finding("E110", f"{kind}; put the answers into an array: [ ... ]", line=line, column=column),)


def shape_of(rows: Sequence[Any]) -> Shape | None:
    """``span`` for Track 1 rows, ``corpus`` for rows with an ``output`` list, by majority; ``None`` if neither."""
    objects = [row for row in rows if isinstance(row, dict)]
    corpus = sum("output" in row for row in objects)
    span = sum("output" not in row and ("start_second" in row or "end_second" in row) for row in objects)
    if corpus == span:
        return "corpus" if corpus else None
    return "corpus" if corpus > span else "span"


def plain_id(row: Any) -> QuestionId | None:
    """The id of an item where it has one that a question can have: a string or an integer."""
    identity = row.get("id") if isinstance(row, dict) else None
    return identity if isinstance(identity, str | int) and not isinstance(identity, bool) else None


def matched_id(row: Any) -> QuestionId | None:
    """The id by which the official program matches an item with a question, where it has one that a question can have.

    It compares with ``==``, so 0.0 is 0 and true is 1 (docs/spec/scoring.md, Q18); the text "0.0" is no number.
    """
    identity = row.get("id") if isinstance(row, dict) else None
    if isinstance(identity, bool) or (isinstance(identity, float) and identity.is_integer()):
        return int(identity)
    return identity if isinstance(identity, str | int) else None


def unreadable(path: Path, code: str, error: UnreadableFile, before: Sequence[Finding] = ()) -> Document:
    """The document of a file that could not be read, with the finding that says why."""
    message = error.message.removeprefix(str(path)).lstrip(":0123456789 ")
    finding = Finding(code, f"{message}. {error.fix}", line=error.line, column=error.column)
    return Document(path, None, False, (*before, finding))


def code_of(error: UnreadableFile) -> str:
    """The code of the finding about a file that could not be read."""
    return error.code_of_finding if isinstance(error, NotASubmission) else "E101"


def interpreter() -> str:
    """``3.11``: official sums differ in the last digit between Python 3.11 and 3.12 (docs/spec/scoring.md, Q90)."""
    return f"{sys.version_info.major}.{sys.version_info.minor}"
