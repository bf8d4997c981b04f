"""The strict scores: as section 3.3 says, and the invariants it names."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cmivqa_kit.data.types import Track
from cmivqa_kit.editions import load_edition
from cmivqa_kit.scoring.official import score_official
from cmivqa_kit.scoring.strict import Strict, match, score_strict
from cmivqa_kit.scoring.truth import TruthFault
from tests.scoring import plainly
from tests.scoring.documents import Documents, dirty_cases, valid_cases

EDITION = load_edition("cmivqa-2023")


def strict_of(track: Track, predictions: Any, targets: Any, **options: Any) -> Strict:
    found = score_strict(track, predictions, targets, EDITION, **options)
    assert isinstance(found, Strict)
    return found


@settings(max_examples=500, deadline=None)
@given(dirty_cases(), st.sampled_from([None, (1, 10, 100), (2,)]))
def test_as_described_plainly(case: Documents, cutoffs: tuple[int, ...] | None) -> None:
    predictions, targets, track = case
    chosen = cutoffs or (1, 10, 50)
    metrics, counts = plainly.strict(track, predictions, targets, chosen, max(50, *chosen))
    found = strict_of(track, predictions, targets, cutoffs=cutoffs)
    assert found.metrics == metrics
    assert {**found.matching.counts, "invalid_entries": found.invalid_entries} == counts
    for language in {t["language_type"] for t in targets if isinstance(t.get("language_type"), str)}:
        part = [t for t in targets if t.get("language_type") == language]
        assert found.by_language[language] == plainly.strict(track, predictions, part, chosen, max(50, *chosen))[0]
    for name, values in found.per_question.items():
        assert values.shape == (len(targets),)
        assert np.isfinite(values).all()
        assert values.mean() == pytest.approx(found.metrics[name], rel=1e-9, abs=1e-12)


@settings(max_examples=200, deadline=None)
@given(dirty_cases())
def test_bounds_and_order(case: Documents) -> None:
    """What holds of any submission: cut-offs and thresholds only ever add or take."""
    predictions, targets, track = case
    metrics = strict_of(track, predictions, targets).metrics
    assert all(0 <= value <= (4 if name == "Overall" else 1) for name, value in metrics.items())
    for n in (1,) if track == 1 else (1, 10, 50) if track == 3 else ():
        assert metrics[f"R@{n},IoU=0.3"] >= metrics[f"R@{n},IoU=0.5"] >= metrics[f"R@{n},IoU=0.7"]
    if track == 3:
        assert metrics["R@1|mIoU"] <= metrics["R@10|mIoU"] <= metrics["R@50|mIoU"]
        assert metrics["R@1|mIoU"] <= metrics["R@1"]
    if track != 1:
        assert metrics["R@1"] <= metrics["R@10"] <= metrics["R@50"]
        assert metrics["R@1"] <= metrics["MRR"] <= metrics["R@50"]


@settings(max_examples=100, deadline=None)
@given(valid_cases())
def test_against_the_official_numbers_of_a_right_submission(case: Documents) -> None:
    """The invariants of section 3.3 for a complete submission with valid spans and unique ids."""
    predictions, targets, track = case
    strict = strict_of(track, predictions, targets).metrics
    official = score_official(track, predictions, targets).fractions
    close = {name: pytest.approx(value, rel=1e-12, abs=1e-15) for name, value in official.items()}
    if track == 2:
        assert (strict["R@1"], strict["R@50"]) == (official["R@1"], official["R@50"])
        assert strict["R@10"] >= official["R@10"]
        assert strict["MRR"] >= official["MRR"] * (1 - 1e-12)
    else:
        assert {name: strict[name] for name in close} == close


@settings(max_examples=100, deadline=None)
@given(dirty_cases(wild=False), st.randoms(use_true_random=False))
def test_neither_order_matters(case: Documents, chance: Any) -> None:
    predictions, targets, track = case
    plain = strict_of(track, predictions, targets)
    order = list(range(len(targets)))
    chance.shuffle(order)
    chance.shuffle(predictions)
    mixed = strict_of(track, predictions, [targets[i] for i in order])
    assert mixed.metrics == plain.metrics
    assert all((mixed.per_question[name] == plain.per_question[name][order]).all() for name in plain.metrics)


def test_refusals() -> None:
    target = {"id": 1, "video_id": "A", "start_second": 0, "end_second": 1}
    for predictions, targets, word in (
        ({}, [target], "submission_not_array"),
        (None, [target], "submission_not_array"),
        ({}, [], "ground_truth_empty"),  # the ground truth comes first
        ([], [{**target, "id": None}], "ground_truth_bad_id"),
    ):
        found = score_strict(2, predictions, targets, EDITION)
        assert isinstance(found, TruthFault)
        assert found.word == word


def test_ids_match_in_type_and_value() -> None:
    targets = [{"id": identity, "video_id": "A"} for identity in (1, "1", 0, 2**61)]
    items = [{"id": identity} for identity in (1.0, True, "1", False, None, [1], 2**61, "x", "x")]
    found = match([*items, 5, {}], targets)
    assert found.answers == ["missing", "given", "missing", "given"]
    assert found.items == [None, items[2], None, items[6]]
    assert found.counts == {"questions": 4, "answered": 2, "missing": 2, "duplicated": 0, "extra": 2, "malformed": 7}


def test_any_documents_are_matched() -> None:
    for document in (None, 5, "x", {"id": 1}, [None], [{"id": [1]}]):
        assert match(document, [{"id": 1}]).answers == ["missing"]
        assert match([{"id": 1}], document).counts["extra"] == 1


def test_what_answers_other_questions_is_not_extra() -> None:
    targets = [{"id": i, "video_id": "A"} for i in range(3)]
    rows = [{"id": i, "output": [["A"]]} for i in range(4)]
    found = strict_of(2, rows, targets[:1], all_targets=targets)
    assert (found.matching.counts["extra"], found.metrics["R@1"]) == (1, 1.0)


def test_the_entry_limit() -> None:
    target = [{"id": 1, "video_id": "A"}]
    row = [{"id": 1, "output": [[f"v{i}"] for i in range(60)] + [["A"]] + [[f"w{i}"] for i in range(60)] + [5]}]
    assert strict_of(2, row, target).metrics["MRR"] == 0
    found = strict_of(2, row, target, cutoffs=(1, 10, 100))  # raised to the largest cut-off
    assert (found.entries, found.metrics["R@100"], found.metrics["MRR"], found.invalid_entries) == (100, 1, 1 / 61, 0)
    assert strict_of(2, row, target, entries=200).invalid_entries == 1
    assert strict_of(2, row, target, entries=5).entries == 50  # never less than the largest cut-off


def test_every_language_is_its_own_even_if_there_are_many() -> None:
    targets = [{"id": i, "video_id": "A", "language_type": f"l{i}"} for i in range(300)]
    found = strict_of(2, [{"id": 7, "output": [["A"]]}], targets)
    assert len(found.by_language) == 300
    assert found.by_language["l7"]["Overall"] == 4
    assert found.by_language["l8"]["Overall"] == 0
