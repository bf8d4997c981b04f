"""The one IoU: against an independent formula on honest spans, against the official comparisons on odd ones."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmivqa_kit.data.span import Span, interval_iou

SECONDS = st.integers(0, 10_000).map(lambda n: n / 8)  # exact in binary, so that equality may be asked for
SPANS = st.tuples(SECONDS, SECONDS).filter(lambda t: t[0] != t[1]).map(lambda t: Span(min(t), max(t)))


@given(SPANS, SPANS)
def test_overlapping_or_not_against_set_measure(span: Span, other: Span) -> None:
    """The share of eighths of a second that both cover, of those between the first start and the last end."""
    inter = len(
        set(range(int(span.start * 8), int(span.end * 8))) & set(range(int(other.start * 8), int(other.end * 8)))
    )
    hull = max(span.end, other.end) * 8 - min(span.start, other.start) * 8
    assert span.iou(other) == pytest.approx(inter / hull, abs=1e-12)


@given(SPANS, SPANS)
def test_symmetric_and_bounded(span: Span, other: Span) -> None:
    assert span.iou(other) == other.iou(span)
    assert 0.0 <= span.iou(other) <= 1.0
    assert span.iou(span) == 1.0


def test_known_values() -> None:
    assert Span(0, 10).iou(Span(5, 15)) == 5 / 15
    assert Span(0, 10).iou(Span(10, 20)) == 0.0
    assert Span(0, 10).iou(Span(30, 40)) == 0.0


def test_nan_counts_as_the_official_program_counts_it() -> None:
    assert interval_iou(0.0, 10.0, math.nan, 10.0) == 1.0  # the target's start stands, since no comparison is true
    assert interval_iou(math.nan, 10.0, 0.0, 10.0) == 0.0


def test_a_degenerate_hull_is_an_error_as_there() -> None:
    with pytest.raises(ZeroDivisionError):
        interval_iou(3, 3, 3, 3)


@pytest.mark.parametrize(
    ("start", "end", "valid"),
    [(0, 1, True), (0.0, 0.0, False), (2, 1, False), (-1, 1, False), (0, math.inf, False), (math.nan, 1, False)],
)
def test_valid(start: float, end: float, valid: bool) -> None:
    assert Span(start, end).valid is valid


def test_length_and_order() -> None:
    assert Span(3, 1).length == -2
    assert sorted([Span(2, 3), Span(1, 9), Span(1, 2)]) == [Span(1, 2), Span(1, 9), Span(2, 3)]
