"""The sections of ``config.toml`` as frozen classes, checked; `cmivqa_kit.neural.settings` has what systems share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from baselines.mutualsl import DECLARATION
from cmivqa_kit.neural.feature_sources import FeatureSettings
from cmivqa_kit.neural.settings import TextSystemSettings, TextTrainSettings, WindowSettings
from cmivqa_kit.plugin.sections import Part, Positive, Section, choice


@dataclass(frozen=True, slots=True)
class VisualSettings(Section):
    """Section ``visual``; what fits together is checked by the network (`baselines.mutualsl.network`)."""

    section = "visual"
    dim: Positive
    visual_dim: Positive
    frames: Positive
    encoder_heads: Positive
    predictor_heads: Positive
    encoder_layers: Positive
    predictor_layers: Positive
    kernel: Positive
    dropout: Part
    paper_text_fusion: bool


@dataclass(frozen=True, slots=True)
class TrainSettings(TextTrainSettings):
    """Section ``train``: the labels, and the defects of the published code."""

    start_label: Annotated[str, choice("first", "second")]
    frame_mask: bool
    rescale: bool
    published_filter: bool


@dataclass(frozen=True, slots=True)
class DecodeSettings(WindowSettings):
    """Section ``decode``."""

    spans: Annotated[str, choice("reference", "constrained", "visual")]
    tokens: Positive
    attention: str


@dataclass(frozen=True, slots=True)
class Settings(TextSystemSettings):
    """All of ``config.toml``."""

    declaration = DECLARATION
    visual: VisualSettings
    train: TrainSettings
    decode: DecodeSettings
    features: FeatureSettings

    @property
    def feature_source(self) -> FeatureSettings:
        """Section ``features``."""
        return self.features
