"""Why official and strict differ: every differing question has its causes, and only those that make it differ."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cmivqa_kit.data.types import Track
from cmivqa_kit.editions import Combination, MetricRules, load_edition
from cmivqa_kit.scoring.differences import causes, comparable, differences
from cmivqa_kit.scoring.official import Official, OfficialCrash, score_official
from cmivqa_kit.scoring.quirks import DIFFERENCES
from cmivqa_kit.scoring.strict import Strict, score_strict
from tests.scoring.documents import Documents, dirty_cases, valid_cases

EDITION = load_edition("cmivqa-2023")
NAN = float("nan")
TARGET = {"id": 1, "video_id": "A", "start_second": 0, "end_second": 10}
# What can be the reason on each track.
POSSIBLE = {
    1: {"Q10", "Q18", "Q37", "Q40", "Q41", "rounding"},
    2: {"Q10", "Q12", "Q18", "Q60", "Q61", "Q63", "Q65"},
    3: {"Q10", "Q18", "Q37", "Q40", "Q41", "rounding"},
}


def both(track: Track, predictions: Any, targets: Any, **options: Any) -> tuple[Official, Strict]:
    strict = score_strict(track, predictions, targets, EDITION, **options)
    assert isinstance(strict, Strict)
    return score_official(track, predictions, targets), strict


def codes(track: Track, predictions: Any, targets: Any = (TARGET,), **options: Any) -> list[str]:
    official, strict = both(track, predictions, list(targets), **options)
    return [found.code for found in differences(list(targets), official, strict)]


@settings(max_examples=600, deadline=None)
@given(dirty_cases(wild=False), st.sampled_from([None, None, (1, 10, 100)]))
def test_wherever_they_differ_there_is_a_cause(case: Documents, cutoffs: tuple[int, ...] | None) -> None:
    predictions, targets, track = case
    try:
        official, strict = both(track, predictions, targets, cutoffs=cutoffs)
    except OfficialCrash:
        return
    found = differences(targets, official, strict)
    names = [name for name in comparable(official, strict) if name != "Overall"]
    differs = {name: official.per_question[name] != strict.per_question[name] for name in names}
    each = [[name for name in names if differs[name][index]] for index in range(len(targets))]
    assert {code for one in found for code in [one.code]} <= POSSIBLE[track]
    for index, there in enumerate(each):
        named = [one for one in found if targets[index]["id"] in one.ids]  # at most five questions: all are listed
        assert bool(named) == bool(there)
        assert set(there) <= {name for one in named for name in one.metrics}
        if there:
            assert [one.code for one in found if one in named] and causes(targets[index], index, official, strict)
    for one in found:
        assert one.questions == len(one.ids) > 0
        assert set(one.metrics) - {"Overall"} <= {name for name in names if differs[name].any()}
        assert ("Overall" in one.metrics) == (track == 2 and cutoffs is None)
    # Where nothing differs on any question, the numbers agree but for rounding.
    if not found:
        for name in comparable(official, strict):
            assert official.fractions[name] == pytest.approx(strict.metrics[name], rel=1e-9, abs=1e-12)


@settings(max_examples=100, deadline=None)
@given(valid_cases())
def test_a_right_submission_differs_by_repeated_videos_only(case: Documents) -> None:
    predictions, targets, track = case
    assert set(codes(track, predictions, targets)) <= ({"Q61"} if track == 2 else set())


def test_a_span_cause_each() -> None:
    cases: list[tuple[Any, Any, list[str]]] = [
        (NAN, NAN, ["Q37"]), (NAN, 5, ["Q37"]), (5, NAN, ["Q37"]), (-5, 5, ["Q40"]), (False, True, ["Q41"]),
        (-1, True, ["Q40", "Q41"]), (0, 5, []), (5, 5, []), (5, 2, []), (-5, -1, []), (0, float("inf"), []),
        (True, False, []), (20, NAN, []),
    ]  # fmt: skip
    for start, end, wanted in cases:
        assert codes(1, [{"id": 1, "start_second": start, "end_second": end}]) == wanted
        assert codes(3, [{"id": 1, "output": [["A", start, end]]}]) == wanted
        assert codes(3, [{"id": 1, "output": [["B", start, end]]}]) == []


def test_huge_times_beside_floats() -> None:
    """Python rounds an integer beyond 2^53 beside a float: the official overlap can exceed 1."""
    target = {**TARGET, "start_second": 2**60 + 1, "end_second": 2**60 + 383}
    times = 2.0**60, 2**60 + 383
    official, strict = both(3, [{"id": 1, "output": [["A", *times]]}], [target])
    assert official.metrics["Average"] > 1
    assert strict.metrics["Average"] == 1
    assert codes(3, [{"id": 1, "output": [["A", *times]]}], [target]) == ["rounding"]
    assert codes(1, [{"id": 1, "start_second": times[0], "end_second": times[1]}], [target]) == ["rounding"]


def test_only_the_entries_that_make_the_difference() -> None:
    best = ["A", 0, 10]
    assert codes(3, [{"id": 1, "output": [best, ["A", -5, 5]]}]) == []  # nothing is won by it
    assert codes(3, [{"id": 1, "output": [["A", -5, 5], best]}]) == ["Q40"]
    assert codes(3, [{"id": 1, "output": [["A", 0, 5], ["A", -1, 5], ["A", NAN, NAN]]}]) == ["Q37"]


@pytest.mark.parametrize(
    ("output", "wanted"),
    [
        ([["B"], ["B"], ["A"]], ["Q61"]),
        ([["B"], ["A"], ["A"]], []),
        (["A"], ["Q63"]),
        (["A rest", ["B"], ["A"]], ["Q63"]),
        ("A", ["Q65"]),
        ("BA", ["Q65"]),
        ("B", []),
        ([["B"]] * 50 + [["A"]], []),
        ([5 * ["B"], ["A"]], []),
    ],
)
def test_a_list_cause_each(output: Any, wanted: list[str]) -> None:
    assert codes(2, [{"id": 1, "output": output}]) == wanted


def test_entries_past_fifty() -> None:
    row = [{"id": 1, "output": [["B"]] * 55 + [["A"]]}]
    assert codes(2, row) == []
    assert codes(2, row, cutoffs=(1, 10, 100)) == ["Q60", "Q61"]
    (first, _) = differences([TARGET], *both(2, row, [TARGET], cutoffs=(1, 10, 100)))
    assert first.why == "the official program reads the first 50 entries, strict the first 100"
    assert first.metrics == ("R@10", "MRR")  # Overall means something else at other cut-offs


@pytest.mark.parametrize("track", [1, 2, 3])
def test_which_answer_is_taken(track: Track) -> None:
    item = {"id": 1, "start_second": 0, "end_second": 5, "output": [["A", 0, 5]]}
    missing = ["Q12"] if track == 2 else []
    assert codes(track, [item, item]) == ["Q10"]
    assert codes(track, [{**item, "id": 1.0}]) == ["Q18"]
    assert codes(track, [{**item, "id": True}]) == ["Q18"]
    assert codes(track, [{**item, "start_second": 8, "output": [["B", 0, 1]]}, {**item, "id": True}]) == ["Q18"]
    others = [TARGET, {**TARGET, "id": 2}]
    assert codes(track, [item], others) == missing


def test_what_json_does_not_have() -> None:
    """Plain Python objects can hold more than a file; the cause is said all the same."""

    official, strict = both(1, [{**TARGET, "id": 1}], [TARGET])
    strict.per_question["mIoU"][:] = 0.5
    assert causes(TARGET, 0, official, strict) == ["other"]


def test_the_order_and_the_first_five() -> None:
    targets = [{**TARGET, "id": i} for i in range(20)]
    rows = [{"id": i, "output": [["B"], ["B"], ["A"]]} for i in range(8)] + [{"id": 9, "output": [["A"]]}] * 2
    found = differences(targets, *both(2, rows, targets))
    assert [(one.code, one.questions, one.ids) for one in found] == [
        ("Q12", 11, (8, 10, 11, 12, 13)), ("Q61", 8, (0, 1, 2, 3, 4)), ("Q10", 1, (9,)),
    ]  # fmt: skip
    assert [one.metrics for one in found] == [
        ("Overall", "MRR"), ("Overall", "MRR"), ("Overall", "R@1", "R@10", "R@50", "MRR"),
    ]  # fmt: skip
    assert found[0].to_dict()["ids"] == [8, 10, 11, 12, 13]
    assert all(one.why == DIFFERENCES[one.code] for one in found)


def test_what_means_the_same() -> None:
    rows = [{"id": 1, "output": [["A", 0, 5]]}]
    assert comparable(*both(2, rows, [TARGET])) == ("Overall", "R@1", "R@10", "R@50", "MRR")
    assert comparable(*both(2, rows, [TARGET], cutoffs=(1, 5))) == ("R@1", "MRR")
    assert comparable(*both(3, rows, [TARGET], cutoffs=(1, 10, 100))) == ("R@1|mIoU", "R@10|mIoU")
    average = MetricRules(combined={**MetricRules().combined, "Overall": Combination(("R@{n}", "MRR"), mean=True)})
    strict = score_strict(2, rows, [TARGET], replace(EDITION, metrics=average))
    assert isinstance(strict, Strict)
    assert "Overall" not in comparable(score_official(2, rows, [TARGET]), strict)
    assert not np.isnan(strict.metrics["Overall"])
