"""The kit's loop on records that are no questions of a split: fitted, planned, resumed, chosen by a measure of its own.

As a published benchmark is: it has its own reader, its own training, validation and test splits, its own measure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import torch
from torch import nn

from cmivqa_kit.errors import UserError
from cmivqa_kit.neural.settings import SystemSettings, TrainSettings
from cmivqa_kit.neural.weights import load_weights
from cmivqa_kit.plugin.settings import settings as settings_of
from cmivqa_kit.runs.directory import RunDirectory, open_run, start_run
from cmivqa_kit.runs.processes import Group
from cmivqa_kit.training.trained import DevEvaluation, Training
from cmivqa_kit.training.unfinished_run import finished, learning
from tests.training.rival_toy import Record, RivalToy, records
from tests.training.tiny_system import DECLARATION

ALL = records(20)
SPLITS: Mapping[str, tuple[Record, ...]] = {"train": ALL[:12], "validation": ALL[12:16], "test": ALL[16:]}


@dataclass(frozen=True, slots=True)
class RecordSettings(SystemSettings):
    declaration = DECLARATION
    train: TrainSettings


def closeness(model: nn.Module, split: tuple[Record, ...]) -> Mapping[str, float]:
    """The benchmark's own measure: how close the guesses of a split are."""
    assert isinstance(model, nn.ModuleDict)
    guesses = model["head"](model["encoder"](torch.tensor([record.source for record in split])))
    return {
        "closeness": -float((guesses[:, 0] - torch.tensor([record.target for record in split])).abs().mean().detach())
    }


class BenchmarkTask(RivalToy):
    """The toy, whose best weights are those of the benchmark's own validation split."""

    def evaluate(self, model: nn.Module) -> Mapping[str, float]:
        return closeness(model, SPLITS["validation"])


def training(**options: int) -> Training:
    train, validation = SPLITS["train"], SPLITS["validation"]
    dev = DevEvaluation(lambda model: closeness(model, validation), len(validation), 0.1)
    return Training(BenchmarkTask(train, **options), len(train), len(train), {"no-caption": 1}, dev)


def begun(folder: Path) -> tuple[RunDirectory, RecordSettings]:
    config = settings_of(DECLARATION, None, ("train.epochs=4", "train.save_every=5", "train.clip=0.5"))
    run = start_run(folder, "tiny", config, 3, data={"benchmark": "toy", "split": "train"})
    return run, RecordSettings.of(config)


def test_fitted_finished_and_asked_for_another_split(tmp_path: Path) -> None:
    run, settings = begun(tmp_path)
    with learning(run):
        training().fit(run, settings)
        fitted = finished(run, len(SPLITS["train"]), {})
    assert (fitted.examples, fitted.dropped, fitted.outcome["metric"]) == (12, {"no-caption": 1}, "closeness")
    opened = open_run(run.path)
    assert opened.record()["data"] == {
        "benchmark": "toy", "split": "train", "used": 12, "dropped": {"no-caption": 1},
    }  # fmt: skip
    toy = BenchmarkTask()
    load_weights(toy.model, run.path / "model.safetensors")
    toy.model.eval()
    assert closeness(toy.model, SPLITS["validation"])["closeness"] == fitted.outcome["best"]
    assert closeness(toy.model, SPLITS["test"])["closeness"] < 0


def test_stopped_and_resumed_is_the_same_run(tmp_path: Path) -> None:
    whole, settings = begun(tmp_path / "whole")
    training().fit(whole, settings)
    stopped, _ = begun(tmp_path / "stopped")
    with pytest.raises(UserError, match="the loss of weak is nan"), learning(stopped):
        training(broken_at=8).fit(stopped, settings)
    assert [path.name for path in stopped.path.glob("state-*")] == ["state-5"]
    training().fit(stopped, settings)
    for name in ("model.safetensors", "last.safetensors", "metrics.jsonl", "outcome.json", "examples.json"):
        assert (stopped.path / name).read_bytes() == (whole.path / name).read_bytes(), name


def test_planned(tmp_path: Path) -> None:
    run, settings = begun(tmp_path)
    plan = training().plan(run, settings)
    assert (plan.examples, plan.pairs, plan.batches, plan.steps, plan.dev_questions) == (12, 12, 3, 12, 4)
    assert plan.seconds > 0


def test_one_that_is_refused_leaves_no_run(tmp_path: Path) -> None:
    run, settings = begun(tmp_path)
    run.write("network.json", {"width": 4})
    run.write("features.json", {})
    table = {**settings.table, "accumulation": 2}
    with pytest.raises(UserError, match=r"train\.accumulation = 2"), learning(run):
        training().fit(run, replace(settings, table=table))
    assert not run.path.exists()


def test_only_the_main_process_removes_and_finishes(tmp_path: Path) -> None:
    run, _ = begun(tmp_path)
    other = replace(run, group=Group(rank=1, count=2))
    with pytest.raises(UserError, match="refused"), learning(other):
        raise UserError("refused", "")
    assert run.path.exists()
    assert finished(other, 5, {"x": 1}).examples == 5
    assert not run.finished
