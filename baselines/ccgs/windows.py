"""Overlapping windows of subtitle lines for encoders with a position limit (BERT: 512), so that nothing is cut.

A window is a run of lines that fits beside the question. Spans within a window get its scores; a span in several
windows gets its best score. A line that does not fit by itself becomes several windows of that one line, a part each.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

# Encoders whose only positions are relative and bucketed take any length (specs/ccgs.md, section 3.2).
_RELATIVE = frozenset({"deberta", "deberta-v2"})
_OFFSET = frozenset({"roberta", "xlm-roberta", "camembert"})  # their first positions are reserved for padding


@dataclass(frozen=True, slots=True)
class Window:
    """Lines ``first`` to ``stop`` - 1; where ``part`` is given, tokens ``part[0]`` to ``part[1]`` - 1 of one line."""

    first: int
    stop: int
    part: tuple[int, int] | None = None


def position_limit(config: Any) -> int | None:
    """The most tokens that an encoder takes at once, ``None`` where only memory limits it."""
    if config.model_type in _RELATIVE and config.relative_attention and not config.position_biased_input:
        return None
    limit = getattr(config, "max_position_embeddings", None)
    if limit is None or limit < 1:
        return None
    reserved = config.pad_token_id + 1 if config.model_type in _OFFSET else 0
    return int(limit) - reserved


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


def holding(found: Sequence[Window], row: int, column: int) -> Window | None:
    """The window around cell (row, column) in which it lies most centrally; ``None`` where no window holds it."""
    whole = [w for w in found if w.part is None and w.first <= row and column < w.stop]
    return min(whole, key=lambda w: (abs((row - w.first) - (w.stop - 1 - column)), w.first), default=None)


def merge(lines: int, scored: Sequence[tuple[Window, Tensor]]) -> Tensor:
    """Scores of all spans of a video, (n, n), from those of its windows: per cell the best, -inf where none is."""
    whole = torch.full((lines, lines), -torch.inf)
    for window, logits in scored:
        block = whole[window.first : window.stop, window.first : window.stop]
        torch.maximum(block, logits, out=block)
    return whole


def pieces(window: Window, lines: Sequence[tuple[int, ...]]) -> list[tuple[int, ...]]:
    """The token ids of a window's lines."""
    if window.part is None:
        return list(lines[window.first : window.stop])
    begin, end = window.part
    return [lines[window.first][begin:end]]
