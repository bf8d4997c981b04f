"""What can be said of JSON text before and beside parsing it: depth, long numbers, literals that JSON has not.

Hostile files are the reason (docs/spec/scoring.md, E106, E108, E109): nothing here recurses, and each step is linear.
The common case, a right file, is decided on the whole text at once; only a suspect one is looked at token by token.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

MIB = 2**20


@dataclass(frozen=True, slots=True)
class Limits:
    """What a submission may not exceed: ``size`` in bytes, ``depth`` of nesting, characters of a ``number``, ``items``.

    A full file of 8,000 x 50 entries has 13 MB, a depth of 4 and numbers of 18 characters.
    """

    size: int = 100 * MIB
    depth: int = 32
    number: int = 64
    items: int = 200_000


@dataclass(frozen=True, slots=True)
class Suspicion:
    """The first thing that forbids parsing: ``code`` E108 or E109, the offset in the text, and how much."""

    code: str
    offset: int
    message: str


# A string may lack its end, an unpaired bracket its partner: every text has tokens. Possessive, so never quadratic.
_STRING = r'"(?:[^"\\]++|\\.)*+"?'
_STRUCTURE = re.compile(rf"{_STRING}|[\[\]{{}}]|-?[0-9][-+.0-9eE]*+", re.DOTALL)
_COMMAS = re.compile(rf"{_STRING}|,(?=[ \t\n\r]*+[\]}}])", re.DOTALL)
_NUMBERS = bytes(48 if chr(i) in "0123456789+-.eE" else 32 for i in range(256))
_BACKSLASHES = re.compile(r"\\*+")
_PART = 1 << 16  # characters
_NO_BRACKETS = bytes(i for i in range(256) if chr(i) not in "[]{}")
_NO_LETTERS = bytes(i for i in range(256) if not chr(i).isascii() or not chr(i).isalpha())
_ONE_KIND = bytes.maketrans(b"{}", b"[]")


@dataclass(frozen=True, slots=True)
class Outline:
    """What can be said of JSON without its strings: its brackets, its letters, whether a number may be too long."""

    brackets: bytes
    letters: bytes
    long_number: bool


def outline(text: str, limits: Limits) -> Outline:
    """The outline of a text, which is looked through in parts: a full file has a million strings."""
    brackets, letters = bytearray(), bytearray()
    inside, before, long_number = 0, b"", False
    for part in _parts(text):
        data = part.encode("utf-8", "replace")
        if b"\\" in data:
            data = data.replace(b"\\\\", b"").replace(b'\\"', b"")
        pieces = data.split(b'"')
        bare = b"".join(pieces[inside::2])
        inside ^= (len(pieces) - 1) & 1
        brackets += bare.translate(_ONE_KIND, _NO_BRACKETS)
        letters += bare.translate(None, _NO_LETTERS)
        numbers = before + bare.translate(_NUMBERS)
        long_number = long_number or b"0" * (limits.number + 1) in numbers
        before = numbers[-limits.number :]
    return Outline(bytes(brackets), bytes(letters), long_number)


def suspicion(text: str, limits: Limits, known: Outline | None = None) -> Suspicion | None:
    """The first place where ``text`` is nested too deeply (E108) or holds a number that is too long (E109).

    ``known`` is its `outline`, where that was made already.
    """
    known = known or outline(text, limits)
    return None if not known.long_number and _shallow(known.brackets, limits.depth) else _exactly(text, limits)


def _parts(text: str) -> Iterator[str]:
    """``text`` in parts, because it has a hundred thousand strings; none ends between a backslash and what follows."""
    begin = 0
    while begin < len(text):
        end = begin + _PART
        if text[end - 1 : end] == "\\":
            behind = _BACKSLASHES.match(text, end)
            end = behind.end() + 1 if behind else end
        yield text[begin:end]
        begin = end


def may_be_infinite(known: Outline) -> bool:
    """False only if no number in the text can be NaN or infinite."""
    words = known.letters.replace(b"true", b"").replace(b"false", b"")
    # Without an exponent a number needs 309 digits to overflow, and long numbers were refused before.
    return any(word in words for word in (b"NaN", b"Infinity", b"e", b"E"))


def trailing_commas(text: str) -> list[int]:
    """Offsets of the commas that stand before a closing bracket."""
    return [match.start() for match in _COMMAS.finditer(text) if match[0] == ","]


def without(text: str, offsets: list[int]) -> str:
    """``text`` with a blank at each offset (ascending), so that every other character keeps its place."""
    parts, begin = [], 0
    for offset in offsets:
        parts += [text[begin:offset], " "]
        begin = offset + 1
    return "".join([*parts, text[begin:]])


def line_columns(text: str, offsets: Iterable[int]) -> dict[int, tuple[int, int]]:
    """Line and column (1-based, in characters; lines end with LF or CRLF) of each offset, in one pass."""
    positions: dict[int, tuple[int, int]] = {}
    line, begin, ended = 1, 0, -1  # ``ended``: where the line before ended; never sought twice, a line may be the file
    for offset in sorted(set(offsets)):
        line += text.count("\n", begin, offset)
        ended = max(ended, text.rfind("\n", begin, offset))
        positions[offset] = line, offset - ended
        begin = offset
    return positions


def _shallow(brackets: bytes, depth: int) -> bool:
    """True only if the brackets pair up and nest no deeper than ``depth``: each round takes the innermost away."""
    for _ in range(depth):
        if not brackets:
            return True
        brackets = brackets.replace(b"[]", b"")
    return not brackets


def _exactly(text: str, limits: Limits) -> Suspicion | None:
    depth = 0
    for match in _STRUCTURE.finditer(text):
        piece = match[0]
        if piece in "[{":
            depth += 1
            if depth > limits.depth:
                return Suspicion("E108", match.start(), f"brackets are nested more than {limits.depth} deep")
        elif piece in "]}":
            depth -= 1
        elif piece[0] != '"' and len(piece) > limits.number:
            what = f"a number of {len(piece)} characters; at most {limits.number} are read"
            return Suspicion("E109", match.start(), what)
    return None
