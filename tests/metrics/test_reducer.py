"""Reducers leave out what a metric is not about."""

from __future__ import annotations

import math

import numpy as np

from cmivqa_kit.metrics.reducer import MEAN, MEDIAN, average_precision


def test_what_is_nan_is_left_out() -> None:
    values = np.array([1.0, np.nan, 4.0, 2.0, 9.0])
    assert MEAN(values) == 4.0
    assert MEDIAN(values) == 3.0
    assert math.isnan(MEAN(np.array([np.nan])))
    assert math.isnan(MEDIAN(np.array([])))


def test_a_mean_is_exact() -> None:
    assert MEAN(np.array([0.1] * 10)) == 0.1


def test_average_precision() -> None:
    assert average_precision(np.array([1, 3]), 2) == (1 + 2 / 3) / 2
    assert average_precision(np.array([2]), 4) == 0.5 / 4
    assert average_precision(np.array([], dtype=int), 0) == 0.0
