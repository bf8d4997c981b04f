"""Training on the kit's loop: batches, losses, schedule. Everything random depends on (seed, epoch, index) alone.

Examples of similar length go through the network together (``train.batch_tokens``); each keeps its own losses, over its
own tokens and frames, and the batch has their mean. Source: specs/mutualsl.md, sections 3.2 and 3.3.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

import torch
from torch import Tensor, nn

from baselines.mutualsl.examples import Example, highlight_labels
from baselines.mutualsl.losses import batch_terms, highlight_loss
from baselines.mutualsl.model import Output
from baselines.mutualsl.settings import TrainSettings
from baselines.mutualsl.text import batch
from baselines.mutualsl.video_rows import VideoRows
from cmivqa_kit.neural.buckets import buckets
from cmivqa_kit.neural.optimizers import adamw, multiplier, schedule_steps
from cmivqa_kit.neural.tokens import Special
from cmivqa_kit.runs.settings import Recipe

Evaluate = Callable[[nn.Module], Mapping[str, float]]
INPUTS = ("input_ids", "attention_mask", "token_type_ids", "features", "frame_mask")


class MutualSLTask:
    """What the training loop asks for (`cmivqa_kit.training.loop.Task`)."""

    def __init__(
        self,
        model: nn.Module,
        examples: Sequence[Example],
        frames: VideoRows,
        special: Special,
        settings: TrainSettings,
        seed: int,
        evaluate: Evaluate,
    ) -> None:
        self.model: nn.Module = model
        self.examples, self.frames, self.special = tuple(examples), frames, special
        self.settings, self.seed = settings, seed
        self._evaluate = evaluate
        self._plans: dict[int, tuple[tuple[int, ...], ...]] = {}
        self.optimizer = adamw(
            groups(model, settings.lr, settings.lr_head), settings.lr, settings.weight_decay, settings.old_optimizer
        )
        recipe: Recipe = "published" if settings.old_optimizer else "kit"
        batches = [self.batches(epoch) for epoch in range(settings.epochs)]
        warmup, self.total = schedule_steps(batches, settings.accumulation, recipe)
        self.warmup = round(settings.warmup * warmup)

    def batches(self, epoch: int) -> int:
        """Batches in an epoch."""
        return len(self._plan(epoch))

    def batch(self, epoch: int, index: int) -> Mapping[str, Any]:
        """Batch ``index`` of an epoch.

        Returns:
            What the network takes, by name, ``highlight`` (B, T) labels, and ``golds``: one `Gold` per example.
        """
        return self.collate([self.examples[number] for number in self._plan(epoch)[index]])

    def collate(self, examples: Sequence[Example]) -> dict[str, Any]:
        """Examples as one padded batch; see `batch`."""
        made: dict[str, Any] = batch([one.row for one in examples], self.special.pad)
        made |= self.frames.batch([one.video for one in examples], padded=not self.settings.frame_mask)
        frames = made["features"].shape[1]
        labels = [torch.from_numpy(highlight_labels(*one.highlight, frames)) for one in examples]
        return {**made, "highlight": torch.stack(labels), "golds": [one.gold for one in examples]}

    def loss(self, model: nn.Module, batch: Mapping[str, Any]) -> Tensor:
        """The mean over the examples of all five losses."""
        output = cast(Output, model(**{name: batch[name] for name in INPUTS}))
        if output.highlight is None:
            raise ValueError("the network gave no highlight: it was given no features")
        mask = batch["frame_mask"] if self.settings.frame_mask else torch.ones_like(batch["frame_mask"])
        with torch.autocast(output.highlight.device.type, enabled=False):
            total = [one.total() for one in batch_terms(output, batch["golds"])]
            total += [
                highlight_loss(*one) for one in zip(output.highlight.float(), batch["highlight"], mask, strict=True)
            ]
            return torch.stack(total).sum() / len(batch["golds"])

    def multiplier(self, step: int) -> float:
        """Of the learning rates at an optimizer step; the first one of a warm-up has rate 0, as published."""
        return multiplier(step, self.warmup, self.total, clamp=not self.settings.old_optimizer)

    def evaluate(self, model: nn.Module) -> Mapping[str, float]:
        """Dev metrics, the deciding one first."""
        return self._evaluate(model)

    def _plan(self, epoch: int) -> tuple[tuple[int, ...], ...]:
        """The examples of each batch of an epoch."""
        if epoch not in self._plans:
            sizes = [(1, len(example.row.ids)) for example in self.examples]
            self._plans[epoch] = buckets(sizes, self.settings.batch_tokens, self.seed, epoch)
        return self._plans[epoch]


def groups(model: nn.Module, lr: float, lr_head: float) -> list[dict[str, Any]]:
    """Parameter groups: one for all, as published, or where ``lr_head`` is given one more for all but the encoder."""
    named = list(model.named_parameters())
    if not lr_head:
        return [{"params": [parameter for _, parameter in named], "lr": lr}]
    return [
        {"params": [parameter for name, parameter in named if name.startswith("deberta.")], "lr": lr},
        {"params": [parameter for name, parameter in named if not name.startswith("deberta.")], "lr": lr_head},
    ]
