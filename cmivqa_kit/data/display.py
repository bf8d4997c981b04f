"""Showing what stands in a file in a message: a value cut short, a key as part of a JSON pointer."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Sequence
from typing import Any

WIDTH = 60  # characters of a value
DOTS = "..."  # for what is not shown
# Control characters, line ends, and marks that change the direction of a text or cannot be seen.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060\u2066-\u2069\ufeff]")
FOLDED = 2000  # characters of texts that are still folded to find where they differ


def escaped(text: object, newlines: bool = False) -> str:
    """Text of a stranger made harmless: control characters, marks of direction and lone surrogates as escapes.

    ``newlines``: line ends stay.
    """

    def escape(match: re.Match[str]) -> str:
        return match[0] if newlines and match[0] == "\n" else match[0].encode("unicode_escape").decode("ascii")

    return _CONTROL.sub(escape, str(text)).encode("utf-8", "backslashreplace").decode("utf-8")


def cut(text: str, length: int = WIDTH) -> str:
    """At most ``length`` characters of a text."""
    return text if len(text) <= length else text[: length - 3] + "..."


def cut_at_difference(
    first: str, second: str, length: int = WIDTH, fold: Callable[[str], str] = str
) -> tuple[str, str]:
    """Two texts that differ, at most ``length`` characters of each, cut so that where they first differ is shown.

    ``fold`` takes away the differences that do not matter (width, blanks), so that it is not one of those.
    """
    if max(len(first), len(second)) <= length:
        return first, second
    if max(len(first), len(second)) > FOLDED:  # hostile texts take quadratic time to fold
        fold = str
    differences = _alike(first, fold(second), fold), _alike(second, fold(first), fold)
    # As much of what is alike before the difference in both, so that the eye can hold one against the other.
    before = min(
        _before(text, difference, length) for text, difference in zip((first, second), differences, strict=True)
    )
    return _cut_from(first, differences[0] - before, length), _cut_from(second, differences[1] - before, length)


def _alike(text: str, other: str, fold: Callable[[str], str]) -> int:
    """How many characters of a text, from its beginning, the folded ``other`` begins with too."""
    return bisect_right(range(1, len(text) + 1), False, key=lambda end: not other.startswith(fold(text[:end])))


def _before(text: str, difference: int, length: int) -> int:
    """How much of a text is shown before ``difference``: a third of the room, more where the text ends soon."""
    return difference - max(0, min(difference - length // 3, len(text) - length + len(DOTS)))


def _cut_from(text: str, start: int, length: int) -> str:
    """A text from ``start`` on, with dots for what is not shown on either side."""
    if start <= len(DOTS):
        return cut(text, length)
    return DOTS + cut(text[start:], length - len(DOTS))


def count(number: int, noun: str) -> str:
    """A number with its noun: ``1 error``, ``2 errors``."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def tracks_in_words(tracks: Sequence[int]) -> str:
    """``Track 1``, ``Tracks 2 and 3``."""
    *earlier, last = map(str, tracks)
    return f"Tracks {', '.join(earlier)} and {last}" if earlier else f"Track {last}"


def target_in_words(target: int | str) -> str:
    """``Track 1``; ``Tracks 2 and 3`` for the file of both."""
    return tracks_in_words((2, 3) if target == "corpus" else (int(target),))


def short_repr(value: Any, length: int = WIDTH) -> str:
    """``repr`` of a value from a file, cut to ``length`` characters; its type's name where there is none."""
    try:
        text = repr(value)
    except (RecursionError, ValueError):  # nested deeply, or an integer of thousands of digits
        text = f"<{type(value).__name__}>"
    return cut(text, length)


def escape_pointer(token: str) -> str:
    """A key as one token of a JSON pointer (RFC 6901): ``~`` becomes ``~0``, ``/`` becomes ``~1``."""
    return token.replace("~", "~0").replace("/", "~1")
