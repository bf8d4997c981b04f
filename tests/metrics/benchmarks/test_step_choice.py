"""Ranks of candidates with LOVEU's rule for ties, and the measures of steps."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmivqa_kit.metrics import means
from cmivqa_kit.metrics.benchmarks.step_choice import METRICS, StepRanks, rank_of, step_values

SCORES = st.lists(st.integers(-3, 3).map(float), min_size=1, max_size=30)


@given(scores=SCORES, right=st.integers(0, 29))
def test_of_equal_scores_the_later_goes_first(scores: list[float], right: int) -> None:
    if right >= len(scores):
        assert rank_of(scores, right) is None
        return
    better = sum(score > scores[right] for score in scores)
    later = sum(score == scores[right] for score in scores[right + 1 :])
    assert rank_of(scores, right) == 1 + better + later


@pytest.mark.parametrize(
    ("scores", "right", "rank"),
    [([1, 1, 1], 0, 3), ([1, 1, 1], 2, 1), ([math.nan, 9.0], 0, 1), ([0.5], 0, 1), ([0.5], -1, None), ([], 0, None)],
)
def test_ranks(scores: list[float], right: int, rank: int | None) -> None:
    assert rank_of(scores, right) == rank


def test_a_step_that_is_not_answered_is_a_miss_with_the_last_rank() -> None:
    ranks = StepRanks(np.array([6, 1, 2, 3]), np.array([2, 0, 0, 3]))
    values = {name: column.tolist() for name, column in step_values(ranks).items()}
    assert values["R@1"] == [0, 0, 0, 0]
    assert values["R@3"] == [1, 0, 0, 1]
    assert values["mean rank"] == [2, 1, 2, 3]
    assert values["MRR"] == [0.5, 1, 0.5, 1 / 3]
    assert values["candidates/rank"] == [3, 1, 1, 1]


def test_the_measures_of_a_pool() -> None:
    found = means(METRICS, step_values(StepRanks(np.array([4, 8]), np.array([1, 4]))))
    assert found == {"R@1": 0.5, "R@3": 0.5, "mean rank": 2.5, "MRR": 0.625, "candidates/rank": 3.0}
    assert [metric.name for metric in METRICS if not metric.scale.higher_is_better] == ["mean rank"]
