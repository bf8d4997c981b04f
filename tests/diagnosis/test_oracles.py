"""The two bounds: the identity with the classes, and that they are bounds."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from cmivqa_kit.diagnosis.classes import decompose
from cmivqa_kit.diagnosis.oracles import oracles
from cmivqa_kit.diagnosis.outcomes import read_outcomes
from tests.diagnosis.made import CUTOFFS, answer, others, target
from tests.scoring.documents import Documents, dirty_cases, valid_cases


@settings(max_examples=300, deadline=None)
@given(dirty_cases() | valid_cases())
def test_identity_and_bounds(case: Documents) -> None:
    predictions, targets, track = case
    if track != 3:
        return
    outcomes = read_outcomes(3, predictions, targets, CUTOFFS, 50)
    shares = decompose(outcomes, CUTOFFS)
    span, video = oracles(outcomes, CUTOFFS)
    # What perfect spans leave is exactly what retrieval costs.
    assert 1 - span.average == pytest.approx(shares[0].share + shares[1].share, abs=1e-12)
    for c in range(3):
        assert 1 - span.values[c] == pytest.approx(shares[0].by_cutoff[c] + shares[1].by_cutoff[c], abs=1e-12)
        own = sum(one.best[c] for one in outcomes) / len(outcomes)
        assert own <= span.values[c] + 1e-12 and own <= video.values[c] + 1e-12
    assert video.values[2] == pytest.approx(sum(one.best[2] for one in outcomes) / len(outcomes))
    assert video.values == tuple(sorted(video.values)) and span.values == tuple(sorted(span.values))


def test_by_hand() -> None:
    targets = [target(0), target(1), target(2)]
    predictions = [
        answer(0, *others(9), ["A", 90, 99], ["A", 0, 5]),  # p = 10; alone: 0 at 1, a half at 10 and 50
        answer(1, ["A", 0, 10]),
        answer(2, *others(50)),
    ]
    span, video = oracles(read_outcomes(3, predictions, targets, CUTOFFS, 50), CUTOFFS)
    assert span.values == pytest.approx((1 / 3, 2 / 3, 2 / 3))
    assert span.average == pytest.approx(5 / 9)
    assert video.values == pytest.approx((1 / 3, 0.5, 0.5))
    assert video.average == pytest.approx(4 / 9)
    assert "0 for the 1 of 3 questions" in video.note and f"{2 / 3:.4f} over the others" in video.note


def test_notes_at_both_ends() -> None:
    here = oracles(read_outcomes(3, [answer(0, ["A", 0, 10])], [target(0)], CUTOFFS, 50), CUTOFFS)
    assert here[1].note == "the right video is in every list"
    nowhere = oracles(read_outcomes(3, [], [target(0)], CUTOFFS, 50), CUTOFFS)
    assert nowhere[1].note == "0 for the 1 of 1 questions whose right video is not in the list"
    assert nowhere[0].average == nowhere[1].average == 0
