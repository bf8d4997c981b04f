"""Toy trainings in a launch of several processes; a program that `test_processes` starts."""

from __future__ import annotations

import json
import os
import signal
import sys
import weakref
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import asdict, replace
from importlib import import_module
from pathlib import Path
from typing import Any, cast
from unittest import mock

import torch
from torch import Tensor, distributed, nn
from torch.nn.parallel import DistributedDataParallel

from cmivqa_kit.runs.directory import RunDirectory, make_run, open_unfinished
from cmivqa_kit.runs.processes import Group, joined
from cmivqa_kit.training.loop import LoopSettings, Outcome, train_loop
from cmivqa_kit.training.reacting_rate import Plateau, Rate
from tests.training.toy import Toy

# Seven batches in groups of four: the last step of an epoch has three, one fewer than two processes can halve.
SHARED = LoopSettings(epochs=3, accumulation=4, evaluate_every=2, save_every=1)
SUMMED = replace(SHARED, average=False, clip=0.0, evaluate_every=0)
# Nine batches: the last step of an epoch has one, and a process without any.
BRANCHING = replace(SHARED, precision="bf16", clip=0.0)
STOPPED = LoopSettings(epochs=9, accumulation=2, evaluate_every=1, patience=2)


def toy(kill_at: int = -1, broken_at: int = -1) -> Toy:
    """The toy with a parameter that no batch uses, which weight decay would shrink if it had a gradient of zeros."""
    made = Toy(kill_at=kill_at, broken_at=broken_at)
    made.model.register_parameter("idle", torch.nn.Parameter(torch.ones(2)))
    made.optimizer = torch.optim.AdamW(made.model.parameters(), lr=0.01, weight_decay=0.1)
    return made


class Branching(Toy):
    """A toy with a branch that only the first batch of a step of four uses: one process, before its last batch."""

    def __init__(self) -> None:
        super().__init__(batches=9)
        self.model = nn.ModuleDict({"trunk": self.model, "branch": nn.Linear(4, 1)})
        # Its steps, unlike Adam's, are as large as the gradients.
        self.optimizer = torch.optim.SGD(self.model.parameters(), lr=0.01, weight_decay=0.1)  # type: ignore[assignment]

    def batch(self, epoch: int, index: int) -> Mapping[str, Any]:
        return {**super().batch(epoch, index), "branching": index % 4 == 0 and epoch != 1}

    def loss(self, model: nn.Module, batch: Mapping[str, Any]) -> Tensor:
        parts = cast(nn.ModuleDict, model)
        guess = parts["trunk"](batch["x"])
        if batch["branching"]:
            guess = guess + parts["branch"](batch["x"])
        return ((guess - batch["y"]) ** 2).mean()

    def evaluate(self, model: nn.Module) -> Mapping[str, float]:
        return super().evaluate(cast(nn.ModuleDict, model)["trunk"])


class Reacting(Toy):
    """A toy whose learning rate reacts to dev values, which only the main process can know."""

    def __init__(self, main: bool) -> None:
        super().__init__(batches=2)
        self.values = iter([0.5, 0.4, 0.3, 0.9] if main else ())
        self.rates: list[float] = []

    def react(self, rate: Rate, better: bool) -> Rate:
        self.rates.append(rate.factor)
        return Plateau(decay=0.9, cut=0.5, patience=1)(rate, better)

    def evaluate(self, model: nn.Module) -> Mapping[str, float]:
        return {"score": next(self.values)}


class OutOfMemoryOnTheWayBack(Toy):
    """A toy whose memory runs out on the way back of a batch."""

    def __init__(self, index: int) -> None:
        super().__init__()
        self.index = index

    def batch(self, epoch: int, index: int) -> Mapping[str, Any]:
        return {**super().batch(epoch, index), "last": index == self.index}

    def loss(self, model: nn.Module, batch: Mapping[str, Any]) -> Tensor:
        value = super().loss(model, batch)
        if batch["last"]:
            value.register_hook(_no_memory)
        return value


def _no_memory(slope: Tensor) -> Tensor:
    raise torch.OutOfMemoryError("no memory for a slope")


