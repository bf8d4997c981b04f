"""Training: which examples, which pairs, which loss. Everything random depends on (seed, epoch, index) alone.

A pair is one right row (question and lines around its answer) with negative rows. Where a video does not fit into one
row, the pair uses the window that holds the answer. Source: specs/ccgs.md, sections 2.2, 4.1 to 4.6.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from baselines.ccgs import optim
from baselines.ccgs.examples import (
    EXTRA,
    Ids,
    Special,
    Tokens,
    batch,
    draw_question,
    draw_video,
    iou_matrix,
    length,
    published_drop,
    sequence,
    target,
)
from baselines.ccgs.losses import contrastive_loss, ranking_iou_loss
from baselines.ccgs.settings import TrainSettings
from baselines.ccgs.windows import Window, holding, pieces, windows
from cmivqa_kit.data.types import Question, Split
from cmivqa_kit.errors import UserError
from cmivqa_kit.plugin.types import Recipe

Evaluate = Callable[[nn.Module], Mapping[str, float]]
Shown = Mapping[tuple[str, str | None], tuple[tuple[Ids, ...], ...]]  # video id, language -> windows -> lines
MIN_ROOM = 16  # tokens that must be left for subtitles


@dataclass(frozen=True, slots=True)
class Example:
    """A training question with its lines: token ids, IoU of their spans with the answer, the best cell."""

    question: Question
    tokens: Ids
    lines: tuple[Ids, ...]
    ious: NDArray[np.float32]
    row: int
    column: int


@dataclass(frozen=True, slots=True)
class Examples:
    """What can be trained on, how many questions each rule left out, and the lines a negative video is shown with."""

    kept: tuple[Example, ...]
    dropped: Mapping[str, int]
    videos: Shown


def build_examples(split: Split, tokens: Tokens, settings: TrainSettings, limit: int | None) -> Examples:
    """The examples of a split.

    Args:
        split: questions with answers.
        tokens: text to ids.
        settings: ``maxlen`` and the rules.
        limit: the most tokens the encoder takes, or ``None``.

    Raises:
        UserError: more than ``max_dropped`` of the questions are left out, or all of them.
    """
    asked = {question.text: tokens(question.text) for question in split.questions}
    longest = max((len(ids) for ids in asked.values()), default=0)
    # One room for all: a negative question may be longer than the right one.
    room = min(settings.maxlen, limit or settings.maxlen) - EXTRA - longest
    if room < MIN_ROOM:
        raise UserError(
            f"a training question of {longest} tokens leaves no room for subtitles",
            "Raise train.maxlen, or shorten it.",
        )
    kept: list[Example] = []
    dropped: Counter[str] = Counter()
    seen: dict[tuple[str, str | None], tuple[tuple[Ids, ...], list[Window]]] = {}
    for question in split.questions:
        video = split.videos.get(question.video_id or "")
        subtitles = video.subtitles_in(question.language) if video is not None else ()
        if not subtitles or question.answer is None or video is None:
            dropped["no-subtitles" if question.answer is not None else "no-answer"] += 1
            continue
        key = video.id, question.language
        if key not in seen:
            lines = tuple(tokens(line.text) for line in subtitles)
            seen[key] = lines, windows([len(line) for line in lines], room)
        lines, found = seen[key]
        why = None
        if settings.joined_length:
            real = length(len(asked[question.text]), [len(line) for line in lines])
            why = published_drop(subtitles, tokens, settings.maxlen) or ("too-long" if real > settings.maxlen else None)
        ious = iou_matrix(subtitles, question.answer)
        row, column = target(ious)
        if why is None and not settings.joined_length and ious[row, column] == 0:
            why = "no-overlap"  # published: the target silently becomes the first cell
        window = holding(found, row, column)
        if why is None and window is None:
            why = "answer-in-no-window"
        if why is not None or window is None:
            dropped[str(why)] += 1
            continue
        inside = slice(window.first, window.stop)
        kept.append(
            Example(
                question,
                asked[question.text],
                lines[inside],
                ious[inside, inside],
                row - window.first,
                column - window.first,
            )
        )
    _require_enough(split, kept, dropped, settings.max_dropped)
    shown = {key: tuple(tuple(pieces(window, lines)) for window in found) for key, (lines, found) in seen.items()}
    return Examples(tuple(kept), dict(dropped), shown)


def _require_enough(split: Split, kept: Sequence[Example], dropped: Counter[str], most: float) -> None:
    lost = sum(dropped.values())
    if kept and lost <= most * len(split.questions):
        return
    share = lost / max(1, len(split.questions))
    reasons = ", ".join(f"{count} {name}" for name, count in dropped.most_common())
    raise UserError(
        f"{lost} of {len(split.questions)} questions of {split.name} cannot be trained on: {reasons or 'none there'}",
        f"Look at the data: cmivqa data check; or allow it: --set train.max_dropped={min(1.0, share + 0.01):.2f}"
        if kept
        else "Nothing is left to train on. Look at the data: cmivqa data check; or raise train.maxlen.",
    )


def subset(examples: Sequence[Example], most: int, seed: int) -> tuple[Example, ...]:
    """At most ``most`` of them in their order, drawn once by the seed; 0: all."""
    if most == 0 or len(examples) <= most:
        return tuple(examples)
    chosen = sorted(random.Random(f"subset {seed}").sample(range(len(examples)), most))
    return tuple(examples[n] for n in chosen)


class SpanTask:
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
    ) -> None:
        self.model: nn.Module = model
        self.examples, self.videos, self.special, self.settings = tuple(examples), videos, special, settings
        self.seed = seed
        self.questions = tuple(example.question for example in examples)
        recipe: Recipe = "published" if settings.old_optimizer else "kit"
        self.optimizer = optim.optimizer(model, recipe, settings.lr, settings.lr_head, settings.weight_decay)
        warmup, self.total = optim.schedule_steps(len(examples), settings.accumulation, settings.epochs, recipe)
        self.warmup = round(settings.warmup * warmup)
        self._evaluate = evaluate
        self._order: tuple[int, list[int]] = (-1, [])

    def __len__(self) -> int:
        return len(self.examples)

    def batch(self, epoch: int, index: int) -> Mapping[str, Any]:
        """Pair ``index`` of an epoch: rows (1 + negatives, L), the right cell, the IoUs where the loss needs them."""
        number = self._permutation(epoch)[index]
        example = self.examples[number]
        rows = [sequence(example.tokens, example.lines, self.special), *self._negatives(epoch, number)]
        content: dict[str, Any] = {**batch(rows, self.special.pad), "row": example.row, "column": example.column}
        if self.settings.ranking_weight:
            content["ious"] = torch.from_numpy(example.ious)
        return content

    def loss(self, model: nn.Module, batch: Mapping[str, Any]) -> Tensor:
        """Contrastive loss over the cells of all rows, and the ranking loss where it has a weight."""
        logits: Tensor = model(batch["input_ids"], batch["attention_mask"], batch["token_types"])
        value = contrastive_loss(logits, batch["row"], batch["column"])
        if "ious" in batch:
            size = len(batch["ious"])
            finite = logits[0, :size, :size].clamp(min=-1e4)  # a masked cell only ever stands on the lower side
            value = value + self.settings.ranking_weight * ranking_iou_loss(finite, batch["ious"])
        return value

    def multiplier(self, step: int) -> float:
        """Of the learning rates at an optimizer step."""
        # The first step of a warm-up has rate 0 as published; without one, the cosine starts at 1.
        return optim.multiplier(step, self.warmup, self.total, clamp=not self.settings.old_optimizer)

    def evaluate(self, model: nn.Module) -> Mapping[str, float]:
        """Dev metrics, the deciding one first."""
        return self._evaluate(model)

    def _negatives(self, epoch: int, number: int) -> list[Any]:
        example, settings = self.examples[number], self.settings
        rows = []
        for n in range(settings.num_negatives):
            if settings.negatives in ("question", "both"):
                other = draw_question(self.seed, epoch, number, n, self.questions, settings.any_question)
                rows.append(sequence(self.examples[other].tokens, example.lines, self.special))
            if settings.negatives in ("video", "both"):
                own, language = example.question.video_id or "", example.question.language
                others = sorted(video for video, spoken in self.videos if spoken == language)
                video = draw_video(self.seed, epoch, number, n, own, others)
                if video is not None:
                    shown = random.Random(f"window {self.seed} {epoch} {number} {n}").choice(
                        self.videos[video, language]
                    )
                    rows.append(sequence(example.tokens, shown, self.special))
        return rows

    def _permutation(self, epoch: int) -> list[int]:
        if self._order[0] != epoch:
            order = list(range(len(self.examples)))
            random.Random(f"order {self.seed} {epoch}").shuffle(order)
            self._order = epoch, order
        return self._order[1]
