"""From logits to lists, and the published validation figures."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from baselines.ccgs import decode, validation
from cmivqa_kit.data.span import Span
from cmivqa_kit.data.types import Subtitle

LINES = [Subtitle("a", 0.0, 4.0), Subtitle("b", 4.0, 4.0), Subtitle("c", 7.0, 3.0)]
TIMES = decode.Times.of(LINES)


def by_hand(
    matrices: list[np.ndarray], times: list[decode.Times], count: int, repeats: bool
) -> list[tuple[float, int, float, float]]:
    """The ranking as the spec words it: a list of all cells, sorted."""
    cells = [
        (-float(logits[i, j]), v, i, j)
        for v, logits in enumerate(matrices)
        for i in range(len(logits))
        for j in range(len(logits))
    ]
    rows: list[tuple[float, int, float, float]] = []
    for score, v, i, j in sorted(cells):
        start, end = float(times[v].start[i]), float(times[v].end[j])
        if start >= end:
            end = float(times[v].end[-1])
        if not repeats and (j < i or start >= end or (v, start, end) in {row[1:] for row in rows}):
            continue
        rows.append((-score, v, start, end))
    return rows[:count]


@given(
    st.lists(st.tuples(st.integers(1, 6), st.integers(0, 10_000)), min_size=1, max_size=4),
    st.integers(1, 30),
    st.booleans(),
)
def test_rankings_are_those_of_a_sorted_list(sizes: list[tuple[int, int]], count: int, repeats: bool) -> None:
    matrices, times = [], []
    for size, seed in sizes:
        draw = np.random.default_rng(seed)
        matrices.append(draw.integers(0, 5, (size, size)).astype(np.float32))  # many ties
        start = np.sort(draw.integers(0, 6, size)).astype(float)
        times.append(decode.Times(start, start + draw.integers(0, 3, size)))  # lines at the same time, of no length
    parts = [
        decode.rank_video(logits, time, v, count, repeats)
        for v, (logits, time) in enumerate(zip(matrices, times, strict=True))
    ]
    got = decode.join(parts, count)
    assert list(zip(got.score, got.video, got.start, got.end, strict=True)) == by_hand(matrices, times, count, repeats)


def test_a_cell_that_ends_before_it_starts_reaches_to_the_end() -> None:
    start, end = TIMES.seconds(np.array([2, 1, 2]), np.array([0, 1, 1]))
    assert start.tolist() == [7.0, 4.0, 7.0]
    assert end.tolist() == [10.0, 8.0, 8.0]  # (2, 1) overlaps: a short valid span


def test_cells_at_minus_infinity_are_no_answers() -> None:
    logits = np.full((3, 3), -np.inf, np.float32)
    logits[0, 1] = 2.0
    for repeats in (True, False):
        ranked = decode.rank_video(logits, TIMES, 4, 50, repeats)
        assert (len(ranked), ranked.video.tolist(), ranked.end.tolist()) == (1, [4], [8.0])
    assert len(decode.join([], 50)) == 0


def test_one_row_per_video_in_the_order_of_their_best() -> None:
    parts = [
        decode.rank_video(np.array(m, np.float32).reshape(3, 3), TIMES, v, 50, published=False)
        for v, m in enumerate(([1, 2, 9, 0, 3, 4, 0, 0, 5], [1, 2, 3, 0, 10, 4, 0, 0, 5]))
    ]
    ranked = decode.by_video(parts, 50)
    assert (ranked.video.tolist(), ranked.score.tolist()) == ([1, 0], [10.0, 9.0])


def ranked(*rows: tuple[int, float, float]) -> decode.Ranked:
    video, start, end = zip(*rows, strict=True)
    return decode.Ranked(
        -np.arange(len(rows), dtype=float), np.array(video), np.array(start, float), np.array(end, float)
    )


def test_validation_counts_the_best_of_the_first_k_of_the_right_video() -> None:
    answers = ranked((1, 0, 10), (0, 5, 10), (0, 0, 10))
    judged = validation.judge(answers, ranked((1, 0, 10), (0, 5, 10)), 0, Span(0, 10), ks=(1, 2, 3))
    assert judged == validation.Judged(0, {1: 0.0, 2: 0.5, 3: 1.0}, 0.5)
    absent = validation.judge(answers, answers, 7, Span(0, 10), ks=(1, 3))
    assert absent == validation.Judged(0, {1: 0.0, 3: 0.0}, 0.0)
    figures = validation.summary([judged, absent], ks=(3,), thresholds=(0.5,))
    assert figures == pytest.approx({"R@ACC": 0, "Rank@3, IoU=0.5": 50, "Rank@3, mean IoU": 50, "MRR": 0.25})
