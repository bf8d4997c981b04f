"""The repaired numbers: what is left when everything the program stops at is taken out."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings

from cmivqa_kit.scoring.ids import key
from cmivqa_kit.scoring.official import OfficialCrash, score_official
from cmivqa_kit.scoring.repaired import repair
from tests.scoring.documents import Documents, dirty_cases

TARGETS: list[Any] = [{"id": i, "video_id": "A", "start_second": 0, "end_second": 10} for i in range(4)]


@settings(max_examples=400, deadline=None)
@given(dirty_cases())
def test_as_described_step_by_step(case: Documents) -> None:
    """Section 3.2, with the official program itself asked about every question alone."""
    predictions, targets, track = case
    items = [item for item in predictions if isinstance(item, dict) and "id" in item]
    gone = []
    for target in targets:
        last = [item for item in items if item["id"] == target["id"]][-1:]
        try:
            score_official(track, last, [target])
        except OfficialCrash:
            gone += [target["id"]] if last else []
    left = [item for item in items if not any(item["id"] == identity for identity in gone)]
    try:
        wanted = score_official(track, left, targets).metrics
    except OfficialCrash:
        assert track == 2
        wanted = dict.fromkeys(["R@1", "R@10", "R@50", "MRR", "Overall"], 0.0)
    found = repair(track, predictions, targets)
    assert found is not None
    assert found.metrics == wanted
    assert found.dropped_items == len(predictions) - len(items)
    assert found.dropped_questions == len({key(identity) for identity in gone})
    assert found.fractions == {name: value / (100 if track == 1 else 1) for name, value in wanted.items()}


@pytest.mark.parametrize(
    ("predictions", "r1"),
    [({"id": 1, "output": [["A", 0, 10]]}, 0.25), ({}, 0.0), ([], 0.0), ({"output": []}, None), ("", None), ("x", None),
     (None, None), (5, None), (True, None)],
)  # fmt: skip
def test_top_levels(predictions: Any, r1: float | None) -> None:
    found = repair(2, predictions, TARGETS)
    assert (found.metrics["R@1"] if found else None) == r1


@pytest.mark.parametrize(
    ("targets", "tracks"),
    [([], ()), ({}, ()), (None, ()), ([None], ()), ([{}], ()), ([{"id": 1}], ()), ([{"id": 1, "video_id": None}], (2,)),
     ([{"id": 1, "start_second": 0, "end_second": 1}], (1,)), ([{**TARGETS[0], "end_second": "5"}], (2,)),
     ([{**TARGETS[0], "end_second": True}], (2,)), (TARGETS, (1, 2, 3))],
)  # fmt: skip
def test_answers_that_can_be_used(targets: Any, tracks: tuple[int, ...]) -> None:
    for track in (1, 2, 3):
        assert (repair(track, [], targets) is not None) == (track in tracks)  # type: ignore[arg-type]


def test_duplicates_fall_with_the_last_one() -> None:
    right = {"id": 0, "output": [["A", 0, 10]]}
    found = repair(3, [right, {"id": 0.0, "output": []}, {"id": 1, "output": [["A", 0, 5]]}], TARGETS)
    assert found is not None
    assert (found.metrics["Average"], found.dropped_questions) == (0.125, 1)
