"""Ranking: the order of scores, ranks that equal scores share, and the runs that stand for a team."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Any, TypeVar

from cmivqa_kit.leaderboard.board import PerTeam

T = TypeVar("T")


def ranks(values: Sequence[float]) -> list[int]:
    """The rank of each value, from 1, the largest first; equal values share one, and the next is one lower for each.

    ``[0.3, 0.5, 0.5, 0.1]`` -> ``[3, 1, 1, 4]``. Values are compared as they are, not as they are shown.
    """
    first: dict[float, int] = {}
    for position, value in enumerate(sorted(values, reverse=True), 1):
        first.setdefault(value, position)
    return [first[value] for value in values]


def standing_for(
    runs: Sequence[T], team: Callable[[T], Hashable], value: Callable[[T], float], order: Callable[[T], Any],
    per_team: PerTeam,
) -> list[T]:  # fmt: skip
    """The runs that stand for their teams, in the order given.

    Args:
        runs: all that could be ranked.
        team: whose a run is.
        value: what ranks, more is better.
        order: when it was handed in.
        per_team: ``best``: the run with the best value, of equal ones the earliest; ``last``: the one handed in last;
            ``all``: all of them.
    """
    if per_team == "all":
        return list(runs)
    chosen: dict[Hashable, T] = {}
    for run in sorted(runs, key=order):
        known = chosen.get(team(run))
        if known is None or per_team == "last" or value(run) > value(known):
            chosen[team(run)] = run
    return [run for run in runs if chosen[team(run)] is run]
