"""Toy trainings in a launch of several processes; a program that `test_processes` starts."""

from __future__ import annotations

import json
import os
import signal
import sys
from dataclasses import asdict, replace
from pathlib import Path

import torch

from cmivqa_kit.runs.directory import RunDirectory, make_run, open_unfinished
from cmivqa_kit.runs.processes import Group, joined
from cmivqa_kit.training.loop import LoopSettings, Outcome, train_loop
from tests.training.toy import Toy

# Seven batches in groups of four: the last step of an epoch has three, one fewer than two processes can halve.
SHARED = LoopSettings(epochs=3, accumulation=4, evaluate_every=2, save_every=1)
SUMMED = replace(SHARED, average=False, clip=0.0, evaluate_every=0)
STOPPED = LoopSettings(epochs=9, accumulation=2, evaluate_every=1, patience=2)


def toy(kill_at: int = -1, broken_at: int = -1) -> Toy:
    """The toy with a parameter that no batch uses, which weight decay would shrink if it had a gradient of zeros."""
    made = Toy(kill_at=kill_at, broken_at=broken_at)
    made.model.register_parameter("idle", torch.nn.Parameter(torch.ones(2)))
    made.optimizer = torch.optim.AdamW(made.model.parameters(), lr=0.01, weight_decay=0.1)
    return made


def run_at(folder: Path, group: Group, resume: bool = False) -> RunDirectory:
    """A run that the main process of a group makes or goes on with."""
    run = open_unfinished(folder) if resume else group.first(lambda: make_run(folder, "toy", {}, seed=3))
    return replace(run, device="cpu", group=group)


def early(run: RunDirectory) -> Outcome:
    """A training that two evaluations in a row without a new best stop; only the main process can know."""
    one = toy()
    values = iter([0.5, 0.4, 0.3, 0.9]) if run.group.main else iter(())
    one.evaluate = lambda model: {"score": next(values)}  # type: ignore[method-assign]
    return train_loop(one, run, STOPPED)


def main(folder: Path, what: str) -> None:
    """Do ``what`` in ``folder``: several trainings and a failure, one that is killed, or the rest of that one."""
    rank = int(os.environ["RANK"])
    with joined("cpu") as group:
        if what == "kill":
            train_loop(toy(kill_at=5 if rank else -1), run_at(folder / "killed", group), SHARED)
        elif what == "resume":
            train_loop(toy(), run_at(folder / "killed", group, resume=True), SHARED, resume=True)
        else:
            found = [
                train_loop(toy(), run_at(folder / "whole", group), SHARED),
                train_loop(toy(), run_at(folder / "summed", group), SUMMED),
                early(run_at(folder / "early", group)),
            ]
            print("said by", rank)
            (folder / f"rank-{rank}.json").write_text(json.dumps([asdict(one) for one in found]), encoding="utf-8")
            train_loop(toy(broken_at=3 if rank else -1), run_at(folder / "broken", group), SHARED)


if __name__ == "__main__":
    signal.alarm(120)  # a launch that hangs fails
    from cmivqa_kit.errors import UserError

    try:
        main(Path(sys.argv[1]), sys.argv[2])
    except UserError as error:
        print(error, file=sys.stderr)
        sys.exit(int(error.code))
