"""Properties of the official numbers. The numbers themselves are compared in tests/golden."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cmivqa_kit.data.types import TRACKS, Track
from cmivqa_kit.scoring.official import OfficialCrash, score_official

VIDEOS = ("A", "B", "C")
span = st.tuples(st.floats(0, 100), st.floats(0.25, 50)).map(lambda pair: (pair[0], pair[0] + pair[1]))
entry = st.tuples(st.sampled_from(VIDEOS), span).map(lambda pair: [pair[0], *pair[1]])


@st.composite
def valid_cases(draw: st.DrawFn) -> tuple[list[Any], list[Any], Track]:
    """A complete and valid submission, its targets and a track."""
    count = draw(st.integers(1, 6))
    track = draw(st.sampled_from(TRACKS))
    targets, predictions = [], []
    for i in range(count):
        start, end = draw(span)
        targets.append({"id": i, "video_id": draw(st.sampled_from(VIDEOS)), "start_second": start, "end_second": end})
        if track == 1:
            start, end = draw(span)
            predictions.append({"id": i, "start_second": start, "end_second": end})
        else:
            # Long lists, so that all three cut-offs differ: a few drawn entries repeated.
            drawn = draw(st.lists(entry, min_size=1, max_size=5))
            predictions.append({"id": i, "output": drawn * draw(st.integers(1, 15))})
    return predictions, targets, track


@settings(max_examples=300, deadline=None)
@given(valid_cases())
def test_fractions_and_cutoffs(case: tuple[list[Any], list[Any], Track]) -> None:
    predictions, targets, track = case
    result = score_official(track, predictions, targets)
    metrics = result.metrics
    if track == 1:
        assert 100 >= metrics["R@1,IoU=0.3"] >= metrics["R@1,IoU=0.5"] >= metrics["R@1,IoU=0.7"] >= 0
        assert 0 <= metrics["mIoU"] <= 100
    elif track == 2:
        assert 0 <= metrics["R@1"] <= metrics["MRR"] <= 1
        assert metrics["R@1"] <= metrics["R@10"] <= metrics["R@50"] <= 1
        assert metrics["Overall"] == metrics["R@1"] + metrics["R@10"] + metrics["R@50"] + metrics["MRR"]
    else:
        assert 0 <= metrics["R@1|mIoU"] <= metrics["R@10|mIoU"] <= metrics["R@50|mIoU"] <= 1
    assert result.answered == [True] * len(targets)
    for values in result.per_question.values():
        assert len(values) == len(targets)
        assert all(value is not None and 0 <= value <= 1 for value in values)
    assert set(result.per_question) == set(metrics) - {"Overall"}


@settings(max_examples=150, deadline=None)
@given(valid_cases(), st.randoms(use_true_random=False))
def test_the_order_of_predictions_is_irrelevant(case: tuple[list[Any], list[Any], Track], chance: Any) -> None:
    predictions, targets, track = case
    shuffled = [*predictions, {"id": "unknown"}, {"id": None}, {"id": [1]}, {"id": float("nan")}]
    chance.shuffle(shuffled)
    assert score_official(track, shuffled, targets).metrics == score_official(track, predictions, targets).metrics


@settings(max_examples=150, deadline=None)
@given(valid_cases(), st.data())
def test_the_last_of_two_answers_counts(case: tuple[list[Any], list[Any], Track], data: Any) -> None:
    predictions, targets, track = case
    earlier = [{"id": data.draw(st.sampled_from(predictions))["id"], "broken": True} for _ in range(3)]
    assert score_official(track, [*earlier, *predictions], targets) == score_official(track, predictions, targets)


@settings(max_examples=100, deadline=None)
@given(valid_cases())
def test_the_right_answer_scores_one(case: tuple[list[Any], list[Any], Track]) -> None:
    _, targets, track = case
    right = [{**t, "output": [[t["video_id"], t["start_second"], t["end_second"]]]} for t in targets]
    metrics = score_official(track, right, targets).metrics
    best = {1: 100.0, 2: 1.0, 3: 1.0}[track]
    assert all(value == pytest.approx(4.0 if name == "Overall" else best) for name, value in metrics.items())


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 12) | st.floats() | st.sampled_from(["A", "", "AB", 10**400]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["id", "video_id", "output", "start_second", "end_second", 0]), inner, max_size=5
        )
    ),
    max_leaves=12,
)


@settings(max_examples=600, deadline=None)
@given(json_values, json_values, st.sampled_from(TRACKS))
def test_any_document_gives_numbers_or_a_crash(predictions: Any, targets: Any, track: Track) -> None:
    try:
        result = score_official(track, predictions, targets)
    except OfficialCrash as crash:
        assert isinstance(crash.target_index, int | None)
        assert crash.exception.endswith("Error")
    else:
        assert all(isinstance(value, float) for value in result.metrics.values())


@pytest.mark.parametrize(
    ("given_id", "asked", "matches"),
    [(1, 1.0, True), (True, 1, True), (1, "1", False), ([1], [1], True), ({"a": 1}, {"a": 1}, True), (None, None, True),
     (2**53 + 1, float(2**53), False), (float("nan"), float("nan"), False), ([1], 1, False), (1, [1], False)],
)  # fmt: skip
def test_ids_are_compared_as_python_compares(given_id: Any, asked: Any, matches: bool) -> None:
    target = {"id": asked, "video_id": "A", "start_second": 0, "end_second": 10}
    prediction = {"id": given_id, "start_second": 0, "end_second": 10}
    assert score_official(1, [prediction], [target]).metrics["mIoU"] == (100.0 if matches else 0.0)


def test_one_nan_is_not_itself() -> None:
    nan = float("nan")  # Python's reader hands out one object for every NaN
    target = {"id": nan, "video_id": "A", "start_second": 0, "end_second": 10}
    assert score_official(1, [{**target}], [target]).metrics["mIoU"] == 0.0


def test_a_crash_names_its_question() -> None:
    targets = [{"id": f"q{i}", "video_id": "A", "start_second": 0, "end_second": 1} for i in range(3)]
    right = [{"id": t["id"], "output": [["A", 0, 1]]} for t in targets]
    right[1]["output"] = []
    with pytest.raises(OfficialCrash) as caught:
        score_official(3, right, targets)
    assert (caught.value.exception, caught.value.target_index, caught.value.question_id) == ("ValueError", 1, "q1")


def test_an_unanswered_question_is_none_in_the_mrr() -> None:
    targets = [{"id": i, "video_id": "A"} for i in range(4)]
    result = score_official(2, [{"id": 2, "output": [["A"]]}], targets)
    assert result.metrics == {"R@1": 0.25, "R@10": 0.25, "R@50": 0.25, "MRR": 1.0, "Overall": 1.75}
    assert result.per_question["MRR"] == [None, None, 1.0, None]
    assert result.answered == [False, False, True, False]


def test_scoring_imports_no_model_code() -> None:
    heavy = {"torch", "jsonschema", "rich", "click"}
    code = f"import sys, cmivqa_kit.scoring.files; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
