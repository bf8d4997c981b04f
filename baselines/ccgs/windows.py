"""Windows of subtitle lines (`cmivqa_kit.prediction.windows`) as CCGS uses them: how long, and which to train on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cmivqa_kit.prediction.windows import Window

# Encoders whose only positions are relative and bucketed take any length (specs/ccgs.md, section 3.2).
_RELATIVE = frozenset({"deberta", "deberta-v2"})
_OFFSET = frozenset({"roberta", "xlm-roberta", "camembert"})  # their first positions are reserved for padding


def position_limit(config: Any) -> int | None:
    """The most tokens that an encoder takes at once, ``None`` where only memory limits it."""
    if config.model_type in _RELATIVE and config.relative_attention and not config.position_biased_input:
        return None
    limit = getattr(config, "max_position_embeddings", None)
    if limit is None or limit < 1:
        return None
    reserved = config.pad_token_id + 1 if config.model_type in _OFFSET else 0
    return int(limit) - reserved


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
