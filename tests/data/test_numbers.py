"""Numbers, finite ones, spans: of anything that a document may hold."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmivqa_kit.data.numbers import is_finite, is_number, is_span
from cmivqa_kit.data.span import Span

NAN, INF = float("nan"), float("inf")


@pytest.mark.parametrize(
    ("value", "number", "finite"),
    [(0, True, True), (-1.5, True, True), (10**308, True, True), (10**309, True, False), (NAN, True, False),
     (-INF, True, False), (True, False, False), ("1", False, False), (None, False, False), ([1], False, False),
     (np.float32(1), True, True), (np.int64(1), True, True), (np.float32("inf"), True, False), (np.True_, False, False),
     (Fraction(1, 2), True, True), (1j, False, False)],
)  # fmt: skip
def test_numbers(value: Any, number: bool, finite: bool) -> None:
    assert (is_number(value), is_finite(value)) == (number, finite)


@given(st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=3), st.lists(st.integers())))
def test_a_finite_one_is_a_number(value: Any) -> None:
    assert not is_finite(value) or (is_number(value) and math.isfinite(value))


@given(st.floats(), st.floats())
def test_a_span_is_what_the_span_type_calls_valid(start: float, end: float) -> None:
    assert is_span(start, end) is Span(start, end).valid
