"""Every command that the program prints as a next step succeeds in the state the user is in.

The states: with and without torch, in a workspace and outside, each baseline trained or not. In each, commands are
typed; then what they printed, and what that printed. Submissions: `tests.cli.test_promised_steps_of_submissions`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.cli.command_server import CommandServer
from tests.cli.printed_steps import Step
from tests.data.corpora import cmivqa_2023, mmivqa_2024

FIRST = (
    "cmivqa config", "cmivqa train", "cmivqa predict", "cmivqa baselines", "cmivqa data check", "cmivqa init",
    "cmivqa sample", "cmivqa validate submission.json", "cmivqa score submission.json", "cmivqa data split",
    "cmivqa diagnose submission.json", "cmivqa compare a.json b.json", "cmivqa train -m prior",
    "cmivqa train --resume runs/x", "cmivqa train -m mutualsl", "cmivqa predict -m mutualsl",
)  # fmt: skip
PREDICTIONS = (
    "cmivqa predict", "cmivqa predict --split testA", "cmivqa predict --split dev", "cmivqa predict --split train",
    *(f"cmivqa predict --split testA --track {track}" for track in (1, 2, 3)), "cmivqa predict --split testA --dry-run",
)  # fmt: skip


@pytest.fixture(scope="module", params=[False, True], ids=["without torch", "with torch"])
def server(few_videos: Path, request: pytest.FixtureRequest) -> Iterator[CommandServer]:
    with CommandServer(request.param, few_videos) as started:
        yield started


def test_outside_of_a_workspace(type_all: Callable[..., list[Step]], state: Path) -> None:
    type_all(*FIRST, least=20)


def test_in_an_empty_workspace(type_all: Callable[..., list[Step]], server: CommandServer, state: Path) -> None:
    assert server.run("cmivqa init", state).code == 0
    type_all(*FIRST[:-1], least=20)


@pytest.mark.parametrize("downloads", [cmivqa_2023, mmivqa_2024], ids=["2023", "2024"])
def test_from_downloads(type_all: Callable[..., list[Step]], state: Path, downloads: Callable[[Path], Path]) -> None:
    downloads(state / "my downloads")
    type_all("cmivqa init --from 'my downloads' -m bm25", "cmivqa data check --data 'my downloads'", least=8)


@pytest.mark.parametrize("baseline", ["prior", "bm25", "hybrid", "ccgs", "mutualsl"])
def test_with_a_trained_run(
    type_all: Callable[..., list[Step]], server: CommandServer, state: Path, baseline: str
) -> None:
    trained = server.run(f"cmivqa train -m {baseline}", state)
    assert trained.code == (0 if server.torch or baseline in ("prior", "bm25", "hybrid") else 2), trained.text
    again = (f"cmivqa train --resume runs/{baseline}-1", f"cmivqa predict -m {baseline}", f"cmivqa train -m {baseline}")
    type_all(*PREDICTIONS, *again, least=6)


def test_a_second_run_beside_a_first_submission(
    type_all: Callable[..., list[Step]], server: CommandServer, state: Path
) -> None:
    for command in ("cmivqa train -m prior", "cmivqa predict --track 1", "cmivqa init"):
        assert server.run(command, state).code == 0
    type_all("cmivqa train -m bm25", "cmivqa train -m prior --seed 3", "cmivqa config", least=8)
