"""Figures that were published on benchmarks: the kit's own file is sound, mistakes in a file are listed."""

from __future__ import annotations

import pytest

from cmivqa_kit.bench.contract.registry import benchmark_names, find_benchmark
from cmivqa_kit.bench.report.published import all_figures, named_figures, read_figures
from cmivqa_kit.errors import UserError


def test_the_kit_s_own_figures_are_of_splits_that_there_are() -> None:
    figures = all_figures()
    assert figures
    for figure in figures:
        assert figure.benchmark in benchmark_names()
        assert figure.split in find_benchmark(figure.benchmark).splits
        assert figure.source


def test_figures_by_the_name_of_a_system() -> None:
    figures = named_figures("nrccr", "vatex-en2cn")
    assert {figure.metric: figure.value for figure in figures}["SumR"] == 3.665
    with pytest.raises(UserError, match="Did you mean 'nrccr'"):
        named_figures("nrcr", "vatex-en2cn")


def test_every_mistake_is_listed() -> None:
    document = {
        "benchmark": [
            {"name": "x", "system": "s", "split": {"test": {"mIoU": "0.5", "R@1": float("nan")}}},
            {"name": "x", "system": "s", "source": "paper", "speed": 3, "split": []},
            7,
        ]
    }
    figures, problems = read_figures(document)
    assert not figures
    assert [problem.location for problem in problems] == [
        "benchmark 1.source", "benchmark 1.split.test.mIoU", "benchmark 1.split.test.R@1",
        "benchmark 2.speed", "benchmark 2", "benchmark 3",
    ]  # fmt: skip


def test_a_doubtful_figure_is_no_fact() -> None:
    document = {
        "benchmark": [
            {"name": "x", "system": "s", "source": "p", "split": {"test": {"mIoU": {"value": 0.4, "doubt": "a slip"}}}}
        ]
    }
    (figure,), _ = read_figures(document)
    assert figure.to_dict()["value"] is None
    assert figure.to_dict()["doubt"] == "a slip"
