"""p-values against scipy.stats and against counting by hand."""

from __future__ import annotations

import itertools
import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats

from cmivqa_kit.scoring.statistics.randomization import ENUMERATED, PValue, randomization_test

Floats = NDArray[np.float64]


def by_scipy(sums: Floats, arrangements: float, seed: int = 0) -> float:
    """Paired test of cluster sums against nothing: exchanging the two sides changes the sign of a sum."""

    def difference(x: Floats, y: Floats, axis: int = -1) -> Floats:
        return np.asarray((x - y).sum(axis))

    found = stats.permutation_test(
        (sums, np.zeros_like(sums)), difference, permutation_type="samples", vectorized=True,
        n_resamples=arrangements, rng=seed,
    )  # fmt: skip
    return float(found.pvalue)


def by_hand(sums: list[float]) -> float:
    observed = abs(sum(sums))
    exchanged = [
        abs(sum(s * v for s, v in zip(p, sums, strict=True))) for p in itertools.product((1, -1), repeat=len(sums))
    ]
    return sum(value >= observed - 1e-9 for value in exchanged) / len(exchanged)


@pytest.mark.parametrize("clusters", [2, 5, 12])
def test_exact_as_scipy_and_by_hand(clusters: int) -> None:
    made = np.random.default_rng(clusters)
    values = made.normal(0.3, 1, 3 * clusters)
    names = [f"v{i % clusters:02}" for i in range(len(values))]
    sums = values.reshape(3, clusters).sum(axis=0)
    found = randomization_test({"m": values}, names)["m"]
    assert found.exact
    assert found.p == pytest.approx(by_scipy(sums, np.inf), abs=1e-12)
    assert found.p == pytest.approx(by_hand(sums.tolist()), abs=1e-12)


@pytest.mark.parametrize("effect", [0.0, 0.1, 0.25])
def test_drawn_as_scipy(effect: float) -> None:
    made = np.random.default_rng(9)
    sums = made.normal(effect, 1, 120)
    found = randomization_test({"m": np.repeat(sums / 2, 2)}, np.repeat(np.arange(120), 2).tolist())["m"]
    assert not found.exact
    wanted = by_scipy(sums, 20_000)
    assert found.p == pytest.approx(wanted, abs=5 * (wanted * (1 - wanted) / 10_000) ** 0.5 + 1e-3)


def test_drawn_and_counted_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    values = np.random.default_rng(1).choice([-1.0, 0.0, 1.0], 60, p=[0.2, 0.4, 0.4])
    names = [f"v{i % 15}" for i in range(60)]
    counted = randomization_test({"m": values}, names)["m"]
    monkeypatch.setattr("cmivqa_kit.scoring.statistics.randomization.ENUMERATED", 3)
    drawn = randomization_test({"m": values}, names)["m"]
    assert counted.exact and not drawn.exact
    assert drawn.p == pytest.approx(counted.p, abs=0.02)


def test_ties_of_hits_and_misses_count_whatever_their_order() -> None:
    """Sums of 0.1, 0.2, 0.3 that are equal on paper differ in their last digits; a tie must stay one."""
    rows = [0.1, 0.2, -0.3, 0.3, -0.2, -0.1, 0.1, 0.2]
    assert randomization_test({"m": rows}, list(range(8)))["m"].p == pytest.approx(by_hand(rows), abs=1e-12)
    tiny = [0.1 + 0.2, -0.3, 0.7 - 0.6, -0.1]
    assert randomization_test({"m": tiny}, ["a", "a", "b", "b"])["m"] == PValue(1.0, True)


def test_clusters_without_a_difference_change_nothing() -> None:
    values = [1.0, 0.5, 2.0, 1.0, 1.0, 3.0, 1.0]
    few = randomization_test({"m": values}, list(range(7)))["m"]
    many = randomization_test({"m": values + [0.0] * 200}, list(range(207)))["m"]
    assert few == many == PValue(2 / 2**7, True)


def test_few_stand_beside_many() -> None:
    values = np.random.default_rng(2).normal(0, 1, 100)
    few = np.where(np.arange(100) < ENUMERATED, values, 0.0)
    both = randomization_test({"many": values, "few": few}, list(range(100)))
    assert list(both) == ["many", "few"]
    assert both["few"].exact and not both["many"].exact
    assert both["many"] == randomization_test({"many": values}, list(range(100)))["many"]


def test_it_errs_as_rarely_as_it_says_and_questions_alone_do_not() -> None:
    """No difference but that of videos: exchanging single questions of a video finds one far too often."""
    made = np.random.default_rng(3)
    wrong = {True: 0, False: 0}
    for _ in range(300):
        values = np.repeat(made.normal(0, 1, 30), 4) + made.normal(0, 0.3, 120)
        videos = np.repeat(np.arange(30), 4).tolist()
        for by_video in wrong:
            found = randomization_test({"m": values}, videos if by_video else list(range(120)), arrangements=400)
            wrong[by_video] += found["m"].p <= 0.05
    assert wrong[True] / 300 <= 0.09
    assert wrong[False] / 300 > 0.2


DIFFERENCES = st.lists(st.tuples(st.floats(-4, 4), st.integers(0, 30)), max_size=60)


@given(DIFFERENCES, st.randoms(use_true_random=False))
@settings(max_examples=150, deadline=None)
def test_any_differences(rows: list[tuple[float, int]], shuffler: random.Random) -> None:
    def run(rows: list[tuple[float, int]], sign: float = 1.0) -> PValue:
        values = {"m": [sign * v for v, _ in rows]}
        return randomization_test(values, [name for _, name in rows], arrangements=40, seed=5)["m"]

    found = run(rows)
    assert 0 < found.p <= 1
    assert found == run(rows, sign=-1.0)
    shuffled = list(rows)
    shuffler.shuffle(shuffled)
    again = run(shuffled)
    assert again.p == pytest.approx(found.p, abs=1e-12)
    assert run([(0.0, name) for _, name in rows]) == PValue(1.0, True)


@pytest.mark.parametrize("bad", [{"arrangements": 0}, {"seed": -1}])
def test_settings_out_of_range(bad: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="want at least 1"):
        randomization_test({"m": [0.0, 1.0]}, ["a", "b"], **bad)
