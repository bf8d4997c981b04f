"""From logits over tokens or frames to seconds. Source: docs/spec/mutualsl.md, sections 4.1, 4.3 and 5.2.

A video that the encoder cannot take at once comes in several windows; one that it can is one window.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from baselines.mutualsl.token_frame_table import line_of
from cmivqa_kit.data.types import Subtitle

Floats = NDArray[np.float32]
FEW = 2  # lines: at most so many leave nothing to choose, as in the published code


@dataclass(frozen=True, slots=True, eq=False)
class Scored:
    """One window as the network scored it: logits (L,), its separators, and the number of its first line."""

    start: Floats
    end: Floats
    separators: Sequence[int]
    first: int = 0


@dataclass(frozen=True, slots=True)
class Lines:
    """An answer from line ``first`` to line ``last``, and how sure the network is (0 to 1)."""

    first: int
    last: int
    confidence: float


def reference(windows: Sequence[Scored], lines: int) -> Lines:
    """The lines of the best start token and of the best end token, each by itself, as published.

    The best is the first of equal ones, over all windows. A token of the question means the last of the ``lines``. The
    end may lie before the start (`seconds`).
    """
    (first, sure), (last, sure_too) = (
        _best([(getattr(window, side), window) for window in windows], lines) for side in ("start", "end")
    )
    return Lines(first, last, sure * sure_too)


def constrained(windows: Sequence[Scored]) -> Lines:
    """The pair of lines i <= j of one window with the largest product of start and end probability.

    A line's probability is that of its tokens, its separator included; the question's tokens belong to no line. Ties:
    smaller i, then smaller j.
    """
    best = [_pair(window) for window in windows]
    return max(best, key=lambda pair: (pair.confidence, -pair.first, -pair.last))


def line_probabilities(logits: Floats, separators: Sequence[int]) -> NDArray[np.float64]:
    """Probability of every line, (n,), from logits over all tokens (L,); what lacks to 1 is the question's."""
    probabilities = _softmax(logits)
    begins = [separator + 1 for separator in separators[:-1]]
    lines: NDArray[np.float64] = np.add.reduceat(probabilities[: separators[-1] + 1], begins)
    return lines


def seconds(first: int, last: int, subtitles: Sequence[Subtitle]) -> tuple[float, float]:
    """Start of line ``first``, end of line ``last``; the end of the last line where that is not behind the start."""
    start, end = subtitles[first].start, subtitles[last].end
    return (start, end) if start < end else (start, subtitles[-1].end)


def _best(sides: Sequence[tuple[Floats, Scored]], lines: int) -> tuple[int, float]:
    """The line of the best token, and that token's probability within its window."""
    logits, window = max(sides, key=lambda side: side[0].max())  # the first of equal ones
    token = int(logits.argmax())
    line = line_of(window.separators, token)
    return (window.first + line if line >= 0 else lines - 1), float(_softmax(logits)[token])


def _pair(window: Scored) -> Lines:
    start, end = (line_probabilities(logits, window.separators) for logits in (window.start, window.end))
    product = np.triu(start[:, None] * end[None, :])
    first, last = divmod(int(product.argmax()), len(end))
    return Lines(window.first + first, window.first + last, float(product[first, last]))


def _softmax(logits: Floats) -> NDArray[np.float64]:
    raised = np.exp(logits.astype(np.float64) - float(logits.max()))
    shares: NDArray[np.float64] = raised / raised.sum()
    return shares
