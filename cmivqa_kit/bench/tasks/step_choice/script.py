"""``script.txt`` of an AssistQ folder: what is said in the video, sentence by sentence.

Each line is ``0:00:04-0:00:07 text``. Source: docs/spec/q2a.md, section 1.1.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

PREFIX = 16  # characters that the published reader takes off every line, whatever they are
SEPARATOR = ". "
_TIME = r"\d+(?::\d{1,2}){1,2}(?:[.,]\d+)?"
_LINE = re.compile(rf"\s*{_TIME}\s*-\s*{_TIME}(?:\s+|$)")


def script_sentences(text: str, published: bool) -> tuple[str, ...]:
    """The sentences of a script.

    Args:
        text: of the file.
        published: 16 characters are taken off every line, and empty sentences count, as in the published program; else
            the times are, and a line without any is taken whole.
    """
    pieces = tuple(piece for line in _lines(text) for piece in _spoken(line, published).strip().split(SEPARATOR))
    return pieces if published else tuple(piece.strip() for piece in pieces if piece.strip())


def lines_without_times(text: str) -> tuple[int, ...]:
    """Numbers, from 1, of the lines that have a text and no times before it."""
    return tuple(n for n, line in enumerate(_lines(text), 1) if line.strip() and not _LINE.match(line))


def _spoken(line: str, published: bool) -> str:
    if published:
        return line[PREFIX:]
    times = _LINE.match(line)
    return line[times.end() :] if times else line


def _lines(text: str) -> Iterator[str]:
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    yield from lines if lines[-1] else lines[:-1]
