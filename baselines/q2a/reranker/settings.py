"""The sections of ``config.toml`` that the re-ranker reads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from baselines.q2a import DECLARATION
from baselines.q2a.settings import ModelSettings, TrainSettings
from cmivqa_kit.neural.feature_sources import FeatureSettings
from cmivqa_kit.neural.settings import EncoderSystemSettings
from cmivqa_kit.plugin.sections import Count, Positive, Rule, Section, Share


@dataclass(frozen=True, slots=True)
class RerankSettings(Section):
    """Section ``rerank``: the lists that are learnt from, and how much of them."""

    section = "rerank"
    lists: Annotated[str, Rule(bool, "a baseline, the folder of a run, or a submission file")]
    dev_lists: str
    least_iou: Share
    candidates: Count
    rows: Positive


@dataclass(frozen=True, slots=True)
class RerankerSettings(EncoderSystemSettings):
    """What the re-ranker reads of ``config.toml``."""

    declaration = DECLARATION
    model: ModelSettings
    train: TrainSettings
    features: FeatureSettings
    rerank: RerankSettings

    @property
    def feature_source(self) -> FeatureSettings:
        """Where frames come from."""
        return self.features
