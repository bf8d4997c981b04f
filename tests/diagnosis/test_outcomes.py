"""What becomes of a question is what strict scoring says of it."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from cmivqa_kit.diagnosis.outcomes import GIVEN, read_outcomes
from cmivqa_kit.scoring.strict import Strict, score_strict
from tests.diagnosis.made import CUTOFFS, EDITION, answer, others, outcome, target
from tests.scoring.documents import Documents, dirty_cases, valid_cases


@settings(max_examples=300, deadline=None)
@given(dirty_cases() | valid_cases(), st.sampled_from([CUTOFFS, (2, 7), (1, 60)]))
def test_values_are_those_of_the_strict_score(case: Documents, chosen: tuple[int, ...]) -> None:
    predictions, targets, track = case
    if track == 2:
        return
    cutoffs = (1,) if track == 1 else chosen
    limit = max(50, *cutoffs)
    strict = score_strict(track, predictions, targets, EDITION, cutoffs, limit)
    assert isinstance(strict, Strict)
    outcomes = read_outcomes(track, predictions, targets, cutoffs, limit)
    for c, k in enumerate(cutoffs):
        values = strict.per_question["mIoU" if track == 1 else f"R@{k}|mIoU"]
        assert [one.best[c] for one in outcomes] == values.tolist()
    assert [one.answer for one in outcomes] == strict.matching.answers
    read = sum(one.read - len(one.entries) for one in outcomes)
    assert read == strict.invalid_entries


@settings(max_examples=200, deadline=None)
@given(dirty_cases())
def test_the_position_is_that_of_the_first_valid_entry(case: Documents) -> None:
    predictions, targets, track = case
    if track != 3:
        return
    strict = score_strict(track, predictions, targets, EDITION)
    assert isinstance(strict, Strict)
    outcomes = read_outcomes(3, predictions, targets, CUTOFFS, 50)
    for one, rank in zip(outcomes, strict.facts.rank.tolist(), strict=True):
        # Malformed entries and repeated videos apart, the rank of the video is never below its place.
        assert one.position is None or 0 < rank <= one.position
        assert one.within(50) == (one.position is not None)
        assert not one.within(1) or one.position == 1
        if one.position is None:
            assert one.best == (0.0, 0.0, 0.0)


def test_a_question_read_by_hand() -> None:
    one = outcome(["B", 0, 5], ["A", 50, 60], ["A"], ["A", 0, 5], ["A", 0, 9], *others(60))
    assert (one.position, one.read, len(one.entries)) == (2, 50, 49)
    assert one.overlaps == ((2, 0.0), (4, 0.5), (5, 0.9))
    assert one.best == (0.0, 0.9, 0.9)
    assert one.score == 0.6


def test_answers_that_do_not_count() -> None:
    targets = [target(0), target(1), target("1")]
    predictions = [answer(1, ["A", 0, 10]), answer(1, ["A", 0, 10]), answer("0", ["A", 0, 10])]
    found = read_outcomes(3, predictions, targets, CUTOFFS, 50)
    assert [one.answer for one in found] == ["missing", "duplicated", "missing"]
    assert all(one.position is None and one.read == 0 for one in found)


def test_track_1_is_a_list_of_one() -> None:
    targets = [target(0), {"id": 1, "start_second": 0, "end_second": 10}]
    predictions = [{"id": 0, "start_second": 5, "end_second": 10}, {"id": 1, "start_second": 0, "end_second": 10}]
    first, second = read_outcomes(1, predictions, targets, (1,), 50)
    assert first.entries == ((1, "A", 5, 10),) and first.best == (0.5,)
    assert second.video == GIVEN and second.best == (1.0,) and second.position == 1
