"""A training as it is shown: steps, dev evaluations, the best of them."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from rich.progress import Progress

from cmivqa_kit.cli.training_view import score_line, training_view
from cmivqa_kit.data.types import Split
from cmivqa_kit.runs.directory import EXAMPLES, OUTCOME, RunDirectory
from tests.cli.running import cmivqa_here as cmivqa
from tests.prediction.fake import Fake, install
from tests.submission.small import root_2023


def shown(**options: Any) -> str:
    """What is shown of two steps with an evaluation after each."""
    stream = io.StringIO()
    with training_view(Console(file=stream, width=100, **options), True) as view:
        for step, value in ((1, 0.25), (2, 0.125)):
            view.step(step, 2, 0.5)
            view.dev.question(1, 4)
            view.dev.evaluation(step, {"mIoU": value, "R@1": 0.0}, step == 1)
    return stream.getvalue()


def test_every_evaluation_has_a_line() -> None:
    lines = ["  step 1, dev: mIoU 0.2500, the best so far", "  step 2, dev: mIoU 0.1250"]
    assert shown().splitlines() == ["  step 1 of 2, loss 0.5000", lines[0], "  step 2 of 2, loss 0.5000", lines[1]]
    on_terminal = shown(force_terminal=True, color_system=None)
    assert all(line.strip() in on_terminal for line in lines)


def test_the_bar_says_what_is_going_on(monkeypatch: pytest.MonkeyPatch) -> None:
    shown_texts: list[str] = []
    update = Progress.update

    def recorded(self: Progress, job: Any, **changes: Any) -> None:
        shown_texts.append(changes["description"])
        update(self, job, **changes)

    monkeypatch.setattr(Progress, "update", recorded)
    shown(force_terminal=True)
    assert shown_texts == ["loss 0.5000", "loss 0.5000, dev question 1 of 4", "loss 0.5000"] * 2


def test_a_line_names_the_metric_that_decides() -> None:
    assert score_line(7, {"Average": 0.5, "Overall": 3.0}, False) == "  step 7, dev: Average 0.5000"


def test_nothing_is_shown_beside_json() -> None:
    stream = io.StringIO()
    with training_view(Console(file=stream), False) as view:
        view.step(1, 2, 0.5)
        view.dev.evaluation(1, {"mIoU": 0.5}, True)
    assert stream.getvalue() == ""


@pytest.fixture
def learns(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A baseline that leaves out an example, draws from the others, and keeps an outcome."""
    install(monkeypatch, tmp_path)

    def fit(self: Fake, train: Split, dev: Split | None, run: RunDirectory) -> None:
        run.write(EXAMPLES, {"used": 3, "usable": 4, "dropped": {"too-long": 1}})
        run.write(OUTCOME, {"steps": 8, "best_step": 6, "best": 0.5, "loss": 1.0, "metric": "mIoU"})

    monkeypatch.setattr(Fake, "fit", fit)
    root_2023(tmp_path / "data")


@pytest.mark.usefixtures("learns")
def test_what_was_used_and_the_best_score_are_said(tmp_path: Path) -> None:
    text = cmivqa("train", "-m", "fake", "--data", "data", cwd=tmp_path).stdout.decode()
    assert (
        "Fitted fake (recipe kit: not the published baseline) on 3 of 4 examples of data (1 dropped: 1 too-long)"
        in text
    )
    assert "  best on dev: mIoU 0.5000 at step 6 of 8; these weights answer\n" in text
    document = json.loads(cmivqa("train", "-m", "fake", "--data", "data", "--format", "json", cwd=tmp_path).stdout)
    assert (document["examples"], document["usable"], document["steps"]) == (3, 4, 8)
    assert document["dev"] == {"metric": "mIoU", "value": 0.5, "step": 6}


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (("-m", "bm25"), "-m bm25 differs (fake)"),
        (("--seed", "7"), "--seed 7 differs (0)"),
        (("--preset", "small"), "--preset small differs (none)"),
        (("--recipe", "published"), "--recipe published differs (kit)"),
        (("--set", "index.k1=2.0", "--seed", "0"), "--set index.k1=2.0 differs (1.5)"),
        (("--split", "dev", "--run", "other"), "--split dev differs (train); --run other differs (runs)"),
    ],
)
def test_resume_names_the_flags_that_differ(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    flags: tuple[str, ...],
    said: str,
) -> None:
    install(monkeypatch, tmp_path)
    root_2023(tmp_path / "data")

    def stop(*arguments: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Fake, "fit", stop)
        assert cmivqa("train", "-m", "fake", "--data", "data", cwd=tmp_path).returncode == 130
    refused = cmivqa("train", "--resume", "runs/fake-1", *flags, "--data", "data", cwd=tmp_path)
    assert refused.returncode == 2
    assert f"Error: --resume goes on with the settings of the run; {said}\n" in refused.stderr.decode()
    as_begun = ("-m", "fake", "--recipe", "kit", "--seed", "0", "--max-dropped", "0.5", "--run", "runs")
    done = cmivqa("train", "--resume", "runs/fake-1", *as_begun, "--data", "data", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "no state was saved before it was stopped, so it starts again" in caplog.text
