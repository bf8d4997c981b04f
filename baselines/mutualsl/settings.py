"""The sections of ``config.toml`` as frozen classes, checked; `cmivqa_kit.neural.settings` has what systems share."""

from __future__ import annotations

from dataclasses import dataclass

from baselines.mutualsl import DECLARATION
from cmivqa_kit.neural.feature_sources import FeatureSettings
from cmivqa_kit.neural.settings import (
    EncoderSettings,
    TextSystemSettings,
    TextTrainSettings,
    WindowSettings,
    require_least,
)
from cmivqa_kit.plugin.settings import one_of, require

START_LABELS = ("first", "second")
SPANS = ("reference", "constrained", "visual")


@dataclass(frozen=True, slots=True)
class VisualSettings:
    """Section ``visual``; what fits together is checked by the network (`baselines.mutualsl.network`)."""

    dim: int
    visual_dim: int
    frames: int
    encoder_heads: int
    predictor_heads: int
    encoder_layers: int
    predictor_layers: int
    kernel: int
    dropout: float
    paper_text_fusion: bool

    def __post_init__(self) -> None:
        sizes = [name for name in self.__dataclass_fields__ if name not in ("dropout", "paper_text_fusion")]
        require_least("visual", self, 1, sizes)
        require(0 <= self.dropout < 1, "visual.dropout", self.dropout, "at least 0 and below 1")


@dataclass(frozen=True, slots=True)
class TrainSettings(TextTrainSettings):
    """Section ``train``: the labels, and the defects of the published code."""

    start_label: str
    frame_mask: bool
    rescale: bool
    published_filter: bool

    def __post_init__(self) -> None:
        TextTrainSettings.__post_init__(self)
        one_of(START_LABELS, "train.start_label", self.start_label)


@dataclass(frozen=True, slots=True)
class DecodeSettings(WindowSettings):
    """Section ``decode``."""

    spans: str
    tokens: int
    attention: str

    def __post_init__(self) -> None:
        WindowSettings.__post_init__(self)
        one_of(SPANS, "decode.spans", self.spans)
        require_least("decode", self, 1, ("tokens",))


@dataclass(frozen=True, slots=True)
class Settings(TextSystemSettings):
    """All of ``config.toml``."""

    declaration = DECLARATION
    encoder: EncoderSettings
    visual: VisualSettings
    train: TrainSettings
    decode: DecodeSettings
    features: FeatureSettings

    @property
    def feature_source(self) -> FeatureSettings:
        """Section ``features``."""
        return self.features
