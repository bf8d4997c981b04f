"""Overlapping windows of subtitle lines for encoders with a position limit (BERT: 512), so that nothing is cut.

A window is a run of lines that fits beside the question. Spans within a window get its scores; a span in several
windows gets its best score. A line that does not fit by itself becomes several windows of that one line, a part each.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Window:
    """Lines ``first`` to ``stop`` - 1; where ``part`` is given, tokens ``part[0]`` to ``part[1]`` - 1 of one line."""

    first: int
    stop: int
    part: tuple[int, int] | None = None


def windows(lengths: Sequence[int], room: int | None, overlap: float = 0.5) -> list[Window]:
    """Cover all lines with windows of at most ``room`` tokens.

    Args:
        lengths: tokens of each line without its separator.
        room: tokens for lines and their separators, at least 2; ``None``: one window holds everything.
        overlap: the next window begins at the first line from which on at most this part of ``room`` is repeated.
    """
    if room is None or sum(lengths) + len(lengths) <= room:
        return [Window(0, len(lengths))] if lengths else []
    made: list[Window] = []
    first = 0
    while first < len(lengths):
        stop, used = first, 0
        while stop < len(lengths) and used + lengths[stop] + 1 <= room:
            used += lengths[stop] + 1
            stop += 1
        if stop == first:  # one line alone is too long
            parts = range(0, lengths[first], room - 1)
            made += [Window(first, first + 1, (at, min(at + room - 1, lengths[first]))) for at in parts]
            first += 1
            continue
        made.append(Window(first, stop))
        if stop == len(lengths):
            break
        begin, repeated = stop, 0
        while begin - 1 > first and repeated + lengths[begin - 1] + 1 <= overlap * room:
            begin -= 1
            repeated += lengths[begin] + 1
        # A next window that is stopped by the same long line would hold nothing new.
        first = stop if lengths[stop] + 1 > room else begin
    return made


def pieces(window: Window, lines: Sequence[tuple[int, ...]]) -> list[tuple[int, ...]]:
    """The token ids of a window's lines."""
    if window.part is None:
        return list(lines[window.first : window.stop])
    begin, end = window.part
    return [lines[window.first][begin:end]]


def holding(covering: Sequence[Window], first: int, last: int) -> Window | None:
    """The window in which lines ``first`` to ``last`` lie most centrally; ``None`` where none holds them."""
    whole = [w for w in covering if w.part is None and w.first <= min(first, last) and max(first, last) < w.stop]
    return min(whole, key=lambda w: (abs((first - w.first) - (w.stop - 1 - last)), w.first), default=None)


def tightest(*limits: int | None) -> int | None:
    """The smallest of several limits on a row's tokens; those that are 0 or ``None`` limit nothing."""
    return min((limit for limit in limits if limit), default=None)
