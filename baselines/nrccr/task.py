"""Training: shuffled batches of examples, the losses of both systems, the discriminator that NRCCR learns against.

Source: docs/spec/nrccr.md, sections 3.1 to 3.3 and appendix A.
"""

from __future__ import annotations

import random
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, cast

import torch
from torch import Tensor, nn

from baselines.nrccr.discriminators import FAKE, REAL, label_loss
from baselines.nrccr.examples import Example, RowsOf, batches_of, masked_views, training_batch
from baselines.nrccr.losses import feature_distillation, info_nce, similarity_distillation, triplet
from baselines.nrccr.mlcmr import MLCMR
from baselines.nrccr.model import NRCCR
from baselines.nrccr.settings import NRCCRTrainSettings, TrainSettings
from cmivqa_kit.training.bucketed_task import Figures
from cmivqa_kit.training.reacting_rate import Plateau, Rate
from cmivqa_kit.training.rivals import Rival

BETAS, EPSILON = (0.9, 0.999), 1e-8


def freeze_encoder(encoder: nn.Module, frozen: str, layers: Sequence[str]) -> None:
    """Let a pretrained text encoder learn in part.

    Args:
        encoder: the pretrained one.
        frozen: "frozen": only weights with one of ``layers`` in their names learn; "all_frozen": none; "none": all.
        layers: parts of names, as published without an end: ``layer.1`` is in ``layer.10`` too.
    """
    for name, parameter in encoder.named_parameters():
        learns = frozen == "none" or (frozen == "frozen" and any(layer in name for layer in layers))
        parameter.requires_grad_(learns)


class RetrievalTask(ABC):
    """What the training loop asks for (`cmivqa_kit.training.loop.Task`), but for the loss.

    Args:
        model: what is trained.
        learning: the parameters that do.
        examples: what it is trained on.
        rows_of: frames of a video.
        pad: the id of padding.
        settings: section ``train``.
        seed: of the run.
        figures: dev metrics.
    """

    def __init__(
        self, model: nn.Module, learning: Sequence[nn.Parameter], examples: Sequence[Example], rows_of: RowsOf,
        pad: int, settings: TrainSettings, seed: int, figures: Figures,
    ) -> None:  # fmt: skip
        self.model: nn.Module = model
        self.settings, self.seed, self.pad = settings, seed, pad
        self.examples, self.rows_of, self._figures = tuple(examples), rows_of, figures
        self.optimizer: torch.optim.Optimizer = torch.optim.Adam(
            [parameter for parameter in learning if parameter.requires_grad],
            settings.lr, BETAS, EPSILON, settings.weight_decay,
        )  # fmt: skip
        self._batches = len(self.numbers(0))
        self._plateau = Plateau(settings.decay, settings.cut, settings.cut_patience, restart=False)

    def numbers(self, epoch: int) -> list[list[int]]:
        """The numbers of the examples in each batch of an epoch; one alone is no batch (its statistics are none).

        Examples with a translation share batches, and so do those without, where there are both.
        """
        groups: dict[tuple[bool, bool], list[int]] = {}
        for number, example in enumerate(self.examples):
            groups.setdefault((bool(example.translation), bool(example.back)), []).append(number)
        draw = random.Random(f"batches {self.seed} {epoch}")
        batches = []
        for _, order in sorted(groups.items()):
            draw.shuffle(order)
            cuts = batches_of(len(order), self.settings.batch)
            batches += [[order[number] for number in cut] for cut in cuts if len(cut) > 1]
        if len(groups) > 1:
            draw.shuffle(batches)
        return batches

    def batches(self, epoch: int) -> int:
        """Batches in an epoch, as many in each."""
        return self._batches

    def batch(self, epoch: int, index: int) -> Mapping[str, Any]:
        """Batch ``index`` of an epoch, as `training_batch` gives it; ``same`` (N, N) marks examples of one video."""
        chosen = [self.examples[number] for number in self.numbers(epoch)[index]]
        order, batch = training_batch(chosen, self.rows_of, self.pad)
        chosen = [chosen[number] for number in order]
        if self.settings.mask_same_video:
            videos = [example.video for example in chosen]
            batch["same"] = torch.tensor([[one == other for other in videos] for one in videos])
        return batch | self.more(chosen, random.Random(f"views {self.seed} {epoch} {index}"))

    def more(self, examples: Sequence[Example], draw: random.Random) -> dict[str, Tensor]:
        """What else a batch holds."""
        return {}

    @abstractmethod
    def loss(self, model: nn.Module, batch: Mapping[str, Any]) -> Tensor:
        """The scalar that is minimised."""

    def multiplier(self, step: int) -> float:
        """A linear warm-up over ``train.warmup`` epochs, then 1."""
        warmup = self.settings.warmup * self.batches(0)
        return min(1.0, (step + 1) / warmup) if warmup else 1.0

    def react(self, rate: Rate, better: bool) -> Rate:
        """The learning rate decays with every evaluation, and is cut where they do not get better."""
        return self._plateau(rate, better)

    def evaluate(self, model: nn.Module) -> Mapping[str, float]:
        """Dev metrics, the deciding one first."""
        return self._figures(model)

    def triplet(self, texts: Tensor, videos: Tensor, same: Tensor | None) -> Tensor:
        """`losses.triplet` with the settings of the run."""
        settings = self.settings
        return triplet(
            texts, videos, settings.margin, settings.max_violation, settings.cost_style, settings.direction, same
        )


