"""Training on the kit's loop: batches of questions, the loss of their steps, SGD, warm-up and cosine by the epoch.

Everything random depends on (seed, epoch) alone. Source: docs/spec/q2a.md, section 4.
"""

from __future__ import annotations

import math
import random
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, Generic, TypeVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from baselines.q2a.examples import Example
from baselines.q2a.model import Sample
from baselines.q2a.settings import ADAMW, TrainSettings
from cmivqa_kit.errors import UserError
from cmivqa_kit.training.bucketed_task import Figures

E = TypeVar("E")
FIRST = 0.1  # what the learning rate begins with, as a part of itself


class EpochTask(ABC, Generic[E]):
    """What the training loop asks for (`cmivqa_kit.training.loop.Task`), whatever an example is.

    Args:
        model: what is trained.
        examples: what it is trained on, all of them with labels.
        settings: section ``train``.
        seed: of the run.
        figures: dev metrics.

    Raises:
        UserError: there are fewer examples than a batch has, and incomplete batches are left out.
    """

    def __init__(
        self, model: nn.Module, examples: Sequence[E], settings: TrainSettings, seed: int, figures: Figures
    ) -> None:
        self.model, self.examples, self.settings, self.seed = model, tuple(examples), settings, seed
        self._figures = figures
        self.optimizer = _optimizer(model, settings)
        if settings.drop_last and len(self.examples) < settings.batch:
            raise UserError(
                f"{len(self.examples)} questions are less than a batch of train.batch = {settings.batch}",
                f"Give --set train.batch={max(len(self.examples), 1)}, or --set train.drop_last=false",
            )

    def numbers(self, epoch: int) -> tuple[tuple[int, ...], ...]:
        """The numbers of the examples in each batch of an epoch."""
        order = list(range(len(self.examples)))
        random.Random(f"questions {self.seed} {epoch}").shuffle(order)
        size = self.settings.batch
        batches = [tuple(order[at : at + size]) for at in range(0, len(order), size)]
        return tuple(batch for batch in batches if len(batch) == size or not self.settings.drop_last)

    def batches(self, epoch: int) -> int:
        """Batches in an epoch."""
        return len(self.numbers(epoch))

    @abstractmethod
    def batch(self, epoch: int, index: int) -> Mapping[str, Any]:
        """Batch ``index`` of an epoch; nothing is padded."""

    @abstractmethod
    def loss(self, model: nn.Module, batch: Mapping[str, Any]) -> Tensor:
        """The loss of a batch."""

    def multiplier(self, step: int) -> float:
        """The factor of the learning rate at an optimizer step; it changes with the epoch alone."""
        steps = math.ceil(self.batches(0) / self.settings.accumulation)  # every epoch has as many
        return rate(step // steps, self.settings.warmup, self.settings.epochs)

    def evaluate(self, model: nn.Module) -> Mapping[str, float]:
        """Dev metrics, the deciding one first."""
        return self._figures(model)


class Q2ATask(EpochTask[Example]):
    """Questions about AssistQ."""

    def batch(self, epoch: int, index: int) -> Mapping[str, Any]:
        """Batch ``index`` of an epoch: ``samples``, a list of `Sample`; nothing is padded."""
        return {"samples": [self.examples[number].sample for number in self.numbers(epoch)[index]]}

    def loss(self, model: nn.Module, batch: Mapping[str, Any]) -> Tensor:
        """The mean over all steps of the batch: a question of many steps weighs more."""
        return steps_loss(model, batch["samples"], self.settings.history)


def _optimizer(model: nn.Module, settings: TrainSettings) -> torch.optim.Optimizer:
    """The optimizer of all parameters that are trained."""
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    if settings.optimizer == ADAMW:
        return torch.optim.AdamW(trained, settings.lr, weight_decay=settings.weight_decay)
    return torch.optim.SGD(trained, settings.lr, momentum=settings.momentum, weight_decay=settings.weight_decay)


def steps_loss(model: nn.Module, samples: Sequence[Sample], history: str) -> Tensor:
    """The mean of the cross-entropies of all steps of some samples.

    Args:
        model: a `StepNetwork`.
        samples: with labels.
        history: whose state the next step is given.
    """
    device = next(model.parameters()).device
    losses = []
    for sample in (sample.to(device) for sample in samples):
        if sample.labels is None:
            raise ValueError("a sample without labels cannot be learnt from")
        for logits, label in zip(model(sample, history), sample.labels, strict=True):
            losses.append(functional.cross_entropy(logits.float(), label))
    return torch.stack(losses).mean()


def rate(epoch: int, warmup: int, epochs: int) -> float:
    """The factor of an epoch: a tenth, linearly up to 1, then half a cosine to 0 at ``epochs``.

    With a warm-up of one epoch the first has a tenth and the second all; with more the last epoch of the warm-up has
    all already, and the next again. Without one the published schedule starts its cosine at a tenth, and stays below.
    """
    if epoch < warmup:
        return FIRST + (1 - FIRST) * epoch / max(warmup - 1, 1)
    cosine = (1 + math.cos(math.pi * (epoch - warmup) / max(epochs - warmup, 1))) / 2
    return cosine if warmup else FIRST * cosine
