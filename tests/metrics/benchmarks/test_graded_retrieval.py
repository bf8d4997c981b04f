"""Measures of trec_eval; the expected numbers are those of pytrec_eval, its C code."""

from __future__ import annotations

import pytest

from cmivqa_kit.metrics.benchmarks.graded_retrieval import METRICS, graded_values, trec_order

TWELVE = {f"v{i:02}": i for i in range(12)}


@pytest.mark.parametrize(
    ("grades", "scores", "wanted"),
    [
        (
            {"a": 2, "b": 0, "c": 1, "d": 3},
            {"a": 0.5, "b": 0.5, "c": 0.5, "x": 0.9},
            [0.3333333333333333, 0.6666666666666666, 0.6666666666666666, 0.4, 0.2, 0.3133823808702839],
        ),
        ({"a": 1, "b": -1}, {"b": 0.9, "a": 0.1}, [0.5, 1.0, 1.0, 0.2, 0.1, 0.6309297535714575]),
        ({"a": 0}, {"a": 1.0}, [0.0] * 6),
        (
            {name: i % 3 for name, i in TWELVE.items()},
            {name: 1 / (1 + (i * 7) % 12) for name, i in TWELVE.items()},
            [0.6285037878787879, 0.375, 0.75, 0.6, 0.6, 0.6856627004902932],
        ),
        ({"a": 1}, {}, [0.0] * 6),
    ],
)
def test_numbers_of_trec_eval(grades: dict[str, int], scores: dict[str, float], wanted: list[float]) -> None:
    found = graded_values(trec_order(scores), grades)
    assert list(found) == [metric.name for metric in METRICS]
    assert list(found.values()) == pytest.approx(wanted, abs=1e-12)


def test_equal_scores_are_ordered_by_id_from_behind() -> None:
    assert trec_order({"a": 1.0, "c": 1.0, "b": 1.0, "z": 0.5}) == ["c", "b", "a", "z"]


def test_scores_are_compared_in_float32() -> None:
    assert trec_order({"a": 0.1 + 1e-10, "b": 0.1}) == ["b", "a"]
    assert trec_order({"a": 1e300, "b": 1e200}) == ["b", "a"]  # both infinite
