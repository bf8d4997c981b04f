"""A toy task with two rival networks and a rate that reacts to dev. Run as a program, it is killed at several moments.

Its examples are records of its own, as a benchmark's reader gives: no split of the challenge.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import torch
from torch import Tensor, nn

from cmivqa_kit.runs.directory import make_run, open_unfinished
from cmivqa_kit.training.loop import LoopSettings, Outcome, train_loop
from cmivqa_kit.training.reacting_rate import Plateau, Rate
from cmivqa_kit.training.rivals import Rival

SETTINGS = LoopSettings(epochs=6, clip=0.5, save_every=2, log_every=1)
RULE = Plateau(decay=0.9, cut=0.5, patience=1, restart=False)
MOMENTS = ("encode", "weak", "strong", "loss")  # of a step, in their order
KILLS = {"encode": 3, "weak": 6, "strong": 11, "loss": 12, "evaluate": 4}  # at the n-th such moment


@dataclass(frozen=True, slots=True)
class Record:
    """A text and its translation, as numbers, and what is learnt of them."""

    source: tuple[float, ...]
    translation: tuple[float, ...]
    target: float


def records(count: int = 12) -> tuple[Record, ...]:
    """Records like those of a benchmark's reader."""
    draw = torch.Generator().manual_seed(7)
    rows = torch.randn(count, 2, 4, generator=draw).tolist()
    return tuple(Record(tuple(a), tuple(b), sum(a)) for a, b in rows)


class Discriminator(nn.Module):
    """Tells states of the source (1) from those of the translation (0)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(6, width), nn.Dropout(0.2), nn.Tanh(), nn.Linear(width, 2))

    def forward(self, states: Tensor) -> Tensor:
        """(N, 6) to logits (N, 2)."""
        logits: Tensor = self.layers(states)
        return logits


def told(logits: Tensor, label: float) -> Tensor:
    """How well all logits are a label."""
    return nn.functional.binary_cross_entropy_with_logits(logits, torch.full_like(logits, label))


def rival_loss(model: nn.Module, batch: Mapping[str, Any]) -> Tensor:
    """A discriminator's own loss."""
    return 0.5 * (told(model(batch["real"]), 1.0) + told(model(batch["fake"]), 0.0))


def networks() -> tuple[nn.Module, Discriminator, Discriminator]:
    """An encoder with a head, and two discriminators, always the same."""
    torch.manual_seed(0)
    model = nn.ModuleDict({"encoder": nn.Sequential(nn.Linear(4, 6), nn.Dropout(0.3)), "head": nn.Linear(6, 1)})
    return model, Discriminator(3), Discriminator(5)


class RivalToy:
    """Regression on records, with states that two discriminators should not tell apart.

    Args:
        data: records.
        passed: called with the moment of a step that begins (`MOMENTS`).
        broken_at: the rivals' loss is no number from this step on.
    """

    def __init__(
        self, data: tuple[Record, ...] = records(), passed: Callable[[str], object] = str, broken_at: int = -1
    ) -> None:  # fmt: skip
        self.model, weak, strong = networks()
        self.optimizer = torch.optim.Adam(self.model.parameters(), lr=0.02)
        self.data, self.passed, self.broken_at = data, passed, broken_at
        self.rivals = (
            Rival("weak", weak, torch.optim.Adam(weak.parameters(), lr=0.05), self._rival("weak")),
            Rival("strong", strong, torch.optim.Adam(strong.parameters(), lr=0.05), self._rival("strong"), clip=0.1),
        )
        self.steps = 0

    def _rival(self, name: str) -> Callable[[nn.Module, Mapping[str, Any]], Tensor]:
        def loss(model: nn.Module, batch: Mapping[str, Any]) -> Tensor:
            self.passed(name)
            return rival_loss(model, batch) * (float("nan") if self.steps == self.broken_at else 1.0)

        return loss

    def batches(self, epoch: int) -> int:
        return len(self.data) // 4

    def batch(self, epoch: int, index: int) -> Mapping[str, Any]:
        order = torch.randperm(len(self.data), generator=torch.Generator().manual_seed(epoch)).tolist()
        chosen = [self.data[number] for number in order[4 * index : 4 * index + 4]]
        return {
            "source": torch.tensor([record.source for record in chosen]),
            "translation": torch.tensor([record.translation for record in chosen]),
            "target": torch.tensor([[record.target] for record in chosen]),
        }

    def encode(self, model: nn.Module, batch: Mapping[str, Any]) -> Mapping[str, Tensor]:
        self.passed("encode")
        self.steps += 1
        return states(model, batch)

    def loss(self, model: nn.Module, batch: Mapping[str, Any]) -> Tensor:
        self.passed("loss")
        return main_loss(model, batch, [rival.model for rival in self.rivals])

    def multiplier(self, step: int) -> float:
        return 1.0 / (1 + step)

    def react(self, rate: Rate, better: bool) -> Rate:
        return RULE(rate, better)

    def evaluate(self, model: nn.Module) -> Mapping[str, float]:
        self.passed("evaluate")
        torch.rand(3)  # an evaluation that draws must not change what is trained
        parts = cast(nn.ModuleDict, model)
        return {"closeness": -abs(parts["head"](parts["encoder"](torch.ones(1, 4))).item() - 0.31)}


def states(model: nn.Module, batch: Mapping[str, Any]) -> dict[str, Tensor]:
    """(N, 6) of the source and of the translation."""
    encoder = cast(nn.ModuleDict, model)["encoder"]
    return {"real": encoder(batch["source"]), "fake": encoder(batch["translation"])}


def main_loss(model: nn.Module, batch: Mapping[str, Any], rivals: list[nn.Module]) -> Tensor:
    """How far the guesses are off, and how well the rivals know the translation."""
    value: Tensor = ((cast(nn.ModuleDict, model)["head"](batch["real"]) - batch["target"]) ** 2).mean()
    for rival in rivals:
        value = value + 0.1 * told(rival(batch["fake"]), 1.0)
    return value


def run_toy(folder: Path, resume: bool = False, settings: LoopSettings = SETTINGS, **options: Any) -> Outcome:
    """Train the toy in ``folder``."""
    run = open_unfinished(folder) if resume else make_run(folder, "toy", {}, seed=3)
    return train_loop(RivalToy(**options), run, settings, resume=resume)


def killed_at(folder: Path, moment: str, count: int) -> None:
    """A training that kills its process when it comes to a moment of a step for the ``count``-th time."""
    passes = 0

    def passed(name: str) -> None:
        nonlocal passes
        passes += name == moment
        if name == moment and passes == count:
            os.kill(os.getpid(), signal.SIGKILL)

    run_toy(folder, passed=passed)


def every_kill(folder: Path) -> None:
    """The trainings of `KILLS`, each in a process of its own; torch is imported once for all of them."""
    for moment, count in KILLS.items():
        child = os.fork()
        if child == 0:
            killed_at(folder / moment, moment, count)
            os._exit(1)
        print(moment, os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))


if __name__ == "__main__":
    every_kill(Path(sys.argv[1]))
