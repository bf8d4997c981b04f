"""Ranks and the runs that stand for a team."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmivqa_kit.leaderboard.board import PerTeam
from cmivqa_kit.leaderboard.ranking import ranks, standing_for

VALUES = st.lists(st.sampled_from([0.1, 0.25, 0.3, 0.30000000000000004, 1.0]), max_size=12)


class Run(NamedTuple):
    team: str
    value: float
    order: int


RUNS = st.lists(
    st.builds(Run, st.sampled_from("abc"), st.sampled_from([0.1, 0.2, 0.3]), st.integers(0, 99)),
    max_size=10, unique_by=lambda run: run.order,
)  # fmt: skip


def test_equal_values_share_a_rank_and_the_next_is_lower_for_each() -> None:
    assert ranks([0.3, 0.5, 0.5, 0.1]) == [3, 1, 1, 4]


@given(VALUES)
def test_a_rank_is_one_more_than_the_better_ones(values: list[float]) -> None:
    assert ranks(values) == [1 + sum(other > value for other in values) for value in values]


def chosen(runs: list[Run], per_team: PerTeam) -> list[Run]:
    return standing_for(runs, lambda run: run.team, lambda run: run.value, lambda run: run.order, per_team)


@given(RUNS)
def test_each_team_has_one_run_its_best_or_its_last(runs: list[Run]) -> None:
    best, last = chosen(runs, "best"), chosen(runs, "last")
    teams = Counter(run.team for run in runs)
    assert Counter(run.team for run in best) == Counter(run.team for run in last) == Counter(set(teams))
    for run in best:
        own = [other for other in runs if other.team == run.team]
        assert run == max(own, key=lambda other: (other.value, -other.order))
    for run in last:
        assert run.order == max(other.order for other in runs if other.team == run.team)
    assert chosen(runs, "all") == runs


@pytest.mark.parametrize("per_team", ["best", "last", "all"])
def test_no_runs_are_no_runs(per_team: PerTeam) -> None:
    assert chosen([], per_team) == []
