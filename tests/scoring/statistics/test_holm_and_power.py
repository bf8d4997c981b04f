"""Holm's correction against its definition, standard errors and the detectable difference against simulation."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmivqa_kit.scoring.statistics.bootstrap import bootstrap
from cmivqa_kit.scoring.statistics.holm import holm
from cmivqa_kit.scoring.statistics.power import detectable, standard_errors
from cmivqa_kit.scoring.statistics.randomization import randomization_test


def rejected(p_values: list[float], alpha: float) -> set[int]:
    """The procedure as Holm gives it: go on from the smallest while p <= alpha / (what is left)."""
    out: set[int] = set()
    for rank, index in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        if p_values[index] > alpha / (len(p_values) - rank):
            break
        out.add(index)
    return out


def test_the_example_of_the_textbooks() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.5, 0.6]) == [1.0, 1.0]
    assert holm([]) == []


@given(st.lists(st.integers(1, 1000).map(lambda n: n / 1000), max_size=12), st.sampled_from([0.01, 0.05, 0.1, 0.3]))
def test_holm_is_holm(p_values: list[float], alpha: float) -> None:
    adjusted = holm(p_values)
    wanted = rejected(p_values, alpha)
    # Both sides of a limit that is met exactly are right up to rounding.
    assert {i for i, p in enumerate(adjusted) if p <= alpha - 1e-12} <= wanted
    assert wanted <= {i for i, p in enumerate(adjusted) if p <= alpha + 1e-12}
    assert all(before <= after <= 1 for before, after in zip(p_values, adjusted, strict=True))


def test_standard_error_of_single_questions_is_the_usual_one() -> None:
    values = np.random.default_rng(1).random(80)
    found = standard_errors({"m": values}, list(range(80)))["m"]
    assert found == pytest.approx(values.std(ddof=1) / np.sqrt(80))


def test_clustered_standard_error_is_that_of_the_bootstrap() -> None:
    made = np.random.default_rng(2)
    sizes = made.integers(1, 9, 300)
    values = np.repeat(made.random(300), sizes)
    names = np.repeat(np.arange(300), sizes).tolist()
    found = standard_errors({"m": values}, names)["m"]
    assert found == pytest.approx(bootstrap({"m": values}, names)["m"].error, rel=0.03)
    assert found is not None and found > 1.5 * values.std() / np.sqrt(len(values))
    assert standard_errors({"m": [0.1, 0.3]}, ["v", "v"]) == {"m": None}


def test_detectable_difference() -> None:
    assert detectable(0.01) == pytest.approx(0.0280, abs=1e-4)  # the 2.8 standard errors of the textbooks
    assert detectable(0.01, alpha=0.01) == pytest.approx(0.0342, abs=1e-4)
    assert detectable(0.0) is None
    assert detectable(None) is None


def test_a_difference_of_that_size_is_found_four_times_in_five() -> None:
    made = np.random.default_rng(3)
    error = 0.5 / np.sqrt(60)
    size = detectable(error)
    assert size is not None
    found = 0
    for _ in range(250):
        values = made.normal(size, 0.5, 60)
        found += randomization_test({"m": values}, list(range(60)), arrangements=400)["m"].p <= 0.05
    assert 0.72 < found / 250 < 0.88