class NRCCRTask(RetrievalTask):
    """NRCCR: what a batch has no texts for has no part in its loss; without translations there is no discriminator."""

    settings: NRCCRTrainSettings

    def __init__(
        self, model: NRCCR, examples: Sequence[Example], rows_of: RowsOf, pad: int, settings: NRCCRTrainSettings,
        seed: int, figures: Figures,
    ) -> None:  # fmt: skip
        freeze_encoder(model.text_encoder.text_bert, settings.frozen, settings.layers)
        rival = list(model.discriminator.parameters())
        own = {id(parameter) for parameter in rival}
        learning = [parameter for parameter in model.parameters() if id(parameter) not in own]
        super().__init__(model, learning, examples, rows_of, pad, settings, seed, figures)
        self.rivals: tuple[Rival, ...] = ()
        if settings.scale and any(example.translation for example in examples):
            optimizer = torch.optim.Adam(rival, settings.glr, BETAS, EPSILON)
            self.rivals = (Rival("discriminator", model.discriminator, optimizer, discriminator_loss),)

    def encode(self, model: nn.Module, batch: Mapping[str, Any]) -> Mapping[str, Tensor]:
        """All views of the batch, which rival and network learn from."""
        return cast(NRCCR, model).views(batch)

    def loss(self, model: nn.Module, batch: Mapping[str, Any]) -> Tensor:
        """The sum of `terms`."""
        return torch.stack(list(self.terms(model, batch).values())).sum()

    def terms(self, model: nn.Module, batch: Mapping[str, Any]) -> dict[str, Tensor]:
        """The weighted terms of the loss by name.

        Args:
            model: whose discriminator is asked, as it is after its own update of this step.
            batch: joined with the views.
        """
        settings, same, video = self.settings, batch.get("same"), batch["video"]
        terms = {"source": self.triplet(batch["source"], video, same)}
        if "translation" in batch:
            translation, cross = batch["translation"], batch["cross"]
            terms["translation"] = settings.tri_alpha * self.triplet(translation, video, same)
            terms["similarity"] = settings.dtl_beta * similarity_distillation(video, cross, translation)
            terms["features"] = settings.l1_gama * feature_distillation(translation, cross)
        if "back" in batch:
            terms["back"] = settings.back_w * self.triplet(batch["source"], batch["back"], same)
        if "translation" in batch and settings.scale:
            logits = cast(NRCCR, model).discriminator(batch["translation_states"], batch["translation_mask"])
            terms["adversarial"] = settings.scale * label_loss(logits, REAL)
        return terms


def discriminator_loss(model: nn.Module, batch: Mapping[str, Any]) -> Tensor:
    """The discriminator's own loss: the source is real, the translation is not; without a translation nothing.

    Args:
        model: the discriminator.
        batch: joined with the detached states.
    """
    if "translation_states" not in batch:
        return 0.0 * cast(Tensor, sum(parameter.sum() for parameter in model.parameters()))
    real = model(batch["source_states"], batch["source_mask"])
    fake = model(batch["translation_states"], batch["translation_mask"])
    return 0.5 * (label_loss(real, REAL) + label_loss(fake, FAKE))


class MLCMRTask(RetrievalTask):
    """MLCMR: both languages against the videos, and every view against its masked one.

    Args, beside those of `RetrievalTask`:
        mask_token: the id that stands for hidden tokens.
    """

    def __init__(
        self, model: MLCMR, examples: Sequence[Example], rows_of: RowsOf, pad: int, settings: TrainSettings,
        seed: int, figures: Figures, mask_token: int,
    ) -> None:  # fmt: skip
        freeze_encoder(model.text_encoder.text_bert, settings.frozen, settings.layers)
        super().__init__(model, list(model.parameters()), examples, rows_of, pad, settings, seed, figures)
        self.mask_token = mask_token

    def more(self, examples: Sequence[Example], draw: random.Random) -> dict[str, Tensor]:
        """The masked views, drawn anew for every batch."""
        return masked_views(examples, self.rows_of, self.pad, self.mask_token, draw)

    def loss(self, model: nn.Module, batch: Mapping[str, Any]) -> Tensor:
        """The sum of the triplet terms, and half of every contrast between a view and its masked one."""
        views, same = cast(MLCMR, model).views(batch), batch.get("same")
        names = [name for name in ("source", "translation") if name in views]
        terms = [self.triplet(views[name], views["video"], same) for name in names]
        terms += [0.5 * contrast for name in names for contrast in contrasts(views, name)]
        terms += [0.5 * contrast for contrast in contrasts(views, "video", same)]  # the same video is itself
        return torch.stack(terms).sum()


def contrasts(views: Mapping[str, Tensor], name: str, same: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """I(view, masked view) and I(masked view, view); ``same`` as of `info_nce`."""
    view, masked = views[name], views[f"{name}_masked"]
    return info_nce(view, masked, same), info_nce(masked, view, same)
