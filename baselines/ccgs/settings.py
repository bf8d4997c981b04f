"""The sections of ``config.toml`` as frozen classes, checked; `cmivqa_kit.neural.settings` has what systems share."""

from __future__ import annotations

from dataclasses import dataclass

from baselines.ccgs import DECLARATION
from cmivqa_kit.neural.feature_sources import FeatureSettings
from cmivqa_kit.neural.settings import (
    EncoderSettings,
    TextSystemSettings,
    TextTrainSettings,
    WindowSettings,
    require_least,
)
from cmivqa_kit.plugin.settings import one_of

VARIANTS = ("text", "visual")
FUSIONS = ("published", "pooled")
NEGATIVES = ("question", "video", "both")
CORPORA = ("all", "reference")


@dataclass(frozen=True, slots=True)
class CCGSEncoderSettings(EncoderSettings):
    """Section ``encoder``; sizes of 0 are the encoder's hidden size."""

    variant: str
    fusion: str
    inner_dim: int
    dim: int
    visual_dim: int
    rows: int

    def __post_init__(self) -> None:
        EncoderSettings.__post_init__(self)
        require_least("encoder", self, 0, ("inner_dim", "dim", "rows"))
        require_least("encoder", self, 1, ("visual_dim",))
        one_of(VARIANTS, "encoder.variant", self.variant)
        one_of(FUSIONS, "encoder.fusion", self.fusion)


@dataclass(frozen=True, slots=True)
class TrainSettings(TextTrainSettings):
    """Section ``train``: negatives, and the defects of the published code."""

    negatives: str
    num_negatives: int
    any_question: bool
    mask_lower: bool
    ranking_weight: float
    joined_length: bool

    def __post_init__(self) -> None:
        TextTrainSettings.__post_init__(self)
        require_least("train", self, 1, ("num_negatives",))
        require_least("train", self, 0, ("ranking_weight",))
        one_of(NEGATIVES, "train.negatives", self.negatives)


@dataclass(frozen=True, slots=True)
class DecodeSettings(WindowSettings):
    """What of section ``decode`` is not the engine's (see `cmivqa_kit.prediction.settings`)."""

    corpus: str
    repeats: bool

    def __post_init__(self) -> None:
        WindowSettings.__post_init__(self)
        one_of(CORPORA, "decode.corpus", self.corpus)


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
