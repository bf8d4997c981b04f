"""Showing what stands in a file in a message: a value cut short, a key as part of a JSON pointer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

WIDTH = 60  # characters of a value


def cut(text: str, length: int = WIDTH) -> str:
    """At most ``length`` characters of a text."""
    return text if len(text) <= length else text[: length - 3] + "..."


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
