"""Metrics that are no plain means: against the plain path where it serves, and against definitions written out."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cmivqa_kit.metrics import Metric, Scale, means
from cmivqa_kit.metrics.reducer import MEDIAN
from cmivqa_kit.scoring.statistics.bootstrap import Resampling, bootstrap
from cmivqa_kit.scoring.statistics.clusters import group
from cmivqa_kit.scoring.statistics.paired import Settings, differences
from cmivqa_kit.scoring.statistics.reduced import Statistics, compared, intervals

MEAN_OF = Metric("mean", "mean")
OTHER = Metric("other", "mean over some of the queries")
MIDDLE = Metric("middle", "median rank", scale=Scale("ranks", False, (1.0, None)), reducer=MEDIAN)
TOTAL = Metric("total", "sum of both", parts=(MEAN_OF, OTHER), scale=Scale(bounds=(0.0, 2.0)))
FEW_DRAWS = Resampling(500, 7)


def some(seed: int, queries: int = 120, videos: int = 30) -> tuple[dict[str, np.ndarray], list[str]]:
    """Values of all metrics and the clusters."""
    drawn = np.random.default_rng(seed)
    other = drawn.random(queries)
    other[drawn.random(queries) < 0.4] = np.nan
    values = {"mean": drawn.random(queries), "other": other, "middle": drawn.integers(1, 9, queries).astype(float)}
    return values, [f"v{number:02}" for number in drawn.integers(0, videos, queries)]


def test_plain_means_have_the_usual_intervals() -> None:
    values, clusters = some(1)
    usual = bootstrap({"mean": values["mean"]}, clusters, 500, 7, scales={"mean": MEAN_OF.scale})["mean"]
    own = intervals([MEAN_OF], values, clusters, FEW_DRAWS)["mean"]
    assert (own.low, own.high, own.error) == pytest.approx((usual.low, usual.high, usual.error), abs=1e-12)


def test_plain_means_are_compared_as_usual() -> None:
    (a, clusters), (b, _) = some(1), some(2)
    chosen = Settings(resamples=500, seed=7)
    (usual,) = differences({"mean": a["mean"]}, {"mean": b["mean"]}, clusters, chosen)
    (own,) = compared([MEAN_OF], a, b, clusters, chosen)
    assert (own.p, own.wins, own.losses) == (usual.p, usual.wins, usual.losses)
    assert (own.a, own.b, own.difference) == pytest.approx((usual.a, usual.b, usual.difference))
    assert (own.interval.low, own.interval.high) == pytest.approx((usual.interval.low, usual.interval.high), abs=1e-12)


@given(st.integers(0, 10**6))
@settings(max_examples=25, deadline=None)
def test_a_resample_is_the_metric_of_the_repeated_queries(seed: int) -> None:
    values, clusters = some(seed, 40, 8)
    groups = group(clusters)
    weights = np.random.default_rng(seed).integers(0, 3, (4, groups.count)).astype(float)
    table = Statistics([TOTAL, MIDDLE, OTHER], values, groups).at(weights)
    for row, weight in zip(table, weights, strict=True):
        rows = np.repeat(np.arange(40), weight[groups.of].astype(int))
        if not len(rows) or np.isnan(values["other"][rows]).all():
            continue
        repeated = means([TOTAL, MIDDLE, OTHER], values, rows)
        assert row.tolist() == pytest.approx([repeated[name] for name in ("total", "middle", "other")])


def test_a_median_is_tested_by_all_exchanges() -> None:
    a = np.array([1.0, 5, 3, 4, 2])
    b = np.array([2.0, 9, 3, 8, 7])
    (found,) = compared([MIDDLE], {"middle": a}, {"middle": b}, list("abcde"), Settings(resamples=50))
    gaps = []
    for sides in product((False, True), repeat=5):
        gaps.append(np.median(np.where(sides, a, b)) - np.median(np.where(sides, b, a)))
    seen = abs(np.median(b) - np.median(a))
    assert found.exact
    assert found.p == np.mean(np.abs(gaps) >= seen)
    assert (found.wins, found.ties, found.losses) == (0, 1, 4)  # of ranks fewer are better


def test_many_clusters_are_exchanged_at_random() -> None:
    values, clusters = some(3)
    worse = {**values, "middle": values["middle"] + 3}
    (found,) = compared([MIDDLE], values, worse, clusters, Settings(resamples=200))
    assert not found.exact
    assert found.p == 1 / 201
    assert found.verdict == "worse"


def test_a_metric_about_no_query_has_no_interval() -> None:
    nothing = {"other": np.full(4, np.nan)}
    interval = intervals([OTHER], nothing, list("abcd"), FEW_DRAWS)["other"]
    assert (interval.low, interval.note) == (None, "no query that it is about")
    assert np.isnan(means([OTHER], nothing)["other"])


def test_resamples_without_any_query_have_no_interval() -> None:
    one_of_two = {"other": np.array([1.0, 0.0, np.nan, np.nan])}
    drawn = [intervals([OTHER], one_of_two, ["a", "a", "b", "b"], Resampling(1, seed))["other"] for seed in range(40)]
    assert {interval.note for interval in drawn} > {"no resample has a query that it is about"}
    assert all(interval.low is None for interval in drawn if interval.note.startswith("no resample"))


def test_one_cluster_has_no_interval() -> None:
    found = intervals([OTHER], {"other": np.array([0.0, 1.0])}, ["v", "v"], FEW_DRAWS)["other"]
    assert found.low is None
    assert "only one cluster" in found.note


def test_equal_values_are_no_certainty() -> None:
    found = intervals([OTHER], {"other": np.ones(3)}, list("abc"), FEW_DRAWS)["other"]
    assert (found.low, found.high, found.note) == (1.0, 1.0, "all questions have the same value")
