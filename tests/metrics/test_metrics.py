"""Metrics as values: names, families, what an edition forms of them, and the numbers."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cmivqa_kit.data.types import TRACKS
from cmivqa_kit.editions import Combination, MetricRules, load_edition
from cmivqa_kit.editions.metrics import metrics_of, parse
from cmivqa_kit.errors import UserError
from cmivqa_kit.metrics import Metric, evaluate, means
from cmivqa_kit.metrics.base import FAMILIES, family
from cmivqa_kit.metrics.ranks_and_ious import ranks_and_ious

EDITION = load_edition("cmivqa-2023")
# Three questions: the video first, third, nowhere; the first with moments at 1, 4 and 20.
FACTS = ranks_and_ious([1, 3, 0], [0, 0, 0, 1], [1, 4, 20, 7], [0.25, 0.5, 1.0, 0.3])


def numbers(name: str) -> list[float]:
    metric = parse(name)
    return [round(value, 12) for value in evaluate([metric], FACTS)[name].tolist()]


def test_the_metrics_of_each_track_what_ranks_first() -> None:
    names = {track: [metric.name for metric in metrics_of(track, EDITION)] for track in TRACKS}
    assert names[1] == ["mIoU", "R@1,IoU=0.3", "R@1,IoU=0.5", "R@1,IoU=0.7"]
    assert names[2] == ["Overall", "R@1", "R@10", "R@50", "MRR"]
    assert names[3] == [
        "Average", "R@1|mIoU", "R@10|mIoU", "R@50|mIoU",
        *(f"R@{n},IoU={mu}" for n in (1, 10, 50) for mu in (0.3, 0.5, 0.7)),
        "R@1", "R@10", "R@50", "MRR", "Overall",
    ]  # fmt: skip
    other = [metric.name for metric in metrics_of(2, EDITION, (1, 10, 100))]
    assert other == ["Overall", "R@1", "R@10", "R@100", "MRR"]


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("R@1", [1, 0, 0]),
        ("R@3", [1, 1, 0]),
        ("MRR", [1, round(1 / 3, 12), 0]),
        ("R@1|mIoU", [0.25, 0, 0]),
        ("R@3|mIoU", [0.25, 0, 0]),
        ("R@4|mIoU", [0.5, 0, 0]),
        ("R@50|mIoU", [1, 0.3, 0]),
        ("R@10,IoU=0.5", [1, 0, 0]),  # not less than: exactly 0.5 counts
        ("R@10,IoU=0.3", [1, 1, 0]),
        ("R@10,IoU=0.51", [0, 0, 0]),
        ("mIoU", [0.25, 0, 0]),
        ("Overall", [4, round(0 + 1 + 1 + 1 / 3, 12), 0]),
        ("Average", [round((0.25 + 0.5 + 1) / 3, 12), round(0.6 / 3, 12), 0]),
    ],
)
def test_values(name: str, values: list[float]) -> None:
    assert numbers(name) == values


def test_a_metric_is_a_value() -> None:
    assert parse("R@5") == parse("R@5")
    assert parse("R@5") != parse("R@6")
    assert parse("R@5").title == "the right video is among the first 5"
    assert parse("Overall").title == "sum of R@1, R@10, R@50, MRR"
    assert parse("Overall") != parse("Overall", cutoffs=(1, 10, 100))
    assert len({parse("MRR"), parse("MRR"), parse("Average")}) == 2


@pytest.mark.parametrize(
    ("name", "part"),
    [("R@05", "Write it 'R@5'"), ("R@1,IoU=0.50", "Write it 'R@1,IoU=0.5'"), ("R@0", "unknown"),
     ("R@1,IoU=1.5", "unknown"), ("R@1,IoU=.5", "unknown"), ("Overal", "Did you mean 'Overall'?"), ("", "unknown"),
     ("R@" + "9" * 5000, "unknown")],
)  # fmt: skip
def test_names_that_no_metric_has(name: str, part: str) -> None:
    with pytest.raises(UserError) as caught:
        parse(name)
    assert part in str(caught.value)


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(sorted(FAMILIES)), st.integers(1, 10**6), st.floats(0.001, 1))
def test_every_member_is_found_by_its_name(template: str, n: int, mu: float) -> None:
    metric = FAMILIES[template].member(n, mu)
    assert parse(metric.name) == metric


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_means_are_exact_sums_over_all_questions(data: Any) -> None:
    count = data.draw(st.integers(1, 8))
    rank = data.draw(st.lists(st.integers(0, 60), min_size=count, max_size=count))
    moments = data.draw(
        st.lists(st.tuples(st.integers(0, count - 1), st.integers(1, 50), st.floats(0.01, 1)), max_size=9)
    )
    question, position, iou = zip(*moments, strict=True) if moments else ((), (), ())
    facts = ranks_and_ious(rank, question, position, iou)
    metrics = metrics_of(3, EDITION)
    values = evaluate(metrics, facts)
    found = means(metrics, values)
    assert list(found) == [metric.name for metric in metrics]
    for metric in metrics:
        column = values[metric.name]
        assert column.shape == (count,)
        assert column.dtype == np.float64
        assert found[metric.name] == pytest.approx(math.fsum(column.tolist()) / count, rel=1e-12)
        if not metric.parts:
            assert found[metric.name] == math.fsum(column.tolist()) / count
    assert found["Overall"] == found["R@1"] + found["R@10"] + found["R@50"] + found["MRR"]
    rows = np.flatnonzero(np.arange(count) % 2 == 0)
    assert means(metrics, values, rows) == means(metrics, {name: column[rows] for name, column in values.items()})


def test_adding_a_metric_is_one_function() -> None:
    @family("Found@{n}", "the right video is among the first {n} (as a count)", tracks=(2,), position=60)
    def found(facts: Any, n: int) -> Any:
        return facts.video_within(n)

    try:
        assert [m.name for m in metrics_of(2, EDITION)][-3:] == ["Found@1", "Found@10", "Found@50"]
        assert "Found@1" not in [m.name for m in metrics_of(3, EDITION)]
        assert evaluate([parse("Found@7")], FACTS)["Found@7"].tolist() == [1, 1, 0]
    finally:
        del FAMILIES["Found@{n}"]


def test_an_edition_forms_its_own() -> None:
    rules = MetricRules(
        thresholds=(0.25,),
        ranks=("R@1,IoU=0.25", "Both", "Mean"),
        combined={
            "Both": Combination(("R@1", "MRR")),
            "Mean": Combination(("R@{n},IoU=0.25", "R@{n}"), mean=True),
            "Third": Combination(("R@3",)),  # no cut-off here: formed nowhere
        },
    )
    edition = replace(EDITION, cutoffs=(1, 5), metrics=rules)
    assert [m.name for m in metrics_of(1, edition)] == ["R@1,IoU=0.25", "mIoU"]
    assert [m.name for m in metrics_of(2, edition)] == ["Both", "R@1", "R@5", "MRR"]
    mean = metrics_of(3, edition)[0]
    assert (mean.name, [part.name for part in mean.parts]) == (
        "Mean", ["R@1,IoU=0.25", "R@5,IoU=0.25", "R@1", "R@5"],
    )  # fmt: skip
    values = evaluate([mean], FACTS)["Mean"]
    assert values.tolist() == [1.0, 0.25, 0.0]
    assert means([mean], evaluate(metrics_of(3, edition), FACTS))["Mean"] == pytest.approx(1.25 / 3)


@pytest.mark.parametrize(
    ("rules", "part"),
    [
        (MetricRules(combined={"Overall": Combination(("R@{m}",))}), "Overall is formed of 'R@{m}'"),
        (MetricRules(combined={"Overall": Combination(("R@01",))}), "'R@01', which is no metric"),
        (MetricRules(ranks=("mIoU", "Score", "Average")), "ranked by 'Score'"),
    ],
)
def test_an_edition_that_makes_no_sense(rules: MetricRules, part: str) -> None:
    with pytest.raises(UserError) as caught:
        metrics_of(2, replace(EDITION, metrics=rules))
    assert part in caught.value.message


@pytest.mark.parametrize("cutoffs", [(), (0,), (1, -5), (True,), (1.0,), ("1",), (10**7,)])
def test_cutoffs_are_positive_integers(cutoffs: Any) -> None:
    with pytest.raises(UserError, match="not positive integers"):
        metrics_of(2, EDITION, cutoffs)


def test_cutoffs_are_sorted_and_single() -> None:
    assert metrics_of(2, EDITION, (10, 1, 10)) == metrics_of(2, EDITION, (1, 10))
    assert isinstance(metrics_of(2, EDITION)[0], Metric)
