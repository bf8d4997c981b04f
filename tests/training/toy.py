"""A toy task for the loop: a small network with dropout on random numbers. Run as a program, it trains in a folder."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from cmivqa_kit.runs.directory import make_run, open_unfinished
from cmivqa_kit.training.loop import LoopSettings, Outcome, train_loop

SETTINGS = LoopSettings(epochs=3, accumulation=2, evaluate_every=3, save_every=2)


class Toy:
    """Regression on numbers that depend on (seed, epoch, index) only."""

    def __init__(self, seed: int = 0, batches: int = 7, kill_at: int = -1, broken_at: int = -1) -> None:
        torch.manual_seed(seed)
        self.model = nn.Sequential(nn.Linear(4, 8), nn.Dropout(0.3), nn.Tanh(), nn.Linear(8, 1))
        self.optimizer = torch.optim.AdamW(self.model.parameters(), lr=0.01)
        self.in_epoch, self.kill_at, self.broken_at = batches, kill_at, broken_at
        self.seen: list[tuple[int, int]] = []

    def batches(self, epoch: int) -> int:
        return self.in_epoch

    def batch(self, epoch: int, index: int) -> Mapping[str, Any]:
        self.seen.append((epoch, index))
        if len(self.seen) == self.kill_at:
            os.kill(os.getpid(), signal.SIGKILL)
        draw = torch.Generator().manual_seed(1000 * epoch + index)
        x = torch.randn(5, 4, generator=draw)
        y = x.sum(dim=1, keepdim=True)
        return {"x": x, "y": y * float("nan") if len(self.seen) == self.broken_at else y}

    def loss(self, model: nn.Module, batch: Mapping[str, Any]) -> Tensor:
        return ((model(batch["x"]) - batch["y"]) ** 2).mean()

    def multiplier(self, step: int) -> float:
        return 1.0 / (1 + step)

    def evaluate(self, model: nn.Module) -> Mapping[str, float]:
        torch.rand(3)  # an evaluation that draws must not change what is trained
        x = torch.ones(1, 4)
        return {"closeness": -abs(model(x).item() - 4.0)}


def run_toy(folder: Path, resume: bool = False, settings: LoopSettings = SETTINGS, **options: int) -> Outcome:
    """Train the toy in ``folder``."""
    run = open_unfinished(folder) if resume else make_run(folder, "toy", {}, seed=3)
    return train_loop(Toy(**options), run, settings, resume=resume)


if __name__ == "__main__":
    run_toy(Path(sys.argv[1]), kill_at=int(sys.argv[2]))
