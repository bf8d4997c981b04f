"""Spans that mean the same moment."""

from __future__ import annotations

import pytest

from cmivqa_kit.entries.fusion.candidates import agreed_span, candidates


def test_spans_of_a_video_that_overlap_by_half_are_one() -> None:
    found = candidates((((1, "v", 0, 10), (2, "w", 0, 10)), ((1, "w", 2, 12), (2, "v", 6, 16), (3, "v", 5, 10))))
    assert [(moment.video, moment.ranks) for moment in found.moments] == [
        ("v", {0: 1, 1: 3}),  # 5 of 10 s
        ("w", {1: 1, 0: 2}),
        ("v", {1: 2}),  # 4 of 16 s
    ]
    assert found.videos == {"v": {0: 1, 1: 2}, "w": {1: 1, 0: 2}}


def test_what_one_file_lists_as_two_moments_stays_two() -> None:
    found = candidates((((1, "v", 0, 10), (2, "v", 0, 9)), ((1, "v", 0, 9.5),)))
    assert [moment.ranks for moment in found.moments] == [{0: 1, 1: 1}, {0: 2}]


def test_no_entries_no_candidates() -> None:
    assert candidates(((), ())).moments == ()


@pytest.mark.parametrize(
    ("spans", "votes", "agreed"),
    [
        ([(0.0, 10.0)], [1.0], (0.0, 10.0)),
        ([(0.0, 10.0), (2.0, 12.0)], [1.0, 1.0], (1.0, 11.0)),
        ([(0.0, 10.0), (2.0, 12.0)], [3.0, 1.0], (0.5, 10.5)),
        ([(0.0, 10.0), (50.0, 60.0)], [1.0, 1.0], (0.0, 10.0)),  # of equal ones the first
        ([(0.0, 10.0), (50.0, 60.0)], [1.0, 2.0], (50.0, 60.0)),
        ([(0.0, 10.0), (50.0, 60.0), (52.0, 62.0)], [1.0, 1.0, 1.0], (51.0, 61.0)),  # two against one
        ([(0.1, 0.4), (0.1, 0.4)], [0.3, 0.7], (0.1, 0.4)),  # no rounding where all say the same
    ],
)
def test_the_span_that_is_agreed_on(
    spans: list[tuple[float, float]], votes: list[float], agreed: tuple[float, float]
) -> None:
    assert agreed_span(spans, votes) == agreed
