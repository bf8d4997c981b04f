"""Moments and highlights: single values worked out by hand, agreement with plain loops, and what always holds."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cmivqa_kit.metrics.benchmarks.highlights import ClipScores, highlight_values, hit_metric
from cmivqa_kit.metrics.benchmarks.highlights import precision_metric as highlight_metric
from cmivqa_kit.metrics.benchmarks.moments import (
    LONG,
    MIDDLE,
    SHORT,
    THRESHOLDS,
    MomentValues,
    moment_values,
    moments,
    overlap_metric,
    precision_metric,
    recall_metric,
)
from tests.bench.generated_moments import make
from tests.bench.plain_moments import clip_precision, hull_iou, iou, query_precisions

Windows = list[list[float]]


def values_of(proposed: Windows, right: Windows, **options: Any) -> MomentValues:
    """The values of one query."""
    (values,) = moment_values(moments([np.array(proposed, dtype=float).reshape(-1, 3)], [right]), (None,), **options)
    return values


def test_names_scales_and_thresholds() -> None:
    metrics = (
        recall_metric(1, 0.5), recall_metric(5, 0.7), overlap_metric(), precision_metric(), precision_metric(0.75),
        precision_metric(within=SHORT), highlight_metric("VeryGood"), hit_metric("Fair"),
    )  # fmt: skip
    assert [metric.name for metric in metrics] == [
        "R@1,IoU=0.5", "R@5,IoU=0.7", "mIoU", "mAP", "mAP,IoU=0.75", "mAP[short]", "HL-mAP[VeryGood]", "Hit@1[Fair]",
    ]  # fmt: skip
    assert {metric.scale.bounds for metric in metrics} == {(0.0, 1.0)}
    assert THRESHOLDS == (0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95)


def test_recall_takes_the_list_as_handed_in_and_counts_exactly_the_threshold() -> None:
    values = values_of([[0, 5, 0.1], [0, 10, 0.9]], [[0, 10]])
    assert values.recall(1, 0.5).tolist() == [1.0]
    assert values.recall(1, 0.51).tolist() == [0.0]
    assert values.recall(2, 1.0).tolist() == [1.0]
    assert values.overlap().tolist() == [0.5]


def test_precision_takes_it_by_score() -> None:
    assert values_of([[0, 5, 0.1], [0, 10, 0.9]], [[0, 10]]).precision.tolist() == [[1.0] * 10]
    assert values_of([[90, 95, 0.9], [0, 10, 0.1]], [[0, 10]]).precision.tolist() == [[0.5] * 10]


def test_a_right_window_is_taken_once_and_the_eleventh_window_is_not_looked_at() -> None:
    twice = values_of([[0, 10, 0.9], [0, 10, 0.8], [20, 30, 0.7]], [[0, 10], [20, 30]])
    assert twice.precision[0, 0] == pytest.approx(0.5 * 1 + 0.5 * 2 / 3)
    late = values_of([*([90.0, 95.0, 0.9] for _ in range(10)), [0, 10, 0.1]], [[0, 10]])
    assert late.precision[0].tolist() == [0.0] * 10


def test_of_equal_overlaps_the_later_window_is_taken() -> None:
    # [4, 8] overlaps both by 0.5; were the earlier one taken, the second window would find it gone.
    right = [[4.0, 6.0], [6.0, 8.0]]
    assert values_of([[4, 8, 0.9], [4, 6, 0.8]], right).precision[0, 0] == 1.0
    assert values_of([[4, 8, 0.9], [6, 8, 0.8]], right).precision[0, 0] == 0.5


@pytest.mark.parametrize(("length", "name"), [(10, "short"), (10.5, "middle"), (30, "middle"), (31, "long")])
def test_ranges_hold_their_upper_end(length: float, name: str) -> None:
    facts = moments([np.array([[0, length, 1.0]])], [[(0, length)]])
    ranges = (SHORT, MIDDLE, LONG)
    for within, values in zip(ranges, moment_values(facts, ranges), strict=True):
        assert np.isnan(values.mean_precision()[0]) == (within.name != name)
        assert np.isnan(values.recall(1, 0.5)[0]) == (within.name != name)


def test_a_query_without_answer_has_the_worst_values() -> None:
    values = values_of([], [[0, 10]])
    assert (values.recall(5, 0.5).tolist(), values.overlap().tolist()) == ([0.0], [0.0])
    assert values.mean_precision().tolist() == [0.0]


def test_no_query_at_all() -> None:
    (values,) = moment_values(moments([], []), (None,))
    assert values.mean_precision().shape == values.recall(1, 0.5).shape == (0,)
    assert highlight_values([], []).hit.shape == (0, 3)


@pytest.mark.parametrize("window", [[10.0, 0.0, 1.0], [3.0, 3.0, 1.0]])
def test_zero_by_zero_counts_for_nothing_and_officially_as_right(window: list[float]) -> None:
    right = [[0.0, 10.0]] if window[0] > window[1] else [[3.0, 3.0]]
    strict, official = values_of([window], right), values_of([window], right, undefined=math.inf)
    assert strict.undefined
    assert (strict.precision.max(), official.precision.min()) == (0.0, 1.0)
    assert strict.overlap().tolist() == [0.0]
    assert np.isnan(official.union[0, 0])
    assert official.recall(1, 0.5).tolist() == [0.0]


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("queries", [1, 7, 80])
def test_values_are_those_of_plain_loops(seed: int, queries: int) -> None:
    submission, truth = make(seed, queries)
    given = {record["qid"]: record for record in submission}
    lists = [given[query["qid"]]["pred_relevant_windows"] for query in truth]
    right = [query["relevant_windows"] for query in truth]
    (values,) = moment_values(moments([np.array(windows) for windows in lists], right), (None,))
    for row, (windows, wanted) in enumerate(zip(lists, right, strict=True)):
        assert values.precision[row] == pytest.approx(query_precisions(windows, wanted), abs=1e-12)
        best = [max(wanted, key=lambda other, window=window: iou(window, other)) for window in windows[:10]]
        assert values.hull[row, : len(best)].tolist() == [
            hull_iou(window, other) for window, other in zip(windows, best, strict=False)
        ]
    scores = [given[query["qid"]]["pred_saliency_scores"] for query in truth]
    shown = highlight_values([np.array(given) for given in scores], [clip_scores(query) for query in truth])
    for row, query in enumerate(truth):
        table = np.zeros((int(query["duration"] / 2), 3), dtype=int)
        table[query["relevant_clip_ids"]] = query["saliency_scores"]
        padded = (scores[row] + [0.0] * len(table))[: len(table)]
        for level, floor in enumerate((2, 3, 4)):
            labels = (table >= floor).T.tolist()
            assert shown.precision[row, level] == pytest.approx(
                [clip_precision(padded, annotator) for annotator in labels]
            )


def clip_scores(query: dict[str, Any]) -> ClipScores:
    """The annotators' scores of a generated query."""
    scores = np.array(query["saliency_scores"])
    return ClipScores(int(query["duration"] / 2), np.array(query["relevant_clip_ids"]), scores)


