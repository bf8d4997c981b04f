"""Times and spans as people and language models write them, in seconds.

``12.5``, ``"12.5 s"``, ``"1:05"``, ``"00:01:05,500"``, ``"1m05s"``, ``"1分5秒"``; spans as two of these with a dash, a
tilde, an arrow or a word between, ``"00:12-00:31"``, ``"12 to 31"``, as a list of two, or as an object.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from cmivqa_kit.data.folding import nfkc
from cmivqa_kit.data.numbers import is_finite
from cmivqa_kit.data.span import Span

LONGEST = 100  # characters of a time or a span
_FRACTION = r"[0-9]{1,9}(?:[.,][0-9]{1,9})?"
_PLAIN = re.compile(rf"({_FRACTION})\s*(?:s|secs?|seconds?|秒)?")
_CLOCK = re.compile(rf"(?:([0-9]{{1,4}}):)?([0-9]{{1,5}}):({_FRACTION})")
_UNITS = re.compile(
    rf"(?:([0-9]{{1,4}})\s*(?:h|hours?|小时|时)\s*)?(?:([0-9]{{1,5}})\s*(?:m|mins?|minutes?|分钟?)\s*)?"
    rf"(?:({_FRACTION})\s*(?:s|secs?|seconds?|秒)?)?"
)
_BETWEEN = re.compile(r"\s*(?:-+>|[-‐‑‒–—―−~〜∼→至到]|\bto\b|\buntil\b)\s*")
_AROUND = "[](){}<> \t\r\n"


def seconds(value: Any) -> float:
    """A time in seconds.

    Raises:
        ValueError: it is none; says why.
    """
    if is_finite(value):
        return float(value)
    if not isinstance(value, str):
        raise ValueError("is no time")
    text = _plain(value)
    if match := _PLAIN.fullmatch(text):
        return _number(match[1])
    if match := _CLOCK.fullmatch(text):
        if _number(match[3]) >= 60 or (match[1] is not None and int(match[2]) >= 60):
            raise ValueError("has minutes or seconds above 59")
        return (int(match[1] or 0) * 60 + int(match[2])) * 60 + _number(match[3])
    match = _UNITS.fullmatch(text)
    if text and match and any(match.groups()):
        return (int(match[1] or 0) * 60 + int(match[2] or 0)) * 60 + _number(match[3] or "0")
    raise ValueError("is no time")


def span(value: Any) -> Span:
    """A span: one text, a list of start and end, or an object with both.

    Raises:
        ValueError: it is none; says why.
    """
    if isinstance(value, Mapping) and {"start", "end"} <= value.keys():
        return span_of(value["start"], value["end"])
    if isinstance(value, list) and len(value) == 2:
        return span_of(*value)
    if not isinstance(value, str):
        raise ValueError("is no span")
    parts = _BETWEEN.split(_plain(value))
    if len(parts) != 2:
        raise ValueError("is no span")
    return span_of(*parts)


def span_of(start: Any, end: Any) -> Span:
    """A span by its ends.

    Raises:
        ValueError: one is no time, or 0 <= start < end does not hold; says why.
    """
    made = Span(seconds(start), seconds(end))
    if not made.valid:
        raise ValueError("is no span: 0 <= start < end is needed")
    return made


def _plain(text: str) -> str:
    if len(text) > LONGEST:
        raise ValueError(f"is longer than {LONGEST} characters")
    return nfkc(text).strip(_AROUND).lower()


def _number(text: str) -> float:
    return float(text.replace(",", "."))
