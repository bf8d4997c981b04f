"""Limits of teams: counted by the day in China or in all, in the order of handing in."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from cmivqa_kit.editions import load_edition
from cmivqa_kit.editions.board import BoardRules
from cmivqa_kit.leaderboard.limits import over_limit
from cmivqa_kit.leaderboard.records import FiledEntry, Standing, State

DAILY, IN_ALL = BoardRules(1, "day"), BoardRules(2, "all")


def entry(run: int, received: str = "", team: str = "nsddd", standing: Standing = Standing.COMPETING,
          state: State = State.ACCEPTED) -> FiledEntry:  # fmt: skip
    when = datetime.fromisoformat(received) if received else None
    folder = Path("cmivqa-2023", team, f"run-{run}")
    return FiledEntry(folder, "cmivqa-2023", team, f"run-{run}", (), when, state, standing)


def runs(refused: dict[Path, str]) -> list[str]:
    return sorted(path.name for path in refused)


def test_a_day_is_one_in_china() -> None:
    # 23:30 and 00:30 of the next day in Shanghai are both on 20 May by UTC.
    two_days = [entry(1, "2023-05-20T15:30:00+00:00"), entry(2, "2023-05-20T16:30:00+00:00")]
    assert over_limit(two_days, DAILY) == {}
    one_day = [entry(1, "2023-05-20T16:30:00+00:00"), entry(2, "2023-05-21T23:30:00+08:00")]
    assert over_limit(one_day, DAILY) == {
        Path("cmivqa-2023/nsddd/run-2"): "over the limit: number 2 of its team on 2023-05-21, 1 a day are allowed"
    }


def test_the_order_is_that_of_the_times_and_not_of_the_runs() -> None:
    assert runs(over_limit([entry(1, "2024-06-02T10:00+08:00"), entry(2, "2024-06-02T09:00+08:00")], DAILY)) == [
        "run-1"
    ]


def test_without_times_runs_are_in_the_order_of_their_numbers_and_of_no_day() -> None:
    several = [entry(run) for run in (10, 2, 1)]
    assert over_limit(several, DAILY) == {}
    assert over_limit(several, IN_ALL) == {
        Path("cmivqa-2023/nsddd/run-10"): "over the limit: number 3 of its team, 2 in all are allowed"
    }


@pytest.mark.parametrize(
    "free",
    [
        {"state": State.REJECTED},
        {"standing": Standing.BASELINE},
        {"standing": Standing.LATE},
        {"team": "DSG1"},
    ],
)
def test_what_does_not_count(free: dict[str, object]) -> None:
    noon = "2023-05-20T12:00:00+08:00"
    assert over_limit([entry(1, "2023-05-20T11:00:00+08:00", **free), entry(2, noon)], DAILY) == {}  # type: ignore[arg-type]


def test_an_edition_without_a_limit_refuses_nothing() -> None:
    assert over_limit([entry(run, "2023-05-20T12:00:00+08:00") for run in range(9)], BoardRules()) == {}


def test_the_editions_limits() -> None:
    day = [entry(run, f"2023-05-20T1{run}:00:00+08:00") for run in range(5)]
    assert runs(over_limit(day, load_edition("cmivqa-2023").board)) == ["run-3", "run-4"]
    weeks = [entry(run, f"2024-06-0{run + 1}T12:00:00+08:00") for run in range(6)]
    assert runs(over_limit(weeks, load_edition("mmivqa-2024").board)) == ["run-5"]
