"""A task of the training loop on examples that share batches by size: batches, optimizer and schedule.

A system adds what a batch holds and what its loss is. Everything random depends on (seed, epoch, index) alone.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Generic, TypeVar

from torch import Tensor, nn

from cmivqa_kit.neural.buckets import buckets
from cmivqa_kit.neural.optimizers import adamw, multiplier, schedule_steps
from cmivqa_kit.neural.settings import TrainSettings
from cmivqa_kit.runs.settings import Recipe

E = TypeVar("E")
Figures = Callable[[nn.Module], Mapping[str, float]]  # dev metrics of a network, the deciding one first


class BucketedTask(ABC, Generic[E]):
    """What the training loop asks for (`cmivqa_kit.training.loop.Task`).

    Args:
        model: what is trained.
        examples: what it is trained on.
        groups: its parameters, as `torch.optim` takes them.
        settings: section ``train``.
        seed: of the run.
        figures: dev metrics.
        budget: most elements of a batch, rows times longest row (`size`); 0: every example is a batch.
        old_optimizer: AdamW of transformers 4.15, and its schedule: rounded down and unclamped.
    """

    def __init__(
        self, model: nn.Module, examples: Sequence[E], groups: Sequence[dict[str, Any]], settings: TrainSettings,
        seed: int, figures: Figures, budget: int = 0, old_optimizer: bool = False,
    ) -> None:  # fmt: skip
        self.model: nn.Module = model
        self.examples, self.seed, self.budget = tuple(examples), seed, budget
        self.clamp = not old_optimizer
        self._figures = figures
        self._numbers: dict[int, tuple[tuple[int, ...], ...]] = {}
        self.optimizer = adamw(groups, settings.lr, settings.weight_decay, old_optimizer)
        recipe: Recipe = "published" if old_optimizer else "kit"
        batches = [self.batches(epoch) for epoch in range(settings.epochs)]
        warmup, self.total = schedule_steps(batches, settings.accumulation, recipe)
        self.warmup = round(settings.warmup * warmup)

    @abstractmethod
    def size(self, epoch: int, number: int) -> tuple[int, int]:
        """Rows of an example in an epoch, and the length of its longest; known before `__init__` of this class."""

    @abstractmethod
    def batch(self, epoch: int, index: int) -> Mapping[str, Any]:
        """Batch ``index`` of an epoch; tensors on the CPU. Its examples are ``numbers(epoch)[index]``."""

    @abstractmethod
    def loss(self, model: nn.Module, batch: Mapping[str, Any]) -> Tensor:
        """The scalar that is minimised, a mean over the examples of the batch."""

    def batches(self, epoch: int) -> int:
        """Batches in an epoch."""
        return len(self.numbers(epoch))

    def numbers(self, epoch: int) -> tuple[tuple[int, ...], ...]:
        """The numbers of the examples in each batch of an epoch."""
        if epoch not in self._numbers:
            numbers = range(len(self.examples))
            sizes = [self.size(epoch, number) for number in numbers] if self.budget else [(1, 1) for _ in numbers]
            self._numbers[epoch] = buckets(sizes, self.budget, self.seed, epoch)
        return self._numbers[epoch]

    def multiplier(self, step: int) -> float:
        """The factor of the learning rates at an optimizer step; that of a warm-up's first is 0, as published."""
        return multiplier(step, self.warmup, self.total, self.clamp)

    def evaluate(self, model: nn.Module) -> Mapping[str, float]:
        """Dev metrics, the deciding one first."""
        return self._figures(model)
