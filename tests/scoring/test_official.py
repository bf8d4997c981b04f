"""Properties of the official numbers. The numbers themselves are compared in tests/golden."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cmivqa_kit.data.types import TRACKS, Track
from cmivqa_kit.scoring.official import OfficialCrash, score_official
from tests.scoring import plainly
from tests.scoring.documents import Documents, dirty_cases, json_values, valid_cases


def outcome(call: Any) -> Any:
    """Numbers (bit for bit, so as text), or the exception's name."""
    try:
        return {name: repr(value) for name, value in call().items()}
    except OfficialCrash as crash:
        return crash.exception
    except (LookupError, TypeError, ValueError, ArithmeticError) as error:
        return type(error).__name__


@settings(max_examples=600, deadline=None)
@given(dirty_cases())
def test_as_the_program_described_plainly(case: Documents) -> None:
    """A dictionary and a quick look at lists change nothing against a scan of everything, entry by entry."""
    predictions, targets, track = case
    wanted = outcome(lambda: plainly.official(track, predictions, targets))
    assert outcome(lambda: score_official(track, predictions, targets).metrics) == wanted


@settings(max_examples=300, deadline=None)
@given(json_values, json_values, st.sampled_from(TRACKS))
def test_any_document_as_described_plainly(predictions: Any, targets: Any, track: Track) -> None:
    with np.errstate(all="ignore"):
        wanted = outcome(lambda: plainly.official(track, predictions, targets))
    assert outcome(lambda: score_official(track, predictions, targets).metrics) == wanted


@settings(max_examples=100, deadline=None)
@given(valid_cases())
def test_fractions_and_cutoffs(case: Documents) -> None:
    predictions, targets, track = case
    result = score_official(track, predictions, targets)
    metrics = result.metrics
    if track == 1:
        assert 100 >= metrics["R@1,IoU=0.3"] >= metrics["R@1,IoU=0.5"] >= metrics["R@1,IoU=0.7"] >= 0
        assert 0 <= metrics["mIoU"] <= 100
        assert result.fractions["mIoU"] == metrics["mIoU"] / 100
    elif track == 2:
        assert 0 <= metrics["R@1"] <= metrics["MRR"] <= 1
        assert metrics["R@1"] <= metrics["R@10"] <= metrics["R@50"] <= 1
        assert metrics["Overall"] == metrics["R@1"] + metrics["R@10"] + metrics["R@50"] + metrics["MRR"]
    else:
        assert 0 <= metrics["R@1|mIoU"] <= metrics["R@10|mIoU"] <= metrics["R@50|mIoU"] <= 1
        assert result.fractions == metrics
    assert result.used == predictions
    for name, values in result.per_question.items():
        assert values.shape == (len(targets),)
        assert ((values >= 0) & (values <= 1)).all()
        assert values.mean() == pytest.approx(result.fractions[name])
    assert set(result.per_question) == set(metrics) - {"Overall"}


@settings(max_examples=100, deadline=None)
@given(valid_cases(), st.randoms(use_true_random=False))
def test_the_order_of_predictions_is_irrelevant(case: Documents, chance: Any) -> None:
    predictions, targets, track = case
    shuffled = [*predictions, {"id": "unknown"}, {"id": None}, {"id": [1]}, {"id": float("nan")}]
    chance.shuffle(shuffled)
    assert score_official(track, shuffled, targets).metrics == score_official(track, predictions, targets).metrics


@settings(max_examples=100, deadline=None)
@given(valid_cases(), st.data())
def test_the_last_of_two_answers_counts(case: Documents, data: Any) -> None:
    predictions, targets, track = case
    earlier = [{"id": data.draw(st.sampled_from(predictions))["id"], "broken": True} for _ in range(3)]
    both, plain = (score_official(track, rows, targets) for rows in ([*earlier, *predictions], predictions))
    assert (both.metrics, both.used) == (plain.metrics, plain.used)


@settings(max_examples=50, deadline=None)
@given(valid_cases())
def test_the_right_answer_scores_one(case: Documents) -> None:
    _, targets, track = case
    right = [{**t, "output": [[t["video_id"], t["start_second"], t["end_second"]]]} for t in targets]
    metrics = score_official(track, right, targets).metrics
    best = {1: 100.0, 2: 1.0, 3: 1.0}[track]
    assert all(value == pytest.approx(4.0 if name == "Overall" else best) for name, value in metrics.items())


def test_a_crash_names_its_question() -> None:
    targets = [{"id": f"q{i}", "video_id": "A", "start_second": 0, "end_second": 1} for i in range(3)]
    right: list[Any] = [{"id": t["id"], "output": [["A", 0, 1]]} for t in targets]
    right[1]["output"] = []
    with pytest.raises(OfficialCrash) as caught:
        score_official(3, right, targets)
    assert (caught.value.exception, caught.value.target_index, caught.value.question_id) == ("ValueError", 1, "q1")


def test_the_first_crash_of_a_list_counts() -> None:
    """The quick look reads the videos first; the exception is still that of the program's order."""
    target = {"id": 1, "video_id": "A", "start_second": 0, "end_second": 1}
    item = {"id": 1, "output": [["A", 0, 10**400], None]}
    with pytest.raises(OfficialCrash) as caught:
        score_official(3, [item], [target])
    assert caught.value.exception == "OverflowError"


def test_an_unanswered_question_is_left_out_of_the_mrr() -> None:
    targets = [{"id": i, "video_id": "A"} for i in range(4)]
    result = score_official(2, [{"id": 2, "output": [["A"]]}], targets)
    assert result.metrics == {"R@1": 0.25, "R@10": 0.25, "R@50": 0.25, "MRR": 1.0, "Overall": 1.75}
    np.testing.assert_array_equal(result.per_question["MRR"], [np.nan, np.nan, 1.0, np.nan])
    assert [item is not None for item in result.used] == [False, False, True, False]


def test_scoring_imports_no_model_code() -> None:
    heavy = {"torch", "jsonschema", "rich", "click", "scipy", "pandas"}
    for module, other in (("cmivqa_kit.scoring.api", set()), ("cmivqa_kit.scoring", {"numpy"})):
        code = f"import sys, {module}; print(sorted({heavy | other} & set(sys.modules)))"
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        assert done.stdout.strip() == "[]"
