"""The decomposition: every lost point has one class, and the classes add up to 1 - Average."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings

from cmivqa_kit.diagnosis.classes import classes_of, classify, decompose, label, labels
from cmivqa_kit.diagnosis.outcomes import read_outcomes
from cmivqa_kit.scoring.strict import Strict, score_strict
from tests.diagnosis.made import CUTOFFS, EDITION, answer, others, outcome, target
from tests.scoring.documents import Documents, dirty_cases, valid_cases


@pytest.mark.parametrize(
    ("position", "best", "cutoff", "index"),
    [
        (None, 0.0, 1, 0),
        (2, 0.0, 1, 1),
        (11, 0.0, 10, 1),
        (10, 0.0, 10, 2),
        (1, 0.0, 1, 2),
        (1, 0.0999, 1, 2),
        (1, 0.1, 1, 3),
        (1, 0.99, 50, 3),
    ],
)
def test_classes(position: int | None, best: float, cutoff: int, index: int) -> None:
    assert classify(position, best, cutoff) == index


@settings(max_examples=300, deadline=None)
@given(dirty_cases() | valid_cases())
def test_classes_add_up_to_one_minus_the_average(case: Documents) -> None:
    predictions, targets, track = case
    if track == 2:
        return
    cutoffs = (1,) if track == 1 else CUTOFFS
    strict = score_strict(track, predictions, targets, EDITION)
    assert isinstance(strict, Strict)
    outcomes = read_outcomes(track, predictions, targets, cutoffs, 50)
    shares = decompose(outcomes, cutoffs)
    # As rational numbers: exactly.
    exact = [Fraction(0)] * 4
    for one in outcomes:
        for best, cutoff in zip(one.best, cutoffs, strict=True):
            exact[classify(one.position, best, cutoff)] += 1 - Fraction(best)
    cells = len(outcomes) * len(cutoffs)
    assert sum(exact) / cells == 1 - sum(Fraction(best) for one in outcomes for best in one.best) / cells
    for share, wanted in zip(shares, exact, strict=True):
        assert abs(Fraction(share.share) - wanted / cells) < Fraction(1, 10**15)
        assert sum(share.by_cutoff) / len(cutoffs) == pytest.approx(share.share, abs=1e-15)
        assert (share.questions > 0) == (share.share > 0)
    # And against the score card.
    headline = strict.metrics["mIoU" if track == 1 else "Average"]
    assert abs(sum(share.share for share in shares) - (1 - headline)) < 1e-12
    names = ["mIoU"] if track == 1 else [f"R@{k}|mIoU" for k in cutoffs]
    for c, name in enumerate(names):
        assert abs(sum(share.by_cutoff[c] for share in shares) - (1 - strict.metrics[name])) < 1e-12


def test_one_question_of_each_class() -> None:
    targets = [target(i) for i in range(5)]
    predictions = [
        answer(0, *others(50)),  # miss: 1 at every cut-off
        answer(1, *others(20), ["A", 0, 10]),  # low at 1 and 10, nothing at 50
        answer(2, ["A", 100, 110], *others(3)),  # wrong span: 1 at every cut-off
        answer(3, ["A", 0, 5]),  # boundary: a half at every cut-off
        answer(4, ["A", 0, 10]),
    ]
    outcomes = read_outcomes(3, predictions, targets, CUTOFFS, 50)
    shares = decompose(outcomes, CUTOFFS)
    assert [share.by_cutoff for share in shares] == [
        (0.2, 0.2, 0.2),
        (0.2, 0.2, 0.0),
        (0.2, 0.2, 0.2),
        (0.1, 0.1, 0.1),
    ]
    assert [share.share for share in shares] == pytest.approx([0.2, 0.4 / 3, 0.2, 0.1])
    assert [share.questions for share in shares] == [1, 1, 1, 1]
    keys = ["retrieval-miss", "ranked-low", "wrong-span", "hit", "hit"]
    assert labels(outcomes, CUTOFFS, classes_of(3)) == keys


@pytest.mark.parametrize(
    ("entries", "wanted"),
    [
        ([["A", 0, 5]], None),  # IoU of 0.5: just a hit
        ([["A", 0, 4.9]], 3),
        ([["B", 0, 1], ["A", 0, 10]], 1),  # loses at k = 1 only
        ([["A", 90, 99], ["A", 0, 4]], 3),  # wrong span takes 1, boundary 2 x 0.6
        ([["A", 90, 99], ["A", 0, 6]], 2),  # 1 against 2 x 0.4
        ([["A", 90, 99], ["A", 0, 5]], 2),  # 1 against 2 x 0.5: the first of the two
        ([["A", 5, 5], ["A", 0, 10]], 1),  # an entry without a span is no entry of the right video
        ([], 0),
        ([["A", 1, 0]], 0),
    ],
)
def test_labels(entries: list[list[Any]], wanted: int | None) -> None:
    assert label(outcome(*entries), CUTOFFS) == wanted


def test_a_hit_is_its_first_entry() -> None:
    assert label(outcome(["A", 50, 60], ["A", 0, 10]), CUTOFFS) == 2
    assert label(outcome(["B", 0, 10], ["A", 0, 10]), CUTOFFS) == 1
    assert label(outcome(["A"], ["A", 0, 10]), CUTOFFS) == 1


def test_track_1_calls_its_first_class_unanswered() -> None:
    assert [one.key for one in classes_of(1)] == ["unanswered", "ranked-low", "wrong-span", "boundary"]
    targets = [target(i) for i in range(4)]
    predictions = [
        {"id": 0, "start_second": 0, "end_second": 10},
        {"id": 1, "start_second": 5, "end_second": 5},
        {"id": 2, "start_second": 0, "end_second": 4},
    ]
    outcomes = read_outcomes(1, predictions, targets, (1,), 50)
    assert [share.share for share in decompose(outcomes, (1,))] == pytest.approx([0.5, 0, 0, 0.15])
    assert labels(outcomes, (1,), classes_of(1)) == ["hit", "unanswered", "boundary", "unanswered"]
