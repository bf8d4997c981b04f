"""``video2frames.txt`` of a BigFile: which rows are of which video, in order (docs/spec/features.md, section 3).

The file is a Python dictionary as text, or JSON: names of videos to lists of names of frames. It is read token by token
and never evaluated.
"""

from __future__ import annotations

import ast
import json
import re
import warnings
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from cmivqa_kit.errors import UserError

_TOKEN = re.compile(
    r"""[\s\ufeff]*(?:(?P<text>[uU]?(?:"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'))|(?P<mark>[{}\[\](),:])|(?P<end>\Z))"""
)
# The form that programs write, without a backslash: an entry at a time, so that a million frames take a second or two.
_TEXT = r"""(?:'[^'\\\n]*+'|"[^"\\\n]*+")"""
_ENTRY = re.compile(rf"\s*+({_TEXT})\s*+:\s*+\[\s*+((?:{_TEXT}\s*+,\s*+)*+(?:{_TEXT})?)\s*+\]\s*+(,|\}}\s*+\Z)")
_TEXTS = re.compile(_TEXT)
_JSON_ONLY = re.compile(r"\\(?:/|u[dD][89a-fA-F])")  # escapes that mean something else in Python
EXPECTED = "It should read {'VIDEO': ['FRAME', 'FRAME'], 'VIDEO': ['FRAME']}, as Python or JSON writes it."


class Token(NamedTuple):
    """A mark, or a text with ``mark`` empty; the ``end`` of the file has neither."""

    mark: str
    text: str | None
    position: int


def parse_video_frames(text: str, path: Path) -> dict[str, list[str]]:
    """Video -> its frames, in order.

    Raises:
        UserError: it is no such dictionary, with line and column; or a video stands twice.
    """
    return _entries(text) or _token_by_token(text, path)


def _entries(text: str) -> dict[str, list[str]] | None:
    """The dictionary in a text of the usual form; ``None`` for any other text, right or wrong."""
    opening = re.match(r"\s*\{", text)
    position, closed = opening.end() if opening else 0, False
    videos: dict[str, list[str]] = {}
    while opening and not closed:
        entry = _ENTRY.match(text, position)
        if entry is None or entry[1][1:-1] in videos:
            return None
        videos[entry[1][1:-1]] = [frame[1:-1] for frame in _TEXTS.findall(entry[2])]
        position, closed = entry.end(), entry[3] != ","
    return videos if closed else None


def _token_by_token(text: str, path: Path) -> dict[str, list[str]]:
    tokens = _tokens(text, path)
    videos: dict[str, list[str]] = {}
    _mark(next(tokens), "{", text, path)
    token = next(tokens)
    while token.mark != "}":
        if token.text is None:
            raise _refusal(token, "the name of a video in quotes", text, path)
        if token.text in videos:
            raise UserError(f"{_place(token, text, path)}: video {token.text!r} stands twice", "Remove one of the two.")
        _mark(next(tokens), ":", text, path)
        videos[token.text] = list(_frames(tokens, text, path))
        token = _after_comma(tokens, "}", text, path)
    _mark(next(tokens), "", text, path)
    return videos


def video_frames_text(videos: Mapping[str, Iterable[str]]) -> str:
    """The text of the file, in ASCII: both a Python dictionary and JSON."""
    return json.dumps({video: list(frames) for video, frames in videos.items()}, ensure_ascii=True)


def _frames(tokens: Iterator[Token], text: str, path: Path) -> Iterator[str]:
    opening = next(tokens)
    closing = {"[": "]", "(": ")"}.get(opening.mark)
    if closing is None:
        raise _refusal(opening, "a list of frames", text, path)
    token = next(tokens)
    while token.mark != closing:
        if token.text is None:
            raise _refusal(token, "the name of a frame in quotes", text, path)
        yield token.text
        token = _after_comma(tokens, closing, text, path)


def _after_comma(tokens: Iterator[Token], closing: str, text: str, path: Path) -> Token:
    """The token behind a comma, or the closing mark."""
    token = next(tokens)
    if token.mark == closing:
        return token
    _mark(token, ",", text, path)
    return next(tokens)


def _tokens(text: str, path: Path) -> Iterator[Token]:
    position = 0
    while True:
        match = _TOKEN.match(text, position)
        if match is None:
            rest = len(text[position:]) - len(text[position:].lstrip())
            raise _refusal(Token("", None, position + rest), "a name in quotes, or one of { } [ ] , :", text, path)
        position = match.end()
        quoted = match["text"]
        begin = match.start("text" if quoted else "mark" if match["mark"] else "end")
        yield Token(match["mark"] or "", None if quoted is None else _unquoted(quoted, begin, text, path), begin)


def _unquoted(quoted: str, position: int, text: str, path: Path) -> str:
    if "\\" not in quoted:
        return quoted.lstrip("uU")[1:-1]
    try:
        if _JSON_ONLY.search(quoted) and quoted[0] == '"':
            return str(json.loads(quoted))
        with warnings.catch_warnings(action="ignore"):  # of escapes that mean nothing
            return str(ast.literal_eval(quoted))
    except (ValueError, SyntaxError):
        raise _refusal(Token("", None, position), "a name in quotes without unknown escapes", text, path) from None


def _mark(token: Token, mark: str, text: str, path: Path) -> None:
    if token.mark != mark or token.text is not None:
        raise _refusal(token, f"{mark!r}" if mark else "the end of the file", text, path)


def _refusal(token: Token, expected: str, text: str, path: Path) -> UserError:
    shown = text[token.position : token.position + 20].split("\n")[0] or "the end of the file"
    return UserError(f"{_place(token, text, path)}: expected {expected}, not {shown!r}", EXPECTED)


def _place(token: Token, text: str, path: Path) -> str:
    before = text[: token.position]
    return f"{path}:{before.count(chr(10)) + 1}:{token.position - before.rfind(chr(10))}"
