"""From logits to seconds."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from baselines.mutualsl.decode import (
    Lines,
    Scored,
    constrained,
    line_probabilities,
    reference,
    seconds,
)
from baselines.mutualsl.text import text_row
from cmivqa_kit.data.span import Span
from cmivqa_kit.data.types import Subtitle
from cmivqa_kit.neural.tokens import Special
from cmivqa_kit.prediction.fallback import span, whole_video
from tests.golden.published_validation import rates

ROW = text_row((10, 11), [(12, 13), (14,), (15, 16)], Special(1, 2, 0))
LINES = (Subtitle("a", 1.0, 2.0), Subtitle("b", 4.0, 1.0), Subtitle("c", 6.0, 2.5))


def scored(start: dict[int, float], end: dict[int, float], first: int = 0) -> Scored:
    logits = np.zeros((2, len(ROW.ids)), np.float32)
    for side, peaks in zip(logits, (start, end), strict=True):
        for token, height in peaks.items():
            side[token] = height
    return Scored(logits[0], logits[1], ROW.separators, first)


@pytest.mark.parametrize(
    ("start", "end", "lines"),
    [
        (4, 6, (0, 0)),  # a line's separator belongs to it
        (5, 11, (0, 2)),
        (1, 8, (2, 1)),  # the question stands for the last line
        (7, 0, (1, 2)),
        (3, 3, (2, 2)),
    ],
)
def test_tokens_become_lines(start: int, end: int, lines: tuple[int, int]) -> None:
    found = reference([scored({start: 5.0}, {end: 5.0})], 3)
    assert (found.first, found.last) == lines
    assert 0.8 < found.confidence < 1


def test_the_best_token_of_all_windows_counts() -> None:
    windows = [scored({4: 5.0}, {6: 2.0}), scored({4: 4.0}, {9: 9.0}, first=4)]
    found = reference(windows, 9)
    assert (found.first, found.last) == (0, 6)
    assert reference([scored({4: 5.0}, {1: 9.0}), windows[1]], 9).last == 8  # the video's last line, not the window's
    assert constrained(windows).first in (0, 4)


def test_an_end_before_the_start_becomes_the_end_of_the_video() -> None:
    assert seconds(1, 2, LINES) == (4.0, 8.5)
    assert seconds(2, 0, LINES) == (6.0, 8.5)
    assert seconds(0, 0, LINES) == (1.0, 3.0)


@given(arrays(np.float32, len(ROW.ids), elements=st.floats(-20, 20, width=32)))
def test_what_lacks_to_one_is_the_questions(logits: np.ndarray) -> None:
    lines = line_probabilities(logits, ROW.separators)
    exact = np.exp(logits.astype(float) - logits.max())
    exact /= exact.sum()
    assert lines.shape == (3,)
    np.testing.assert_allclose(lines, [exact[4:7].sum(), exact[7:9].sum(), exact[9:12].sum()], rtol=1e-9)


@given(arrays(np.float32, (2, len(ROW.ids)), elements=st.floats(-9, 9, width=32)))
def test_constrained_never_ends_before_it_starts(logits: np.ndarray) -> None:
    found = constrained([Scored(logits[0], logits[1], ROW.separators)])
    start, end = (line_probabilities(side, ROW.separators) for side in logits)
    best = max((start[i] * end[j], -i, -j) for i in range(3) for j in range(i, 3))
    assert (found.confidence, -found.first, -found.last) == best
    assert isinstance(found, Lines)


def test_spans_are_usable_whatever_the_network_says() -> None:
    assert span(3.0, 3.0) == Span(3.0, 4.0)
    assert span(-1.0, -2.0) == Span(0.0, 1.0)
    assert whole_video(LINES, None) == Span(1.0, 8.5)
    assert whole_video((), 30) == Span(0.0, 30.0)
    assert whole_video((), None) == Span(0.0, 1.0)


def test_rates_are_percent() -> None:
    assert rates([0.3, 0.5, 0.7, 0.0]) == pytest.approx((75, 50, 25, 37.5))
