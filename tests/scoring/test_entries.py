"""Spans and lists of entries: what is valid, which rank and which moments a list has."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings

from cmivqa_kit.data.numbers import is_finite, is_span
from cmivqa_kit.scoring.entries import is_entry, overlap, read_entries, read_moments, read_videos
from tests.scoring.documents import Documents, dirty_cases, valid_cases

NAN, INF = float("nan"), float("inf")
SPAN = (0.0, 10.0)


@pytest.mark.parametrize(
    ("value", "is_one"),
    [(0, True), (0.0, True), (-1.5, True), (1e308, True), (10**308, True), (10**309, False), (NAN, False), (INF, False),
     (True, False), ("1", False), (None, False), ([1], False), (np.float32(1), True), (np.int64(1), True),
     (np.float64("nan"), False), (Fraction(1, 2), True), (1j, False)],
)  # fmt: skip
def test_numbers(value: Any, is_one: bool) -> None:
    assert is_finite(value) is is_one


@pytest.mark.parametrize(
    ("start", "end", "valid"),
    [(0, 1, True), (0.0, 5e-324, True), (1, 1, False), (2, 1, False), (-1, 1, False), (-0.0, 1, True), (NAN, 1, False),
     (0, INF, False), (False, True, False), (2.0**53, 2**53 + 1, True)],
)  # fmt: skip
def test_spans(start: Any, end: Any, valid: bool) -> None:
    assert is_span(start, end) is valid


@pytest.mark.parametrize(
    ("entry", "formed"),
    [(["A"], True), (["A", 1, 2, 3], True), (("A", 1, 2), True), ([""], True), ([], False), ([1], False), ("A", False),
     ({"0": "A"}, False), (None, False), ([["A"]], False)],
)  # fmt: skip
def test_entries(entry: Any, formed: bool) -> None:
    assert is_entry(entry) is formed


@pytest.mark.parametrize(
    ("output", "rank", "malformed"),
    [
        ([["A"]], 1, 0),
        ([["B"], ["A"]], 2, 0),
        ([["B"], ["B"], ["A"], ["A"]], 2, 0),  # a repeated video takes no rank
        ([["B"], [], ["A"]], 3, 1),  # a malformed entry takes one
        ([["B"], "A", 5, ["B"], ["A"]], 4, 2),
        ([["B"]], 0, 0),
        ([["B"], None], 0, 1),
        ([], 0, 0),
        ("ABC", 0, 0),
        (None, 0, 0),
        ({"A": 1}, 0, 0),
        (["A"], 0, 1),
        ([["B"]] * 5 + [["A"]], 2, 0),
        ([["B"]] * 50 + [["A"]], 0, 0),  # past the limit
        ([["B"]] * 49 + [["A"]] + [5] * 50, 2, 0),
        ((("B", 1, 2), ("A", 1, 2)), 2, 0),
    ],
)
def test_ranks(output: Any, rank: int, malformed: int) -> None:
    assert read_videos(output, 50, "A") == (rank, malformed)
    assert read_moments(output, 50, "A", SPAN)[0] == rank


@pytest.mark.parametrize(
    ("output", "moments", "invalid"),
    [
        ([["A", 0, 5]], [(1, 0.5)], 0),
        ([["A", 0.0, 5.0], ["A", 0, 3], ["A", 0, 10]], [(1, 0.5), (3, 1.0)], 0),  # only what improves
        ([["B", 0, 5], ["A", 20, 30]], [], 0),
        ([["A", 10, 20], ["A", 5, 15]], [(2, 1 / 3)], 0),
        ([["A", NAN, NAN], ["A", 0, 5]], [(2, 0.5)], 1),
        ([["A", -5, 5], ["A", True, 5], ["A", 5, 5], ["A", 7, 5], ["A", 0, INF]], [], 5),
        ([["B", -5, 5], ["A", 0, 5, "more"]], [(2, 0.5)], 1),  # of another video, but not valid
        ([["A", 0], ["A"], [], "A", None], [], 5),
        ([["A", "0", "5"]], [], 1),
        ([["A", 0, 10**400], ["A", 0, 5]], [(2, 0.5)], 1),
        ("A", [], 0),
        (["A", 0.0, 5.0], [], 3),
        (["abc", "A23"], [], 2),  # texts of three characters are no entries
        ([{"A": 1, "b": 2, "c": 3}], [], 1),
        ((("A", np.float32(0), np.float32(5)),), [(1, 0.5)], 0),
    ],
)
def test_moments(output: Any, moments: Any, invalid: int) -> None:
    _, found, faults = read_moments(output, 50, "A", SPAN)
    assert (found, faults) == (moments, invalid)


def test_huge_integers_beside_floats() -> None:
    """Python rounds an integer beyond 2^53 when a float stands beside it: a length can become 0, a ratio exceed 1."""
    start, end = 2**60 + 1, 2**60 + 100
    assert is_span(2.0**60, end)
    assert overlap(start, end, 2.0**60, end) == 0.0
    assert overlap(start, 2**61, 2.0**60, 2**60 + 256 + 127) > 0


@settings(max_examples=150, deadline=None)
@given(valid_cases())
def test_one_odd_entry_changes_nothing_before_it(case: Documents) -> None:
    """The quick reading of right lists and the careful one of others agree."""
    predictions, targets, track = case
    for item, target in zip(predictions, targets, strict=True):
        if track == 1:
            continue
        span = target["start_second"], target["end_second"]
        output, video = item["output"], target["video_id"]
        rank, moments, invalid = read_moments(output, 10**6, video, span)
        assert read_moments([*output, None], 10**6, video, span) == (rank, moments, invalid + 1)
        assert read_videos(output, 10**6, video) == (rank, 0)
        assert read_videos([*output, None], 10**6, video) == (rank, 1)
        assert all(math.isfinite(value) and 0 < value <= 1 for _, value in moments)


@pytest.mark.parametrize(
    ("output", "read", "valid"),
    [
        ([["A", 0, 5], ["B", 1, 2, "more"]], 2, [(1, "A", 0, 5), (2, "B", 1, 2)]),
        ([["A"], ["A", 5, 5], None, ["A", NAN, 1], ["A", 0, 5]], 5, [(5, "A", 0, 5)]),
        ([["A", 0, 5]] * 60, 50, [(i, "A", 0, 5) for i in range(1, 51)]),
        ("A23", 0, []),
        (None, 0, []),
        ([], 0, []),
    ],
)
def test_valid_entries(output: Any, read: int, valid: Any) -> None:
    assert read_entries(output, 50) == (read, valid)


@settings(max_examples=150, deadline=None)
@given(dirty_cases())
def test_valid_entries_are_those_that_count(case: Documents) -> None:
    """What `read_entries` leaves out is what `read_moments` calls invalid, and its overlaps are the moments."""
    predictions, targets, track = case
    outputs = [item.get("output") for item in predictions if isinstance(item, dict)] if track == 3 else []
    for output in outputs:
        for target in targets:
            span = target["start_second"], target["end_second"]
            _, moments, invalid = read_moments(output, 50, target["video_id"], span)
            read, valid = read_entries(output, 50)
            assert read - len(valid) == invalid
            best = [(at, overlap(*span, *times)) for at, video, *times in valid if video == target["video_id"]]
            assert max((value for _, value in best), default=0.0) == max((value for _, value in moments), default=0.0)
            assert set(moments) <= set(best)
