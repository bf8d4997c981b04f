"""The sections of ``config.toml`` that a training reads."""

from __future__ import annotations

from dataclasses import dataclass

from baselines.hybrid import DECLARATION
from cmivqa_kit.neural.settings import EncoderSystemSettings, TrainSettings
from cmivqa_kit.plugin.sections import Dropout, Positive, Rate


@dataclass(frozen=True, slots=True)
class HybridTrainSettings(TrainSettings):
    """Section ``train``."""

    dropout: Dropout


@dataclass(frozen=True, slots=True)
class TrainingSettings(EncoderSystemSettings):
    """What a training reads of ``config.toml``."""

    declaration = DECLARATION
    train: HybridTrainSettings

    @property
    def dropout(self) -> float:
        """The encoder's dropout in training."""
        return self.train.dropout
