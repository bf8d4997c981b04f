"""The sections of ``config.toml`` that a training reads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from baselines.hybrid import DECLARATION
from cmivqa_kit.neural.settings import EncoderSystemSettings, TrainSettings
from cmivqa_kit.plugin.sections import Count, Dropout, Part, Positive, Rate, Rule, Section
from cmivqa_kit.plugin.settings import require

TUNED, FROZEN = "tuned", "frozen"


def _are_members(values: list[Any]) -> bool:
    return bool(values) and all(value in (TUNED, FROZEN) for value in values)


def _are_shares(values: list[Any]) -> bool:
    return all(isinstance(value, float | int) and not isinstance(value, bool) and 0 < value <= 1 for value in values)


@dataclass(frozen=True, slots=True)
class HeadSettings(Section):
    """Section ``head``: the sizes of the head."""

    section = "head"
    projected: Positive
    hidden: Positive
    context: Positive
    product: Positive
    dropout: Part


@dataclass(frozen=True, slots=True)
class HybridTrainSettings(TrainSettings):
    """Section ``train``."""

    members: Annotated[list[str], Rule(_are_members, '"tuned" or "frozen" each, at least one')]
    frozen_epochs: Positive
    stop_after: Annotated[list[float], Rule(_are_shares, "shares above 0, at most 1")]
    videos: Positive
    questions: Positive
    lr_head: Rate
    weight_decay_head: Rate
    dropout: Dropout
    within_weight: Rate
    shift: Count
    freeze_embeddings: bool


@dataclass(frozen=True, slots=True)
class TrainingSettings(EncoderSystemSettings):
    """What a training reads of ``config.toml``."""

    declaration = DECLARATION
    train: HybridTrainSettings
    head: HeadSettings

    def __post_init__(self) -> None:
        shares, members = len(self.train.stop_after), len(self.train.members)
        require(shares in (0, members), "train.stop_after", self.train.stop_after, f"one for each of {members} members")

    @property
    def dropout(self) -> float:
        """The encoder's dropout in training."""
        return self.train.dropout
