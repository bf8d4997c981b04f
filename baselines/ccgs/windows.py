"""Windows of subtitle lines (`cmivqa_kit.prediction.windows`) as CCGS uses them: how long, and which to train on."""

from __future__ import annotations

from collections.abc import Sequence

from cmivqa_kit.prediction.windows import Window


def holding(found: Sequence[Window], row: int, column: int) -> Window | None:
    """The window around cell (row, column) in which it lies most centrally; ``None`` where no window holds it."""
    whole = [w for w in found if w.part is None and w.first <= row and column < w.stop]
    return min(whole, key=lambda w: (abs((row - w.first) - (w.stop - 1 - column)), w.first), default=None)


def pieces(window: Window, lines: Sequence[tuple[int, ...]]) -> list[tuple[int, ...]]:
    """The token ids of a window's lines."""
    if window.part is None:
        return list(lines[window.first : window.stop])
    begin, end = window.part
    return [lines[window.first][begin:end]]
