"""A metric's unit, direction and bounds; what sums and means of metrics have."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmivqa_kit.data.types import TRACKS
from cmivqa_kit.editions import Combination, MetricRules, load_edition
from cmivqa_kit.editions.metrics import metrics_of, parse
from cmivqa_kit.errors import UserError
from cmivqa_kit.metrics import FRACTION, Scale
from cmivqa_kit.metrics.scale import combined_scale
from tests.metrics.boundary_error import NAME, SECONDS, boundary_error

EDITION = load_edition("cmivqa-2023")


def test_the_metrics_of_the_challenge_are_fractions() -> None:
    for track in TRACKS:
        for metric in metrics_of(track, EDITION):
            assert (metric.scale.unit, metric.scale.higher_is_better) == ("fraction", True)
            assert metric.scale.bounds == ((0.0, 4.0) if metric.name == "Overall" else (0.0, 1.0))
    assert parse("Overall", cutoffs=(1, 5)).scale.bounds == (0.0, 3.0)


def test_bounds_of_sums_and_means() -> None:
    low, open_above = Scale(bounds=(-1.0, 1.0)), Scale(bounds=(0.0, None))
    assert combined_scale([FRACTION, low], mean=False).bounds == (-1.0, 2.0)
    assert combined_scale([FRACTION, low], mean=True).bounds == (-0.5, 1.0)
    assert combined_scale([FRACTION, open_above], mean=False).bounds == (0.0, None)
    assert combined_scale([FRACTION, FRACTION, FRACTION], mean=True) == FRACTION
    for other in (Scale("seconds"), Scale(higher_is_better=False)):
        with pytest.raises(ValueError, match="cannot be added"):
            combined_scale([FRACTION, other], mean=True)


def test_an_edition_adds_no_seconds_to_fractions() -> None:
    with boundary_error():
        mixed = MetricRules(combined={"Odd": Combination(("mIoU", NAME)), "Twice": Combination((NAME, NAME))})
        with pytest.raises(UserError, match=r"Odd is formed of .* BoundaryError \(seconds, lower is better\)"):
            metrics_of(1, replace(EDITION, metrics=mixed))
        fine = MetricRules(combined={"Twice": Combination((NAME, NAME))}, ranks=("Twice", "MRR", "MRR"))
        assert metrics_of(1, replace(EDITION, metrics=fine))[0].scale == SECONDS
        assert parse(NAME).scale == SECONDS


def test_text_has_the_unit() -> None:
    assert FRACTION.text(0.25) == "0.2500"
    assert FRACTION.text(0.25, 2, signed=True) == "+0.25"
    assert FRACTION.text(2.5e6, 2) == "2.5e+06"
    assert FRACTION.text(math.nan) == "nan"
    assert SECONDS.text(2.5, 1) == "2.5 s"
    assert SECONDS.text(-2.5, 1, signed=True) == "-2.5 s"
    assert Scale("frames").text(3, 0) == "3 frames"
    assert SECONDS.to_dict() == {"unit": "seconds", "higher_is_better": False, "bounds": [0.0, None]}


@given(st.floats(-10, 10), st.one_of(st.none(), st.floats(-5, 0)), st.one_of(st.none(), st.floats(0, 5)))
def test_clamped_values_are_possible_and_the_nearest(value: float, low: float | None, high: float | None) -> None:
    scale = Scale(bounds=(low, high))
    found = scale.clamp(value)
    assert (low is None or found >= low) and (high is None or found <= high)
    assert found in (value, low, high)
    assert scale.clamp(found) == found


def test_a_difference_may_be_as_wide_as_the_bounds() -> None:
    assert Scale(bounds=(0.0, 4.0)).of_differences() == Scale(bounds=(-4.0, 4.0))
    assert SECONDS.of_differences() == Scale("seconds", False, (None, None))
    assert (FRACTION.gain(0.5), SECONDS.gain(0.5)) == (0.5, -0.5)
