"""Expected beside real IoU: groups, their error, and which answers are in them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmivqa_kit.diagnosis.calibration import Calibration, calibration_of
from tests.diagnosis.made import outcome

SHARE = st.floats(0, 1)


@given(st.lists(st.tuples(SHARE, SHARE), min_size=1, max_size=150))
def test_groups_are_of_equal_size_and_hold_every_answer(pairs: list[tuple[float, float]]) -> None:
    calibration = Calibration.of(pairs)
    assert calibration is not None
    sizes = [group.n for group in calibration.groups]
    assert sum(sizes) == calibration.questions == len(pairs)
    assert max(sizes) - min(sizes) <= 1
    assert len(sizes) == max(1, min(10, len(pairs) // 10))
    expected = [group.expected for group in calibration.groups]
    assert expected == pytest.approx(sorted(expected))
    mean = sum(group.n * group.real for group in calibration.groups) / len(pairs)
    assert calibration.real == pytest.approx(mean)
    assert abs(calibration.expected - calibration.real) <= calibration.error + 1e-9 <= 1 + 1e-8


@given(st.lists(SHARE, min_size=1, max_size=60))
def test_what_comes_as_expected_has_no_error(values: list[float]) -> None:
    calibration = Calibration.of([(value, value) for value in values])
    assert calibration is not None
    assert calibration.error == pytest.approx(0, abs=1e-12)


def test_the_first_answer_counts_and_a_wrong_video_is_worth_nothing() -> None:
    right, wrong = outcome(["A", 0, 5]), outcome(["B", 0, 5], ["A", 0, 10])
    calibration = calibration_of([right], {0: [0.4, 0.1]})
    assert calibration is not None
    assert (calibration.expected, calibration.real) == (0.4, 0.5)
    calibration = calibration_of([wrong], {0: [0.3, 0.9]})
    assert calibration is not None
    assert (calibration.expected, calibration.real) == (0.3, 0.0)
    assert calibration_of([right], {}) is None
    assert calibration_of([right], {0: [None]}) is None
