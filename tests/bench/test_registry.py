"""Benchmarks: the kit's own by the name of their module, others by entry point."""

from __future__ import annotations

from importlib.metadata import EntryPoint

import pytest

from cmivqa_kit.bench.contract import registry
from cmivqa_kit.bench.contract.registry import benchmark_names, create_evaluator, find_benchmark, own_names
from cmivqa_kit.errors import UserError


@pytest.mark.parametrize("name", own_names())
def test_a_benchmark_is_called_like_its_module(name: str) -> None:
    benchmark = find_benchmark(name)
    assert benchmark.name == name
    assert benchmark.splits and benchmark.title and benchmark.task and benchmark.truth and benchmark.prediction
    assert hasattr(create_evaluator(benchmark), "evaluate")


def test_an_unknown_name_is_offered_the_nearest() -> None:
    with pytest.raises(UserError, match="Did you mean 'vatex-en2cn'"):
        find_benchmark("vatex")


def test_benchmarks_of_others(monkeypatch: pytest.MonkeyPatch) -> None:
    def points(group: str) -> list[EntryPoint]:
        made = {
            "theirs": "cmivqa_kit.bench.vatex_en2cn:BENCHMARK",
            "none": "cmivqa_kit.errors:closest",
            "broken": "no.such:thing",
        }
        return [EntryPoint(name, value, group) for name, value in made.items()]

    monkeypatch.setattr(registry, "entry_points", points)
    assert benchmark_names()[-3:] == ("broken", "none", "theirs")
    assert find_benchmark("theirs").name == "vatex-en2cn"
    with pytest.raises(UserError, match="not a Benchmark"):
        find_benchmark("none")
    with pytest.raises(UserError, match="cannot be loaded"):
        find_benchmark("broken")
