"""Groups: quartile edges, the unknown, and that every question is in just one group."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cmivqa_kit.diagnosis.context import Asked
from cmivqa_kit.diagnosis.groups import UNKNOWN, by_name, group, quartiles
from cmivqa_kit.diagnosis.outcomes import read_outcomes
from tests.diagnosis.made import CUTOFFS, answer, target


def test_quartiles_by_hand() -> None:
    assert quartiles([1, 2, 3, 4, 5, 6, 7, 8]) == [
        ("up to 2", [0, 1]),
        ("2 to 4", [2, 3]),
        ("4 to 6", [4, 5]),
        ("over 6", [6, 7]),
    ]
    # The edge 3.14159 is shown, and used, as 3.14: the value itself is above it.
    assert quartiles([8, 1, None, 3.14159]) == [("up to 1", [1]), ("over 3.14", [0, 3]), (UNKNOWN, [2])]


@pytest.mark.parametrize(
    ("values", "names"),
    [
        ([5, 5, 5, 5], ["5"]),
        ([7], ["7"]),
        ([1, 5, 5, 5, 5, 5, 5, 5], ["1 to 5"]),  # every edge is the largest value
        ([1, 1, 1, 1, 1, 1, 1, 9], ["up to 1", "over 1"]),  # three equal edges are one
        ([1, 1, 2, 2, 9, 9, 9, 9], ["up to 1", "1 to 2", "over 2"]),
        ([None, None], []),
        ([], []),
        ([None, 3, 3], ["3", UNKNOWN]),
    ],
)
def test_equal_edges_are_merged(values: list[float | None], names: list[str]) -> None:
    assert [name for name, _ in quartiles(values)] == names


@settings(max_examples=300)
@given(st.lists(st.none() | st.integers(0, 30) | st.floats(0, 1e6) | st.just(10**300), max_size=60))
def test_every_value_is_in_one_group(values: list[float | None]) -> None:
    bins = quartiles(values)
    rows = sorted(i for _, found in bins for i in found)
    known = [value for value in values if value is not None]
    assert rows == (list(range(len(values))) if known else [])
    assert len({name for name, _ in bins}) == len(bins) <= 5
    assert quartiles(values) == bins
    # Ascending: no value of a group is above one of the next.
    ends = [[values[i] for i in found] for name, found in bins if name != UNKNOWN]
    for left, right in pairwise(ends):
        assert max(v for v in left if v is not None) < min(v for v in right if v is not None)


def test_names_stand_in_the_order_of_the_questions() -> None:
    assert by_name(["b", None, "a", "b"]) == [("b", [0, 3]), ("a", [2]), (UNKNOWN, [1])]
    assert by_name([None, None]) == []


def test_rows_have_the_loss_of_their_questions() -> None:
    targets = [target(i, end=10 if i < 6 else 30) for i in range(12)]
    predictions = [answer(i, ["A", 0, 5]) for i in range(6)]
    outcomes = read_outcomes(3, predictions, targets, CUTOFFS, 50)
    asked = [Asked("what?" if i % 2 else "", "Chinese" if i < 10 else None, None) for i in range(12)]
    found = {one.title: one.rows for one in group(outcomes, asked, CUTOFFS)}
    assert list(found) == ["question length, characters", "answer length, s", "language"]  # no video has a length
    short, long = found["answer length, s"]
    assert (short.name, short.n, short.score, short.shares) == ("up to 10", 6, 0.5, (0.0, 0.0, 0.0, 0.5))
    assert (long.name, long.n, long.score, long.shares) == ("over 10", 6, 0.0, (1.0, 0.0, 0.0, 0.0))
    assert short.small
    chinese, unknown = found["language"]
    assert (chinese.n, chinese.small, unknown.n, unknown.small) == (10, False, 2, True)
    assert [row.name for row in found["question length, characters"]] == ["5", UNKNOWN]
    assert chinese.to_dict() == {
        "name": "Chinese",
        "n": 10,
        "score": pytest.approx(0.3),
        "shares": pytest.approx([0.4, 0, 0, 0.3]),
        "small": False,
    }
