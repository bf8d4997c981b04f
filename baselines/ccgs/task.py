"""Training: which pairs, which loss. Everything random depends on (seed, epoch, index) alone.

A pair is one right row (question and lines around its answer) with negative rows. Several pairs of similar length go
through the encoder together (``train.batch_tokens``); each keeps its own loss, over its own rows.
Source: docs/spec/ccgs.md, sections 2.2 and 4.1 to 4.6.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Mapping, Sequence
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
from baselines.ccgs.features import visual_inputs
from baselines.ccgs.losses import contrastive_loss, ranking_iou_loss
from baselines.ccgs.settings import TrainSettings
from cmivqa_kit.neural.tokens import Ids, Special
from cmivqa_kit.neural.video_rows import VideoRows
from cmivqa_kit.runs.settings import Recipe
from cmivqa_kit.training.bucketed_task import BucketedTask, Figures


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
    excerpt: Excerpt
    length: int


class CCGSTask(BucketedTask[Example]):
    """Pairs of rows as batches, and their losses.

    Args, beside those of `BucketedTask`:
        videos: the lines that a negative video is shown with.
        special: the tokenizer's own tokens.
        rows: features, for the visual variant.
        pooled: the network has the kit's fusion.
    """

    def __init__(
        self, model: nn.Module, examples: Sequence[Example], videos: Shown, special: Special, settings: TrainSettings,
        seed: int, figures: Figures, rows: VideoRows | None = None, pooled: bool = False,
    ) -> None:  # fmt: skip
        self.rows, self.pooled = rows, pooled
        self.videos, self.special, self.settings = videos, special, settings
        self.questions = tuple(example.question for example in examples)
        self._of_video: dict[str | None, list[int]] = defaultdict(list)  # questions about each video
        for number, question in enumerate(self.questions):
            self._of_video[question.video_id].append(number)
        self._in_language: dict[str | None, list[str]] = defaultdict(list)  # videos, sorted
        for video, language in sorted(videos, key=lambda key: key[0]):
            self._in_language[language].append(video)
        recipe: Recipe = "published" if settings.old_optimizer else "kit"
        groups = optim.parameter_groups(model, recipe, settings.lr, settings.lr_head)
        super().__init__(
            model, examples, groups, settings, seed, figures, settings.batch_tokens, settings.old_optimizer
        )

    def size(self, epoch: int, number: int) -> tuple[int, int]:
        """Rows of a pair with its negatives, and the tokens of the longest."""
        sides = self._sides(epoch, number)
        return len(sides), max(side.length for side in sides)

    def batch(self, epoch: int, index: int) -> Mapping[str, Any]:
        """Batch ``index`` of an epoch.

        Returns:
            What the network takes, by name (``input_ids`` (R, L) and the others: all rows of all pairs), and ``pairs``:
            one `Pair` for each, in the order of their rows.
        """
        rows: list[Side] = []
        pairs = []
        for number in self.numbers(epoch)[index]:
            example, sides = self.examples[number], self._sides(epoch, number)
            rows += sides
            ious = torch.from_numpy(example.ious) if self.settings.ranking_weight else None
            pairs.append(Pair(len(sides), example.row, example.column, ious))
        made = batch([sequence(side.question, side.excerpt.lines, self.special) for side in rows], self.special.pad)
        if self.rows is not None:
            times = [side.excerpt.times for side in rows] if self.pooled else None
            made |= visual_inputs(self.rows, [side.excerpt.video for side in rows], times)
        return {**made, "pairs": tuple(pairs)}

    def loss(self, model: nn.Module, batch: Mapping[str, Any]) -> Tensor:
        """The mean over the pairs of `_loss`."""
        logits: Tensor = model(**{name: value for name, value in batch.items() if name != "pairs"})
        pairs: Sequence[Pair] = batch["pairs"]
        own = torch.split(logits, [pair.rows for pair in pairs])
        return torch.stack([self._loss(of_pair, pair) for of_pair, pair in zip(own, pairs, strict=True)]).mean()

    def _loss(self, logits: Tensor, pair: Pair) -> Tensor:
        """Contrastive loss over the cells of a pair's rows, and the ranking loss where it has a weight."""
        value = contrastive_loss(logits, pair.row, pair.column)
        if pair.ious is not None:
            size = len(pair.ious)
            finite = logits[0, :size, :size].clamp(min=-1e4)  # a masked cell only ever stands on the lower side
            value = value + self.settings.ranking_weight * ranking_iou_loss(finite, pair.ious.to(finite.device))
        return value

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


def _side(question: Ids, excerpt: Excerpt) -> Side:
    return Side(question, excerpt, length(len(question), [len(line) for line in excerpt.lines]))
