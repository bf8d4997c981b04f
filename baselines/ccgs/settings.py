"""The sections of ``config.toml`` as frozen classes, checked; `cmivqa_kit.neural.settings` has what systems share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from baselines.ccgs import DECLARATION
from cmivqa_kit.neural.feature_sources import FeatureSettings
from cmivqa_kit.neural.settings import EncoderSettings, TextSystemSettings, TextTrainSettings, WindowSettings
from cmivqa_kit.plugin.sections import Count, Positive, Rate, choice


@dataclass(frozen=True, slots=True)
class CCGSEncoderSettings(EncoderSettings):
    """Section ``encoder``; sizes of 0 are the encoder's hidden size."""

    variant: Annotated[str, choice("text", "visual")]
    fusion: Annotated[str, choice("published", "pooled")]
    inner_dim: Count
    dim: Count
    visual_dim: Positive
    rows: Count


@dataclass(frozen=True, slots=True)
class TrainSettings(TextTrainSettings):
    """Section ``train``: negatives, and the defects of the published code."""

    negatives: Annotated[str, choice("question", "video", "both")]
    num_negatives: Positive
    any_question: bool
    mask_lower: bool
    ranking_weight: Rate
    joined_length: bool


@dataclass(frozen=True, slots=True)
class DecodeSettings(WindowSettings):
    """What of section ``decode`` is not the engine's (see `cmivqa_kit.prediction.settings`)."""

    corpus: Annotated[str, choice("all", "reference")]
    repeats: bool


@dataclass(frozen=True, slots=True)
class Settings(TextSystemSettings):
    """All of ``config.toml``."""

    declaration = DECLARATION
    encoder: CCGSEncoderSettings
    train: TrainSettings
    decode: DecodeSettings
    features: FeatureSettings

    @property
    def feature_source(self) -> FeatureSettings | None:
        """Section ``features``; the text variant asks for none."""
        return self.features if self.encoder.variant == "visual" else None
