"""Training on the kit's loop: batches, losses, schedule. Everything random depends on (seed, epoch, index) alone.

Examples of similar length go through the network together (``train.batch_tokens``); each keeps its own losses, over its
own tokens and frames, and the batch has their mean. Source: docs/spec/mutualsl.md, sections 3.2 and 3.3.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

import torch
from torch import Tensor, nn

from baselines.mutualsl.examples import Example, highlight_labels
from baselines.mutualsl.losses import batch_terms, highlight_loss
from baselines.mutualsl.model import Output
from baselines.mutualsl.settings import TrainSettings
from baselines.mutualsl.text import batch
from baselines.mutualsl.video_rows import frame_inputs
from cmivqa_kit.neural.tokens import Special
from cmivqa_kit.neural.video_rows import VideoRows
from cmivqa_kit.training.bucketed_task import BucketedTask, Figures

INPUTS = ("input_ids", "attention_mask", "token_type_ids", "features", "frame_mask")


class MutualSLTask(BucketedTask[Example]):
    """Examples as batches, and their five losses.

    Args, beside those of `BucketedTask`:
        frames: the features of the videos.
        special: ids of special tokens.
    """

    def __init__(
        self, model: nn.Module, examples: Sequence[Example], frames: VideoRows, special: Special,
        settings: TrainSettings, seed: int, figures: Figures,
    ) -> None:  # fmt: skip
        self.frames, self.special, self.settings = frames, special, settings
        super().__init__(
            model, examples, groups(model, settings.lr, settings.lr_head), settings, seed, figures,
            settings.batch_tokens, settings.old_optimizer,
        )  # fmt: skip

    def size(self, epoch: int, number: int) -> tuple[int, int]:
        """One row, and its tokens."""
        return 1, len(self.examples[number].row.ids)

    def batch(self, epoch: int, index: int) -> Mapping[str, Any]:
        """Batch ``index`` of an epoch.

        Returns:
            What the network takes, by name, ``highlight`` (B, T) labels, and ``golds``: one `Gold` per example.
        """
        return self.collate([self.examples[number] for number in self.numbers(epoch)[index]])

    def collate(self, examples: Sequence[Example]) -> dict[str, Any]:
        """Examples as one padded batch; see `batch`."""
        made: dict[str, Any] = batch([example.row for example in examples], self.special.pad)
        made |= frame_inputs(self.frames, [example.video for example in examples], not self.settings.frame_mask)
        frames = made["features"].shape[1]
        labels = [torch.from_numpy(highlight_labels(*example.highlight, frames)) for example in examples]
        return {**made, "highlight": torch.stack(labels), "golds": [example.gold for example in examples]}

    def loss(self, model: nn.Module, batch: Mapping[str, Any]) -> Tensor:
        """The mean over the examples of all five losses."""
        output = cast(Output, model(**{name: batch[name] for name in INPUTS}))
        if output.highlight is None:
            raise ValueError("the network gave no highlight: it was given no features")
        mask = batch["frame_mask"] if self.settings.frame_mask else torch.ones_like(batch["frame_mask"])
        with torch.autocast(output.highlight.device.type, enabled=False):
            total = [terms.total() for terms in batch_terms(output, batch["golds"])]
            highlights = zip(output.highlight.float(), batch["highlight"], mask, strict=True)
            total += [highlight_loss(scores, labels, counted) for scores, labels, counted in highlights]
            return torch.stack(total).sum() / len(batch["golds"])


def groups(model: nn.Module, lr: float, lr_head: float) -> list[dict[str, Any]]:
    """Parameter groups: one for all, as published, or where ``lr_head`` is given one more for all but the encoder."""
    named = list(model.named_parameters())
    if not lr_head:
        return [{"params": [parameter for _, parameter in named], "lr": lr}]
    return [
        {"params": [parameter for name, parameter in named if name.startswith("deberta.")], "lr": lr},
        {"params": [parameter for name, parameter in named if not name.startswith("deberta.")], "lr": lr_head},
    ]