def highlight(scores: list[float], table: list[list[int]]) -> Any:
    """The values of one query, whose clips all have scores of the annotators."""
    right = ClipScores(len(table), np.arange(len(table)), np.array(table))
    return highlight_values([np.array(scores, dtype=float)], [right])


def test_highlights_by_hand() -> None:
    values = highlight([0.9, 0.8, 0.7], [[4, 0, 2], [0, 0, 2], [4, 0, 2]])
    assert values.precision[0, 2].tolist() == [pytest.approx((1 + 2 / 3) / 2), 0.0, 0.0]
    assert values.precision[0, 0].tolist() == [pytest.approx((1 + 2 / 3) / 2), 0.0, 1.0]
    assert values.hit[0].tolist() == [1.0, 1.0, 1.0]


def test_clips_of_equal_score_come_together() -> None:
    assert highlight([0.5, 0.5], [[4, 0, 0], [0, 4, 0]]).precision[0, 2].tolist() == [0.5, 0.5, 0.0]


def test_the_first_of_the_highest_clips_counts_and_one_beyond_the_video_is_no_hit() -> None:
    assert highlight([0.1, 0.9, 0.9], [[0], [4], [0]]).hit[0, 2] == 1.0
    assert highlight([0.1, 0.2, 0.9], [[0], [4]]).hit[0, 2] == 0.0
    assert highlight([-0.5], [[0], [4]]).precision[0, 2].tolist() == [1.0]  # the clip without a score has 0
    assert highlight([], [[4], [4]]).precision[0, 2].tolist() == [0.0]


times = st.integers(0, 40).map(float)
right_windows = st.lists(
    st.tuples(times, st.integers(1, 50)).map(lambda w: [w[0], w[0] + w[1]]), min_size=1, max_size=6
)
proposed_windows = st.lists(
    st.tuples(times, st.integers(0, 50), st.sampled_from((0.1, 0.5, 0.9))).map(lambda w: [w[0], w[0] + w[1], w[2]]),
    max_size=13,
)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(proposed_windows, right_windows), min_size=1, max_size=4))
def test_what_always_holds(queries: list[tuple[Windows, Windows]]) -> None:
    lists = [np.array(windows, dtype=float).reshape(-1, 3) for windows, _ in queries]
    right = [windows for _, windows in queries]
    full, short = moment_values(moments(lists, right), (None, SHORT))
    for values in (full, short):
        for numbers in (values.precision, values.hull, values.overlap()):
            assert bool(((numbers >= 0) & (numbers <= 1) | np.isnan(numbers)).all())
    assert not np.isnan(full.precision).any()
    assert bool((np.diff(full.precision, axis=1) <= 1e-12).all()), "a higher threshold is harder"
    for n in range(1, 10):
        assert bool((full.recall(n, 0.5) <= full.recall(n + 1, 0.5)).all())
    without = [any(SHORT.low < end - start <= SHORT.high for start, end in windows) for windows in right]
    assert (~np.isnan(short.precision[:, 0])).tolist() == without
    for row, (windows, wanted) in enumerate(queries):
        alone = values_of(windows, wanted)
        assert alone.precision[0].tolist() == full.precision[row].tolist(), "queries do not touch one another"
        perfect = values_of([[*window, 1.0] for window in wanted[:1]], wanted[:1])
        assert perfect.precision.min() == 1.0


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.sampled_from((-1.0, 0.0, 0.5, 2.0)), st.integers(0, 4)), min_size=1, max_size=12))
def test_highlights_are_those_of_plain_loops(clips: list[tuple[float, int]]) -> None:
    scores, given_scores = [score for score, _ in clips], [[value] for _, value in clips]
    values = highlight(scores, given_scores)
    for level, floor in enumerate((2, 3, 4)):
        wanted = clip_precision(scores, [value >= floor for _, value in clips])
        assert values.precision[0, level, 0] == pytest.approx(wanted)
        assert values.hit[0, level] == float(clips[scores.index(max(scores))][1] >= floor)
