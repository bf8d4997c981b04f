"""Training: which pairs, which loss. Everything random depends on (seed, epoch, index) alone.

A pair is one right row (question and lines around its answer) with negative rows. Several pairs of similar length go
through the encoder together (``train.batch_tokens``); each keeps its own loss, over its own rows.
Source: specs/ccgs.md, sections 2.2 and 4.1 to 4.6.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from baselines.ccgs import optim
from baselines.ccgs.collecting import Example, Excerpt, Shown
from baselines.ccgs.examples import (
    batch,
    draw_question,
    draw_video,
    length,
    sequence,
)
from baselines.ccgs.features import VideoFeatures
from baselines.ccgs.losses import contrastive_loss, ranking_iou_loss
from baselines.ccgs.settings import TrainSettings
from cmivqa_kit.neural.buckets import buckets
from cmivqa_kit.neural.optimizers import multiplier, schedule_steps
from cmivqa_kit.neural.tokens import Ids, Special
from cmivqa_kit.runs.settings import Recipe

Evaluate = Callable[[nn.Module], Mapping[str, float]]


@dataclass(frozen=True, slots=True)
class Pair:
    """One example within a batch: how many rows, the right cell of the first, the IoUs where the loss needs them."""

    rows: int
    row: int
    column: int
    ious: Tensor | None = None


@dataclass(frozen=True, slots=True)
class Side:
    """One row before it is made: a question beside lines, and its tokens."""

    question: Ids
    shown: Excerpt
    length: int


class CCGSTask:
    """What the training loop asks for (`cmivqa_kit.training.loop.Task`)."""

    def __init__(
        self,
        model: nn.Module,
        examples: Sequence[Example],
        videos: Shown,
        special: Special,
        settings: TrainSettings,
        seed: int,
        evaluate: Evaluate,
        features: VideoFeatures | None = None,
        pooled: bool = False,
    ) -> None:
        self.features, self.pooled = features, pooled  # of the visual variant; its fusion, as the network's
        self.model: nn.Module = model
        self.examples, self.videos, self.special, self.settings = tuple(examples), videos, special, settings
        self.seed = seed
        self.questions = tuple(example.question for example in examples)
        self._evaluate = evaluate
        self._of_video: dict[str | None, list[int]] = defaultdict(list)  # questions about each video
        for number, question in enumerate(self.questions):
            self._of_video[question.video_id].append(number)
        self._in_language: dict[str | None, list[str]] = defaultdict(list)  # videos, sorted
        for video, language in sorted(videos, key=lambda key: key[0]):
            self._in_language[language].append(video)
        self._batches: dict[int, tuple[tuple[int, ...], ...]] = {}
        recipe: Recipe = "published" if settings.old_optimizer else "kit"
        self.optimizer = optim.optimizer(model, recipe, settings.lr, settings.lr_head, settings.weight_decay)
        batches = [self.batches(epoch) for epoch in range(settings.epochs)]
        warmup, self.total = schedule_steps(batches, settings.accumulation, recipe)
        self.warmup = round(settings.warmup * warmup)

    def batches(self, epoch: int) -> int:
        """Batches in an epoch."""
        return len(self._plan(epoch))

    def batch(self, epoch: int, index: int) -> Mapping[str, Any]:
        """Batch ``index`` of an epoch.

        Returns:
            What the network takes, by name (``input_ids`` (R, L) and the others: all rows of all pairs), and ``pairs``:
            one `Pair` for each, in the order of their rows.
        """
        rows: list[Side] = []
        pairs = []
        for number in self._plan(epoch)[index]:
            example, sides = self.examples[number], self._sides(epoch, number)
            rows += sides
            ious = torch.from_numpy(example.ious) if self.settings.ranking_weight else None
            pairs.append(Pair(len(sides), example.row, example.column, ious))
        made = batch([sequence(side.question, side.shown.lines, self.special) for side in rows], self.special.pad)
        if self.features is not None:
            times = [side.shown.times for side in rows] if self.pooled else None
            made |= self.features.batch([side.shown.video for side in rows], times)
        return {**made, "pairs": tuple(pairs)}

    def loss(self, model: nn.Module, batch: Mapping[str, Any]) -> Tensor:
        """The mean over the pairs of `_loss`."""
        logits: Tensor = model(**{name: value for name, value in batch.items() if name != "pairs"})
        pairs: Sequence[Pair] = batch["pairs"]
        own = torch.split(logits, [pair.rows for pair in pairs])
        return torch.stack([self._loss(*one) for one in zip(own, pairs, strict=True)]).mean()

    def _loss(self, logits: Tensor, pair: Pair) -> Tensor:
        """Contrastive loss over the cells of a pair's rows, and the ranking loss where it has a weight."""
        value = contrastive_loss(logits, pair.row, pair.column)
        if pair.ious is not None:
            size = len(pair.ious)
            finite = logits[0, :size, :size].clamp(min=-1e4)  # a masked cell only ever stands on the lower side
            value = value + self.settings.ranking_weight * ranking_iou_loss(finite, pair.ious.to(finite.device))
        return value

    def multiplier(self, step: int) -> float:
        """Of the learning rates at an optimizer step."""
        # The first step of a warm-up has rate 0 as published; without one, the cosine starts at 1.
        return multiplier(step, self.warmup, self.total, clamp=not self.settings.old_optimizer)

    def evaluate(self, model: nn.Module) -> Mapping[str, float]:
        """Dev metrics, the deciding one first."""
        return self._evaluate(model)

    def _plan(self, epoch: int) -> tuple[tuple[int, ...], ...]:
        """The examples of each batch of an epoch."""
        if epoch not in self._batches:
            budget, numbers = self.settings.batch_tokens, range(len(self.examples))
            sizes = [self._size(epoch, number) for number in numbers] if budget else [(1, 1) for _ in numbers]
            self._batches[epoch] = buckets(sizes, budget, self.seed, epoch)
        return self._batches[epoch]

    def _size(self, epoch: int, number: int) -> tuple[int, int]:
        sides = self._sides(epoch, number)
        return len(sides), max(side.length for side in sides)

    def _sides(self, epoch: int, number: int) -> list[Side]:
        """The rows of an example in an epoch: the right one, then the negatives drawn for it."""
        example, settings = self.examples[number], self.settings
        sides = [_side(example.tokens, example.excerpt)]
        for n in range(settings.num_negatives):
            if settings.negatives in ("question", "both"):
                same = self._of_video[example.question.video_id]
                other = draw_question(self.seed, epoch, number, n, self.questions, settings.any_question, same)
                sides.append(_side(self.examples[other].tokens, example.excerpt))
            if settings.negatives in ("video", "both"):
                own, language = example.question.video_id or "", example.question.language
                video = draw_video(self.seed, epoch, number, n, own, self._in_language[language])
                if video is not None:
                    shown = random.Random(f"window {self.seed} {epoch} {number} {n}").choice(
                        self.videos[video, language]
                    )
                    sides.append(_side(example.tokens, shown))
        return sides


def _side(question: Ids, shown: Excerpt) -> Side:
    return Side(question, shown, length(len(question), [len(line) for line in shown.lines]))
