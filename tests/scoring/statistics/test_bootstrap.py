"""Intervals against scipy.stats on the same data, and what must hold for any data."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats

from cmivqa_kit.metrics.scale import Scale
from cmivqa_kit.scoring.statistics import draws
from cmivqa_kit.scoring.statistics.bootstrap import Interval, _quantile, bootstrap
from cmivqa_kit.scoring.statistics.clusters import group

Floats = NDArray[np.float64]
NEAR = 0.15  # standard errors: five times what two runs of 10,000 resamples differ by
PINNED = (0.46388396427619305, 0.5211107379082265, 0.014698566669058047)
PINNED_POISSON = (0.488725893, 0.515294259, 0.006694038)


def clustered(videos: int, seed: int) -> tuple[Floats, list[str]]:
    """Skewed values between 0 and 1, alike within a video, 1 to 5 questions each."""
    made = np.random.default_rng(seed)
    sizes = made.integers(1, 6, videos)
    values = np.repeat(made.beta(0.6, 1.5, videos), sizes) * made.uniform(0.6, 1.0, sizes.sum())
    names = [f"video{v:05}" for v, size in enumerate(sizes) for _ in range(size)]
    return values, names


def near(interval: Interval, low: float, high: float) -> None:
    assert interval.low is not None and interval.high is not None and interval.error
    assert abs(interval.low - low) < NEAR * interval.error
    assert abs(interval.high - high) < NEAR * interval.error


@pytest.mark.parametrize("questions", [60, 500, 1500])  # drawn as in the textbook, and by Poisson numbers above 1,000
def test_questions_as_scipy(questions: int) -> None:
    values = clustered(questions, 1)[0][:questions]
    wanted = stats.bootstrap((values,), np.mean, n_resamples=10_000, method="percentile", rng=4)
    found = bootstrap({"m": values}, None)["m"]
    near(found, *wanted.confidence_interval)
    assert found.error == pytest.approx(wanted.standard_error, rel=0.04)


@pytest.mark.parametrize("videos", [30, 200, 1200])
@pytest.mark.parametrize("level", [0.95, 0.8])
def test_clusters_as_scipy(videos: int, level: float) -> None:
    values, names = clustered(videos, 2)
    groups = group(names)
    sums, sizes = np.bincount(groups.of, weights=values), groups.sizes

    def ratio(sums: Floats, sizes: Floats, axis: int = -1) -> Floats:
        return np.asarray(sums.sum(axis) / sizes.sum(axis))

    wanted = stats.bootstrap(
        (sums, sizes), ratio, paired=True, vectorized=True, n_resamples=10_000, confidence_level=level,
        method="percentile", rng=5,
    )  # fmt: skip
    found = bootstrap({"m": values}, names, level=level)["m"]
    near(found, *wanted.confidence_interval)
    assert found.error == pytest.approx(wanted.standard_error, rel=0.04)
    assert found.level == level


def test_clusters_of_one_question_are_questions() -> None:
    values = clustered(40, 3)[0]
    names = [f"{i:04}" for i in range(len(values))]
    assert bootstrap({"m": values}, names) == bootstrap({"m": values}, None)


def test_both_ways_of_drawing_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    values, names = clustered(600, 4)
    textbook = bootstrap({"m": values}, names)["m"]
    monkeypatch.setattr(draws, "EXACT", 100)
    poisson = bootstrap({"m": values}, names)["m"]
    assert textbook != poisson
    assert textbook.low is not None and textbook.high is not None and textbook.error is not None
    near(poisson, textbook.low, textbook.high)
    assert poisson.error == pytest.approx(textbook.error, rel=0.03)


def test_it_holds_the_truth_as_often_as_it_says_and_questions_alone_do_not() -> None:
    made = np.random.default_rng(6)
    held = {True: 0, False: 0}
    for _ in range(300):
        quality = made.normal(0.5, 0.2, 40)
        values = np.repeat(quality, 5) + made.normal(0, 0.05, 200)
        names = np.repeat(np.arange(40), 5).tolist()
        for by_video in held:
            found = bootstrap({"m": values}, names if by_video else None, resamples=300)["m"]
            assert found.low is not None and found.high is not None
            held[by_video] += found.low <= 0.5 <= found.high
    assert 0.90 <= held[True] / 300 <= 0.98
    assert held[False] / 300 < 0.75


def test_the_same_digits_for_a_seed_always() -> None:
    """Pinned: a change here changes every published interval."""
    values = [(i * 37 % 101) / 100 for i in range(120)]
    found = bootstrap({"m": values}, [f"v{i % 23}" for i in range(120)], resamples=2000, seed=7)["m"]
    assert (found.low, found.high, found.error) == pytest.approx(PINNED, abs=1e-12)
    many = [(i * 37 % 1009) / 1000 for i in range(2000)]
    found = bootstrap({"m": many}, None, resamples=500, seed=7)["m"]
    assert (found.low, found.high, found.error) == pytest.approx(PINNED_POISSON, abs=1e-6)


def test_metrics_share_their_resamples_and_do_not_disturb_each_other() -> None:
    values, names = clustered(50, 8)
    alone = bootstrap({"m": values}, names)["m"]
    beside = bootstrap({"other": values**2, "m": values, "shifted": 1 - values}, names)
    assert beside["m"].low == pytest.approx(alone.low, abs=1e-12)
    assert beside["m"].error == pytest.approx(alone.error, abs=1e-12)
    assert beside["shifted"].low == pytest.approx(1 - (alone.high or 0), abs=1e-12)
    assert list(beside) == ["other", "m", "shifted"]


VALUES = st.lists(st.tuples(st.floats(0, 4), st.sampled_from("abcdefg")), min_size=1, max_size=40)


@given(VALUES, st.integers(0, 2**32), st.randoms(use_true_random=False))
@settings(max_examples=150, deadline=None)
def test_any_values(rows: list[tuple[float, str]], seed: int, shuffler: random.Random) -> None:
    def run(rows: list[tuple[float, str]]) -> Interval:
        return bootstrap({"m": [v for v, _ in rows]}, [name for _, name in rows], resamples=50, seed=seed)["m"]

    found = run(rows)
    assert found == run(rows)
    if len({name for _, name in rows}) == 1:
        assert (found.low, found.high, found.error) == (None, None, None)
        assert found.note.startswith("only one")
        return
    values = [v for v, _ in rows]
    assert found.low is not None and found.high is not None and found.error is not None
    assert min(values) - 1e-12 <= found.low <= found.high <= max(values) + 1e-12
    shuffled = list(rows)
    shuffler.shuffle(shuffled)
    again = run(shuffled)
    assert (again.low, again.high) == pytest.approx((found.low, found.high), abs=1e-12)
    if len(set(values)) == 1:
        assert found.low == found.high == values[0]
        assert found.note == "all questions have the same value"


def test_a_wider_level_is_a_wider_interval() -> None:
    values, names = clustered(80, 9)
    narrow, wide = (bootstrap({"m": values}, names, level=level)["m"] for level in (0.5, 0.99))
    assert narrow.low is not None and narrow.high is not None and wide.low is not None and wide.high is not None
    assert wide.low < narrow.low < float(values.mean()) < narrow.high < wide.high
    assert wide.error == narrow.error


def test_nothing_to_resample() -> None:
    assert bootstrap({"m": []}, [])["m"] == Interval(None, None, None, note="no questions")
    assert bootstrap({}, []) == {}
    assert bootstrap({"m": [0.5, 0.7]}, ["v", "v"])["m"].note == "only one cluster: nothing to resample"
    assert bootstrap({"m": [0.5, 0.7]}, ["v", "w"])["m"].note == "only 2 clusters: likely too narrow"
    assert bootstrap({"m": [0.5, 0.7]}, ["v", 1])["m"].low == 0.5
    assert bootstrap({"m": [0.5]}, ["v"])["m"].to_dict()["low"] is None


@pytest.mark.parametrize("bad", [{"level": 1.0}, {"level": 0.0}, {"resamples": 0}, {"seed": -1}])
def test_settings_out_of_range(bad: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="want 0 < level < 1"):
        bootstrap({"m": [0.0, 1.0]}, ["a", "b"], **bad)  # type: ignore[arg-type]


def test_values_that_do_not_fit() -> None:
    with pytest.raises(ValueError, match=r"m: 2 questions, but values of shape \(3,\)"):
        bootstrap({"m": [0.0, 1.0, 1.0]}, ["a", "b"])
    with pytest.raises(ValueError, match="n: not every value is finite"):
        bootstrap({"m": [0.0, 1.0], "n": [0.0, float("nan")]}, ["a", "b"])


@pytest.mark.parametrize("rows", [1, 2, 7, 1000])
@pytest.mark.parametrize("share", [0.0, 0.025, 0.5, 0.975, 1.0])
def test_quantiles_are_numpys(rows: int, share: float) -> None:
    drawn = np.random.default_rng(rows).normal(size=(rows, 3))
    assert _quantile(np.sort(drawn, axis=0), share) == pytest.approx(np.quantile(drawn, share, axis=0), abs=1e-12)


def test_intervals_keep_to_the_bounds_of_their_metric() -> None:
    made = np.random.default_rng(7)
    values = {"inside": made.uniform(0.2, 0.8, 60), "seconds": made.exponential(30.0, 60)}
    plain = bootstrap(values, None, 500)
    assert (
        bootstrap(values, None, 500, scales={"inside": Scale(), "seconds": Scale("seconds", False, (0, None))}) == plain
    )
    assert (plain["seconds"].high or 0) > 1  # nothing takes it for a fraction
    low, high = plain["inside"].low or 0, plain["inside"].high or 0
    tight = bootstrap(values, None, 500, scales={"inside": Scale(bounds=(low + 0.01, high - 0.01))})["inside"]
    assert (tight.low, tight.high, tight.error) == (low + 0.01, high - 0.01, plain["inside"].error)
