"""Boards as markdown, for a README or an issue: a table each, and below it who is not ranked and why."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from cmivqa_kit.data.display import escaped
from cmivqa_kit.leaderboard.board import Board
from cmivqa_kit.leaderboard.board_text import columns, details, entry_name, how_to_read, on_no_board, table_rows, title

_MARKUP = re.compile(r"[\\`*_{}\[\]()#|!~:]")
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "@": "&#64;"}


def markdown(boards: Sequence[Board]) -> str:
    """The boards as one document; what teams wrote is shown as text, whatever it is."""
    return "\n".join(_lines(boards)) + "\n"


def plain(text: str) -> str:
    """A text that markdown shows as it stands: no markup, no link, no mention, one line."""
    harmless = _MARKUP.sub(r"\\\g<0>", escaped(text))
    harmless = re.sub(r"[&<>@]", lambda match: _ENTITIES[match[0]], harmless)
    return re.sub(r"(?i)\b(www)\.", r"\1&#46;", harmless)


def _own(text: str) -> str:
    """A text of the kit in a cell: metrics have bars in their names."""
    return text.replace("|", r"\|")


def _lines(boards: Sequence[Board]) -> Iterator[str]:
    for board in boards:
        yield f"## {title(board)}"
        yield ""
        names = columns(board)
        yield f"| {' | '.join(_own(name.removeprefix('>')) for name in names)} |"
        yield f"| {' | '.join('---:' if name.startswith('>') else '---' for name in names)} |"
        for rank, team, run, *others in table_rows(board):
            yield f"| {' | '.join([rank, plain(team), plain(run), *map(_own, others)])} |"
        yield ""
        for text in how_to_read(board):
            yield f"{text}."
            yield ""
        unranked = [f"- {plain(entry_name(row))}: {plain(reason)}" for row, reason in details(board)]
        if unranked:
            yield from ("Not ranked:", "", *unranked, "")
        if board.signature:
            yield f"`{board.signature}`"
            yield ""
    lines = [f"- {plain(text)}" for text in on_no_board(boards)]
    if lines:
        yield from ("## On no board", "", *lines, "")
