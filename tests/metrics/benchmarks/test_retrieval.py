"""Ranks in both directions against the definition written out, ties included."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cmivqa_kit.metrics import means
from cmivqa_kit.metrics.benchmarks import retrieval
from cmivqa_kit.metrics.benchmarks.retrieval import (
    METRICS,
    mixed,
    normalised,
    of_embeddings,
    of_matrix,
    retrieval_ranks,
    retrieval_values,
)


def whole(errors: retrieval.Errors) -> np.ndarray:
    return np.vstack([block for _, block in errors.blocks()])


@given(st.integers(0, 10**6), st.integers(1, 12), st.integers(1, 7), st.integers(1, 5))
@settings(max_examples=60, deadline=None)
def test_ranks_are_those_of_a_stable_sort(seed: int, captions: int, videos: int, rows: int) -> None:
    drawn = np.random.default_rng(seed)
    errors = drawn.integers(0, 4, (captions, videos)).astype(float)
    video_of = drawn.integers(-1, videos, captions)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(retrieval, "BLOCK_ROWS", rows)
        ranks = retrieval_ranks(of_matrix(errors), video_of)
    for caption in range(captions):
        order = np.argsort(errors[caption], kind="stable").tolist()
        own = video_of[caption]
        assert ranks.of_videos[caption] == (order.index(own) + 1 if own >= 0 else videos + 1)
    for video in range(videos):
        order = np.argsort(errors[:, video], kind="stable")
        places = np.flatnonzero(video_of[order] == video) + 1
        assert ranks.of_captions[video] == (places[0] if len(places) else captions + 1)
        precision = np.mean([(at + 1) / place for at, place in enumerate(places)]) if len(places) else 0.0
        assert ranks.precision[video] == pytest.approx(precision)


def test_nan_goes_last() -> None:
    ranks = retrieval_ranks(of_matrix(np.array([[np.nan, 1.0], [0.0, 1.0]])), np.array([0, 1]))
    assert ranks.of_videos.tolist() == [2, 2]


def test_stretched_errors_go_from_minus_one_to_zero_and_stay_so() -> None:
    errors = of_matrix(np.array([[3.0, 5.0], [4.0, 7.0]]))
    once = whole(normalised(errors))
    assert once.tolist() == [[-1.0, -0.5], [-0.75, 0.0]]
    assert np.array_equal(whole(normalised(of_matrix(once))), once)
    assert np.isnan(whole(normalised(of_matrix(np.ones((2, 2)))))).all()


def test_embeddings_are_compared_by_cosine() -> None:
    errors = whole(of_embeddings(np.array([[2.0, 0.0], [0.0, 0.0]]), np.array([[5.0, 0.0], [0.0, 1.0], [-1.0, 0.0]])))
    assert errors.tolist() == [[-1.0, 0.0, 1.0], [0.0, 0.0, 0.0]]


def test_a_mixture_weighs_the_first() -> None:
    first, second = of_matrix(np.array([[1.0]])), of_matrix(np.array([[3.0]]))
    assert whole(mixed(first, second, 0.25)).tolist() == [[2.5]]


def test_the_sum_is_that_of_all_recalls_in_both_directions() -> None:
    ranks = retrieval_ranks(of_matrix(np.array([[0.0, 1.0], [0.0, 1.0], [0.0, 1.0]])), np.array([0, 1, 0]))
    values = retrieval_values(ranks)
    found = means(METRICS, values)
    assert found["t2v:R@1"] == 2 / 3
    assert found["v2t:R@1"] == 0.5  # of the second video the first caption stands before its own
    assert found["SumR"] == pytest.approx(2 / 3 + 1 + 1 + 0.5 + 1 + 1)
    assert (found["t2v:MedR"], found["v2t:MeanR"]) == (1.0, 1.5)
    assert {len(column) for column in values.values()} == {5}
    scales = {metric.name: metric.scale.higher_is_better for metric in METRICS}
    assert [name for name, higher in scales.items() if not higher] == ["t2v:MedR", "t2v:MeanR", "v2t:MedR", "v2t:MeanR"]