def run_at(folder: Path, group: Group, resume: bool = False) -> RunDirectory:
    """A run that the main process of a group makes or goes on with."""
    run = open_unfinished(folder) if resume else group.first(lambda: make_run(folder, "toy", {}, seed=3))
    return replace(run, device="cpu", group=group)


def early(run: RunDirectory) -> Outcome:
    """A training that two evaluations in a row without a new best stop; only the main process can know."""
    task = toy()
    values = iter([0.5, 0.4, 0.3, 0.9]) if run.group.main else iter(())
    task.evaluate = lambda model: {"score": next(values)}  # type: ignore[method-assign]
    return train_loop(task, run, STOPPED)


def reacting(run: RunDirectory) -> Outcome:
    """A training of four evaluations, and what this process multiplied its learning rates with."""
    task = Reacting(run.group.main)
    outcome = train_loop(task, run, LoopSettings(epochs=4, accumulation=2))
    (run.path / f"rates-{run.group.rank}.json").write_text(json.dumps(task.rates), encoding="utf-8")
    return outcome


def counting(training: Callable[[], Outcome]) -> tuple[Outcome, int]:
    """How a training ends, and for how many batches the gradients of this process stayed apart from the others'."""
    batches: list[nn.Module] = []
    original = DistributedDataParallel.no_sync

    def counted(wrapper: DistributedDataParallel) -> AbstractContextManager[None]:
        batches.append(wrapper)
        return original(wrapper)

    with mock.patch.object(DistributedDataParallel, "no_sync", counted):
        return training(), len(batches)


def every_training(folder: Path, group: Group) -> None:
    """Trainings that end well, then one that fails in a process other than the main one."""
    import_module("torch.distributed.nn.functional")  # as transformers does, in time; it would hold the group for ever
    whole, apart = counting(lambda: train_loop(toy(), run_at(folder / "whole", group), SHARED))
    outcomes = [
        whole,
        train_loop(toy(), run_at(folder / "summed", group), SUMMED),
        early(run_at(folder / "early", group)),
        train_loop(Branching(), run_at(folder / "branching", group), BRANCHING),
        reacting(run_at(folder / "reacting", group)),
    ]
    print("said by", group.rank)
    (folder / f"apart-{group.rank}").write_text(str(apart), encoding="utf-8")
    (folder / f"rank-{group.rank}.json").write_text(json.dumps([asdict(o) for o in outcomes]), encoding="utf-8")
    train_loop(toy(broken_at=3 if group.rank else -1), run_at(folder / "broken", group), SHARED)


def main(folder: Path, scenario: str) -> None:
    """Train in ``folder`` in this and the other process.

    Args:
        folder: of all runs.
        scenario: ``train``: several trainings and a failure; ``kill``: one that is killed; ``resume``: the rest of it;
            ``memory-N``: memory runs out on the way back of batch N.
    """
    rank = int(os.environ["RANK"])
    alive = ""
    try:
        with joined(os.environ.get("CMIVQA_TOGETHER_ON", "cpu")) as group:
            group_of_torch = weakref.ref(distributed.group.WORLD)
            if scenario == "kill":
                train_loop(toy(kill_at=5 if rank else -1), run_at(folder / "killed", group), SHARED)
            elif scenario == "resume":
                train_loop(toy(), run_at(folder / "killed", group, resume=True), SHARED, resume=True)
            elif scenario.startswith("memory-"):
                task = OutOfMemoryOnTheWayBack(int(scenario.removeprefix("memory-"))) if rank else Toy()
                train_loop(task, run_at(folder / scenario, group), SHARED)
            else:
                every_training(folder, group)
    finally:
        if group_of_torch() is not None:  # its threads would run on while Python shuts down
            alive = "the process group outlives the launch"
        (folder / f"alive-{scenario}-{rank}").write_text(alive, encoding="utf-8")


if __name__ == "__main__":
    signal.alarm(120)  # a launch that hangs fails
    from cmivqa_kit.errors import UserError

    try:
        main(Path(sys.argv[1]), sys.argv[2])
    except UserError as error:
        print(error, file=sys.stderr)
        sys.exit(int(error.code))
