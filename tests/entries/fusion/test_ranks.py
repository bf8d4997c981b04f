"""Reciprocal rank fusion by hand, and what must hold of any lists."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from cmivqa_kit.data.types import Question, Track
from cmivqa_kit.editions import load_edition
from cmivqa_kit.entries.fusion.parts import Lists, Parts
from cmivqa_kit.entries.fusion.ranks import fused_rows, merge


def fused(
    *lists: list[tuple[Any, ...]], weights: tuple[float, ...], tracks: tuple[Track, ...] = (2, 3), k: float = 60
) -> Any:
    numbered: Lists = tuple(
        tuple((at, entry[0], *(entry[1:] or (0.0, 10.0))) for at, entry in enumerate(own, 1)) for own in lists
    )
    parts = Parts((), load_edition(), tracks, (Question(7, ""),), (numbered,))
    ((identity, entries),) = fused_rows(merge(parts), weights, k)
    assert identity == 7
    return entries


def videos(entries: list[tuple[str, float, float]]) -> str:
    return "".join(video for video, _, _ in entries)


def test_two_good_places_are_more_than_one_first() -> None:
    """a: 1/61; b: 1/62 + 1/63; c: 1/61; d: 1/62; e: 1/63."""
    assert videos(fused([("a",), ("b",), ("e",)], [("c",), ("d",), ("b",)], weights=(1, 1))) == "bacde"


def test_weights_and_the_constant() -> None:
    lists = [("a",), ("b",)], [("b",), ("c",), ("a",)]
    assert videos(fused(*lists, weights=(1, 1))) == "bac"
    assert videos(fused(*lists, weights=(9, 1))) == "abc"
    assert videos(fused([("a",)], [("b",), ("a",)], weights=(1, 2), k=0)) == "ab"  # 1 + 2/2 against 2: as listed


def test_a_video_stands_where_both_put_it_though_their_spans_differ() -> None:
    entries = fused([("a", 0, 10), ("v", 0, 10)], [("b", 0, 10), ("v", 50, 60)], weights=(1, 1))
    assert entries == [("v", 0, 10), ("a", 0, 10), ("b", 0, 10), ("v", 50, 60)]


def test_track_2_alone_has_a_video_once() -> None:
    entries = fused([("a", 0, 5), ("a", 5, 9)], [("a", 20, 25), ("b", 0, 1)], weights=(1, 1), tracks=(2,))
    assert videos(entries) == "ab"


def test_no_more_entries_than_the_edition_reads() -> None:
    lists = [[(f"{name}{number}",) for number in range(50)] for name in "ab"]
    assert len(fused(*lists, weights=(1, 1))) == 50


def test_a_file_of_weight_0_is_heard_where_it_is_alone() -> None:
    assert videos(fused([("a",)], [("b",)], weights=(1, 0))) == "a"
    assert videos(fused([], [("b",)], weights=(1, 0))) == "b"
    assert fused([("v", 1, 2)], [], weights=(0, 1), tracks=(1,)) == [("v", 1, 2)]


def test_track_1_averages_what_agrees() -> None:
    assert fused([("v", 0, 10)], [("v", 2, 12)], weights=(1, 1), tracks=(1,)) == [("v", 1, 11)]
    assert fused([("v", 0, 10)], [("v", 90, 92)], weights=(1, 2), tracks=(1,)) == [("v", 90, 92)]
    assert fused([], [], weights=(1, 2), tracks=(1,)) == []


TIMES = st.tuples(st.integers(0, 30), st.integers(1, 20))
ENTRY = st.tuples(st.sampled_from("abc"), TIMES).map(lambda drawn: (drawn[0], drawn[1][0], sum(drawn[1])))
LISTS = st.lists(ENTRY, max_size=12, unique=True)


@given(LISTS, LISTS)
def test_with_all_weight_on_one_file_its_list_comes_out(first: list[Any], second: list[Any]) -> None:
    if first:
        assert fused(first, second, weights=(2, 0)) == first


@given(st.lists(LISTS, min_size=2, max_size=4), st.integers(0, 3))
def test_every_video_of_any_file_is_there_and_every_span_is_one(lists: list[list[Any]], scale: int) -> None:
    weights = tuple(float(1 + scale * at) for at in range(len(lists)))
    entries = fused(*lists, weights=weights)
    assert {entry[0] for own in lists for entry in own} == {entry[0] for entry in entries}
    assert all(0 <= start < end for _, start, end in entries)
    assert entries == fused(*lists, weights=tuple(2 * weight for weight in weights))
