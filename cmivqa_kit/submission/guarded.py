"""Reading a submission for validation: with limits, the text kept, and what the reader itself keeps quiet about.

`cmivqa_kit.submission.read` reads as the official program does, without limits: scoring uses that one.
"""

from __future__ import annotations

import json
import stat
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from cmivqa_kit.files import UnreadableFile, no_collector, parse_json, read_bytes
from cmivqa_kit.submission.container import NotASubmission, content_of
from cmivqa_kit.submission.findings import Finding
from cmivqa_kit.submission.locate import flaws
from cmivqa_kit.submission.read import Document, Source, decoded, plain_id, shape_findings, unreadable
from cmivqa_kit.submission.scan import (
    MIB,
    Limits,
    line_columns,
    may_be_infinite,
    outline,
    suspicion,
    trailing_commas,
    without,
)


def read_guarded(
    path: Path, limits: Limits | None = None, data: bytes | None = None, encoding: str | None = None
) -> Document:
    """Read a submission file for validation, from ``data`` where its bytes are at hand.

    ``encoding`` is that of a file which is not UTF-8.

    Never raises: what is wrong with the file is a finding (E101 to E114).
    """
    limits = limits or Limits()
    try:
        data = bytes_within(path, limits.size) if data is None else data
    except UnreadableFile as error:
        return unreadable(path, "E101", error)
    if len(data) > limits.size:
        what = f"more than {limits.size / MIB:g} MiB; a full file of 8,000 questions with 50 entries has 13"
        return Document(path, None, False, (Finding("E102", what),))
    try:
        content = content_of(path, data, limits.size)
    except NotASubmission as error:
        return unreadable(path, error.code_of_finding, error)
    text, findings = decoded(path, content.data, encoding)
    before = (*content.findings, *findings)
    if text is None:
        return Document(path, None, False, before)
    document = replace(_parsed(path, text, before, limits), encoding_fault=bool(findings))
    source = Source(path, content.data, encoding, plain=not findings)
    return replace(document, source=source) if document.readable else document


def bytes_within(path: Path, size: int, noun: str = "submission file") -> bytes:
    """The bytes of a file, or one more than ``size``: a device or a pipe has no size that could be looked at before.

    Raises:
        UnreadableFile: missing, a directory, or not permitted.
    """
    try:
        about = path.stat()
        if not stat.S_ISDIR(about.st_mode):
            with path.open("rb") as stream:
                # Nothing of a file that is too large is read: one byte of it too many is made up.
                return stream.read(size + 1) if about.st_size <= size else b" " * (size + 1)
    except ValueError:
        raise UnreadableFile(f"{path}: no file can have this name", "Check the path.") from None
    except OSError:
        pass  # said in words by `read_bytes`
    return read_bytes(path, noun)


def _parsed(path: Path, text: str, findings: Sequence[Finding], limits: Limits) -> Document:
    known = outline(text, limits)
    suspect = suspicion(text, limits, known)
    if suspect is not None:
        line, column = line_columns(text, [suspect.offset])[suspect.offset]
        found = Finding(suspect.code, suspect.message, line=line, column=column)
        return Document(path, None, False, (*findings, found))
    infinite = may_be_infinite(known)
    seen: list[bool] = []
    names: dict[str, str] = {}

    def hook(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        made = dict(pairs)
        if len(made) < len(pairs):
            seen.append(True)
        _share_names(made.get("output"), names)
        return made

    try:
        with no_collector():
            raw = json.loads(text, object_pairs_hook=hook)
    except (ValueError, RecursionError):
        return _syntax(path, text, findings)
    document = Document(path, raw, True, (*findings, *shape_findings(raw, text)))
    if len(document.rows) > limits.items:
        what = f"{len(document.rows):,} items; at most {limits.items:,} are read"
        return replace(document, raw=None, readable=False, findings=(*findings, Finding("E112", what)))
    flawed = flaws(text, bool(seen), infinite)
    where = line_columns(text, [flaw.offset for flaw in flawed])
    rows = document.rows
    literal = (
        Finding(flaw.code, flaw.message, flaw.path, index, plain_id(rows[index]), *where[flaw.offset])
        for flaw in flawed
        for index in [int(flaw.path.split("/")[1])]
    )
    return replace(document, findings=(*document.findings, *literal))


def _share_names(output: Any, names: dict[str, str]) -> None:
    """Let the entries of all lists have one text per video id: a full file names a few hundred videos 400,000 times."""
    for entry in output if type(output) is list else ():
        if type(entry) is list and entry and type(entry[0]) is str:
            entry[0] = names.setdefault(entry[0], entry[0])


def _syntax(path: Path, text: str, findings: Sequence[Finding]) -> Document:
    """E105 for text that is no JSON: every trailing comma if nothing else is wrong, else where the reader stops."""
    commas = trailing_commas(text)
    if commas and _reads(without(text, commas)):
        where = line_columns(text, commas)
        found = (Finding("E105", _COMMA, line=where[at][0], column=where[at][1]) for at in commas)
        return Document(path, None, False, (*findings, *found))
    try:
        parse_json(text, path)
    except UnreadableFile as error:
        return unreadable(path, "E105", error, findings)
    raise AssertionError("json reads with a hook what it reads without")  # pragma: no cover


_COMMA = "a comma before the closing bracket (a trailing comma). Remove it."


def _reads(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True
