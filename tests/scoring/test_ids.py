"""Ids as keys: equal exactly where ``==`` says so, and never slow to find."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cmivqa_kit.data.display import short_repr
from cmivqa_kit.data.id_keys import plain_key
from cmivqa_kit.scoring.ids import finder, json_safe, key

NAN = float("nan")  # the JSON reader hands out one object for every NaN
HUGE = 2**61 - 1  # every multiple of it has the hash 0
ids = st.recursive(
    st.sampled_from([None, True, False, 0, 1, 1.0, 0.0, -0.0, 0.5, "1", "", "a", NAN, float("inf"), -float("inf"),
                     2**53 + 1, float(2**53), 2**60, float(2**60), 2**61, float(2**61), HUGE, 10**400, "1;", "[1:"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "b", ""]), inner, max_size=3),
    max_leaves=5,
)  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(ids, ids)
def test_keys_are_equal_where_ids_are(identity: Any, other: Any) -> None:
    assert (key(identity) == key(other) and identity == identity) == (identity == other)
    found = finder([{"id": identity}])(other)
    assert (found is not None) == (identity == other)


@pytest.mark.parametrize(
    ("given_id", "asked", "matches"),
    [(1, 1.0, True), (True, 1, True), (1, "1", False), ([1], [1], True), ({"a": 1}, {"a": 1}, True), (None, None, True),
     (2**53 + 1, float(2**53), False), (NAN, NAN, False), ([1], 1, False), (1, [1], False), ([NAN], [NAN], True),
     ([float("nan")], [NAN], False), ({"a": 1, "b": 2}, {"b": 2, "a": 1}, True), ([1, [2]], [[1], 2], False),
     ("\u00e9", "e\u0301", False), (2**61, 2.0**61, True)],
)  # fmt: skip
def test_ids_are_compared_as_python_compares(given_id: Any, asked: Any, matches: bool) -> None:
    assert (finder([{"id": given_id}])(asked) is not None) == matches


def test_the_last_one_is_found() -> None:
    rows = [{"id": [1]}, {"id": 1}, {"id": True}, {"id": [1.0]}]
    find = finder(rows)
    assert find(1) is rows[2]
    assert find([1]) is rows[3]
    assert find(2) is None


def test_an_id_that_contains_itself() -> None:
    circle: list[Any] = []
    circle.append(circle)
    with pytest.raises(RecursionError):
        key(circle)
    inner = [1]
    assert key([inner, inner]) == key([[1], [1]])  # twice in it is no circle


@pytest.mark.parametrize("rows", [[{}], [None], [5], ["id"], [[]]])
def test_an_item_without_an_id_raises(rows: Any) -> None:
    with pytest.raises((LookupError, TypeError)):
        finder(rows)


class Counted:
    """Counts comparisons, which would be n * n if ids were compared one by one."""

    comparisons = 0

    def __eq__(self, other: object) -> bool:
        Counted.comparisons += 1
        return super().__eq__(other)


class CountedList(Counted, list[int]):
    pass


class CountedInt(Counted, int):
    __hash__ = int.__hash__


@pytest.mark.parametrize("make", [lambda i: CountedList([i]), lambda i: CountedInt(HUGE * i)])
def test_no_ids_are_compared_one_by_one(make: Any) -> None:
    """Neither arrays, which have no hash, nor integers chosen to have the same one."""
    Counted.comparisons = 0
    find = finder({"id": make(i)} for i in range(500))
    assert all(find(make(i)) is not None for i in range(500))
    assert Counted.comparisons <= 4 * 500


def test_keys_of_deep_ids_need_no_recursion() -> None:
    deep: Any = 1
    for _ in range(100_000):
        deep = [deep]
    assert key(deep) == key([deep[0]])
    assert short_repr(deep) == "<list>"
    while isinstance(deep, list):  # taken apart by hand: Python would do it recursively
        deep = deep.pop()


@pytest.mark.parametrize(
    ("identity", "expected"),
    [("a", "a"), (1, 1), (0, 0), (True, None), (1.0, None), (None, None), ([1], None), (NAN, None), ({}, None)],
)
def test_what_strict_scoring_matches(identity: Any, expected: Any) -> None:
    found = plain_key(identity)
    assert found == expected
    assert type(found) is type(expected)


def test_what_is_shown_is_short_and_safe() -> None:
    assert short_repr("x" * 100) == "'" + "x" * 56 + "..."
    assert short_repr(10**5000) == "<int>"
    assert short_repr(5) == "5"


@pytest.mark.parametrize(
    ("value", "safe"),
    [(NAN, None), (float("inf"), "Infinity"), (-float("inf"), "-Infinity"), (1.5, 1.5), (7, 7), (True, True),
     ("a", "a"), (None, None), ([1], "[1]")],
)  # fmt: skip
def test_json_safe(value: Any, safe: Any) -> None:
    assert json_safe(value) == safe
    assert json.dumps(json_safe(value), allow_nan=False)
    assert json_safe(10**5000) == "<int>"
