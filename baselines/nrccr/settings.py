"""The sections of both ``config.toml`` files as frozen classes, checked."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Annotated

from baselines.nrccr import DECLARATION, MLCMR
from baselines.nrccr.discriminators import KINDS
from baselines.nrccr.losses import DIRECTIONS
from baselines.nrccr.mlcmr_collection import MODES, TARGETS
from baselines.nrccr.network import PADDING
from baselines.nrccr.texts import lower_cased
from cmivqa_kit.neural import settings as common
from cmivqa_kit.neural.encoders import Encoder
from cmivqa_kit.neural.feature_sources import FeatureSettings
from cmivqa_kit.neural.settings import EncoderSystemSettings
from cmivqa_kit.plugin.sections import Count, Dropout, Part, Positive, Rate, Rule, Section, Share, at_least, choice

IMAGES = "images"


@dataclass(frozen=True, slots=True)
class EncoderSettings(common.EncoderSettings):
    """Section ``encoder``: the pretrained text encoder; ``dropout`` below 0 is its own."""

    dropout: Dropout


@dataclass(frozen=True, slots=True)
class ModelSettings(Section):
    """Section ``model``: what both networks have. ``space`` is the width of the common space."""

    section = "model"
    space: Positive
    dropout: Part
    padding: Annotated[str, choice(*PADDING)]


@dataclass(frozen=True, slots=True)
class NRCCRModelSettings(ModelSettings):
    """Section ``model`` of NRCCR; ``text_hidden`` 0 is the width of the pretrained encoder.

    ``positions`` and ``alike`` are of the weights that a training begins with (`baselines.nrccr.model.begin`).
    """

    text_hidden: Count
    text_heads: Positive
    video_hidden: Positive
    video_heads: Positive
    video_pooling: Annotated[str, choice("mean", "max")]
    discriminator: Annotated[str, choice(*KINDS)]
    positions: Rate
    alike: bool


@dataclass(frozen=True, slots=True)
class MLCMRModelSettings(ModelSettings):
    """Section ``model`` of MLCMR."""

    recurrent: Positive
    kernels: Positive
    kernel_sizes: Annotated[list[int], Rule(lambda sizes: bool(sizes) and min(sizes) > 0, "sizes of kernels in frames")]
    pooling: Annotated[str, choice("mean", "max")]


@dataclass(frozen=True, slots=True)
class DataSettings(Section):
    """Section ``data``: which files of a benchmark's collection are read."""

    section = "data"
    collection: str
    kind: Annotated[str, choice("videos", IMAGES)]
    feature: str
    validation: Annotated[str, choice("val", "test")]
    data_type: Annotated[str, Rule(lambda name: "2" in name or name.isalpha(), "such as google_enc2zh")]
    task: Annotated[int, Rule(lambda number: number in (1, 2), "1 or 2")]


@dataclass(frozen=True, slots=True)
class MLCMRDataSettings(DataSettings):
    """Section ``data`` of MLCMR; ``target`` is the language that is asked in, by default what ``data_type`` ends in."""

    mode: Annotated[str, choice(*MODES)]
    target: Annotated[str, choice("", *TARGETS)]


@dataclass(frozen=True, slots=True)
class TrainSettings(common.TrainSettings):
    """Section ``train``: what both systems have."""

    batch: Annotated[int, at_least(2)]
    frozen: Annotated[str, choice("frozen", "all_frozen", "none")]
    layers: list[str]
    margin: Rate
    max_violation: bool
    cost_style: Annotated[str, choice("sum", "mean")]
    direction: Annotated[str, choice(*DIRECTIONS)]
    mask_same_video: bool
    source_language: str
    translations: str
    decay: Share
    cut: Share
    cut_patience: Count


@dataclass(frozen=True, slots=True)
class NRCCRTrainSettings(TrainSettings):
    """Section ``train`` of NRCCR: the weights of its losses."""

    tri_alpha: Rate
    dtl_beta: Rate
    l1_gama: Rate
    back_w: Rate
    scale: Rate
    glr: Rate


@dataclass(frozen=True, slots=True)
class DecodeSettings(Section):
    """Section ``decode``: texts or videos at once, and the weights of two languages.

    ``source_weight`` is that of the source language on a benchmark, ``question_weight`` that of a question of a corpus
    beside its translation in the file ``translations``.
    """

    section = "decode"
    batch: Positive
    source_weight: Share
    translations: str
    question_weight: Share


@dataclass(frozen=True, slots=True)
class RetrievalSettings(EncoderSystemSettings):
    """What both systems have."""

    encoder: EncoderSettings
    train: TrainSettings
    data: DataSettings
    decode: DecodeSettings
    features: FeatureSettings

    @property
    def feature_source(self) -> FeatureSettings | None:
        """Section ``features``, of the corpora of the challenge."""
        return self.features

    @property
    def dropout(self) -> float:
        """The encoder's dropout in training."""
        return self.encoder.dropout

    def open_encoder(self, texts: Iterable[str], seed: int) -> Encoder:
        """The text encoder before it is trained, with a tokenizer that lower-cases; arguments as of the kit's."""
        encoder = EncoderSystemSettings.open_encoder(self, texts, seed)
        return replace(encoder, tokenizer=lower_cased(encoder.tokenizer))


@dataclass(frozen=True, slots=True)
class NRCCRSettings(RetrievalSettings):
    """All of NRCCR's ``config.toml``."""

    declaration = DECLARATION
    model: NRCCRModelSettings
    train: NRCCRTrainSettings


@dataclass(frozen=True, slots=True)
class MLCMRSettings(RetrievalSettings):
    """All of MLCMR's ``mlcmr.toml``."""

    declaration = MLCMR
    model: MLCMRModelSettings
    data: MLCMRDataSettings
