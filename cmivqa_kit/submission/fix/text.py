"""Text to JSON: comments, trailing commas, objects without a list around them. What is right stays as it was written.

Every pattern takes linear time: it consumes what it looks at, also where a string or a comment has no end.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from cmivqa_kit.submission.fix.model import EXAMPLES, GONE, Context, Log, Shown, repair
from cmivqa_kit.submission.scan import Limits, line_columns

_LIMITS = Limits()  # those of E108 and E109
_STRING = r'"(?:[^"\\]++|\\.)*+"?'
_COMMENT = r"//[^\n]*+|/\*(?:[^*]++|\*(?!/))*+(?:\*/)?"
_GUARDED = re.compile(rf"{_STRING}|{_COMMENT}|[][{{}}]|[-+.0-9eE]{{{_LIMITS.number + 1},}}+", re.DOTALL)
_COMMENTS = re.compile(rf"{_STRING}|{_COMMENT}", re.DOTALL)
_COMMAS = re.compile(rf"{_STRING}|,(?=[ \t\r\n]*+(?:[]}}]|\Z))", re.DOTALL)
_BLANKS = re.compile(r"[ \t\r\n]*+")


def too_much(text: str) -> tuple[str, str] | None:
    """Code and words for text that must not be parsed: nested below 32 levels, or numbers above 64 characters."""
    depth = 0
    for match in _GUARDED.finditer(text):
        first = match[0][0]
        if first in "[{":
            depth += 1
            if depth > _LIMITS.depth:
                return "E108", f"nested deeper than {_LIMITS.depth} levels: write an array of plain objects"
        elif first in "]}":
            depth -= 1
        elif first not in '"/':
            return "E109", f"holds a number of more than {_LIMITS.number} characters: write numbers with a few digits"
    return None


@repair("text", "E105", says="comments (// and /* */) are removed")
def without_comments(text: str, context: Context, log: Log) -> str:
    """``text`` without comments; lines stay where they are, and so does a comment that does not end."""
    if "//" not in text and "/*" not in text:
        return text
    found = []

    def replace(match: re.Match[str]) -> str:
        part = match[0]
        if part[0] == '"' or (part.startswith("/*") and not (len(part) >= 4 and part.endswith("*/"))):
            return part
        found.append((match.start(), part))
        return "" if part.startswith("//") else "\n" * part.count("\n") or " "

    mended = _COMMENTS.sub(replace, text)
    _note(log, "comments removed", text, found)
    return mended


@repair("text", "E105", says="trailing commas are removed")
def without_trailing_commas(text: str, context: Context, log: Log) -> str:
    """``text`` without commas between a value and a closing bracket or the end; not where a value may be missing."""
    found = []

    def replace(match: re.Match[str]) -> str:
        if match[0] != ",":
            return match[0]
        before = match.start() - 1
        while before >= 0 and text[before] in " \t\r\n":
            before -= 1
        if before < 0 or text[before] in "[{,:":
            return ","
        found.append((match.start(), ","))
        return ""

    mended = _COMMAS.sub(replace, text)
    _note(log, "trailing commas removed", text, found)
    return mended


@repair("text", "E105", says="JSON Lines (objects one after the other) become one array")
def one_array(text: str, context: Context, log: Log) -> str:
    """``[ ... ]`` around objects that stand one after the other, with or without commas between them."""
    decode = json.JSONDecoder().raw_decode
    pieces: list[str] = []
    objects, place = 0, _behind_blanks(text, 0)
    first = last = place  # where the first object begins, and behind the last one
    while text.startswith("{", place):
        try:
            _, end = decode(text, place)
        except json.JSONDecodeError:
            return text
        between = text[last:place]
        pieces += ("," if objects and "," not in between else "", between, text[place:end])
        objects, last, place = objects + 1, end, _behind_blanks(text, end)
        if text.startswith(",", place):
            place = _behind_blanks(text, place + 1)
    if place < len(text) or objects < 2:  # a single object is JSON, and another repair
        return text
    log.change(
        "E105", "objects one after the other put into one array", "", Shown("{...} {...}"), Shown("[...]"), objects
    )
    return f"{text[:first]}[\n{''.join(pieces)}\n]{text[last:]}"


def _behind_blanks(text: str, offset: int) -> int:
    blanks = _BLANKS.match(text, offset)
    return blanks.end() if blanks else offset


def _note(log: Log, message: str, text: str, changes: Sequence[tuple[int, str]]) -> None:
    """Say what was removed, with the first places: offset and piece of the text."""
    first = changes[:EXAMPLES]
    where = line_columns(text, [offset for offset, _ in first])
    for offset, part in first:
        line, column = where[offset]
        log.change("E105", message, f"line {line}, column {column}", Shown(part), GONE)
    if len(changes) > EXAMPLES:
        log.change("E105", message, "", Shown(""), GONE, len(changes) - EXAMPLES)
