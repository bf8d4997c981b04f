"""The sections of ``config.toml`` as frozen classes, checked; `cmivqa_kit.neural.settings` has what systems share."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated

from baselines.mesm import DECLARATION
from baselines.mesm.decode import NmsRules, WindowRules
from baselines.mesm.examples import RELATIVE, ClipRules
from baselines.mesm.losses import Weights
from baselines.mesm.matching import Costs
from baselines.mesm.network import CLIP, CORRECT, GLOVE, NONE, PUBLISHED
from cmivqa_kit.neural import settings as common
from cmivqa_kit.neural.encoders import Encoder, open_encoder
from cmivqa_kit.neural.feature_sources import FeatureSettings
from cmivqa_kit.neural.settings import SystemSettings
from cmivqa_kit.plugin.sections import Count, Part, Positive, Rate, Rule, Section, Share, choice

VECTORS, STORED, DRAWN = "vectors", "stored", "drawn"
ENCODERS = {
    CLIP: CLIP,
    VECTORS: NONE,
    STORED: NONE,
    GLOVE: GLOVE,
    DRAWN: GLOVE,
}  # kinds of text, and what the network has of them
FIRST_SPLIT = "published"  # the split that the authors chose their weights on


@dataclass(frozen=True, slots=True)
class EncoderSettings(Section):
    """Section ``encoder``: the frozen text encoder on a corpus of the challenge."""

    section = "encoder"
    name: Annotated[str, Rule(bool, "tiny, a folder or a Hugging Face name")]


@dataclass(frozen=True, slots=True)
class TextSettings(Section):
    """Section ``text``."""

    section = "text"
    encoder: Annotated[str, choice(*ENCODERS)]
    source: str
    words: Annotated[str, choice("treebank", "simple")]
    longest: Annotated[int, Rule(lambda value: value >= 3, "3 or more")]
    labels: Positive
    counts: str
    tags: bool
    width: Positive


@dataclass(frozen=True, slots=True)
class DataSettings(Section):
    """Section ``data``."""

    section = "data"
    features: Annotated[list[str], Rule(lambda names: bool(names) and all(isinstance(n, str) and n for n in names),
                                        'names of feature stores, e.g. ["clip_image"]')]  # fmt: skip
    clip: Annotated[float, Rule(lambda value: value == -1 or value > 0, "seconds above 0, or -1")]
    longest: Positive
    gather: Count
    validation: str
    held_out: Annotated[float, Rule(lambda value: 0 < value < 1, "above 0 and below 1")]

    def rules(self, cut: bool) -> ClipRules:
        """How rows become clips; ``cut``: a longer video is cut off."""
        return ClipRules(self.clip, self.longest, cut)


@dataclass(frozen=True, slots=True)
class ModelSettings(Section):
    """Section ``model``; what fits together is checked by the network (`baselines.mesm.network`)."""

    section = "model"
    dim: Positive
    heads: Positive
    feedforward: Positive
    slots: Positive
    enhancer_layers: Positive
    reconstructor_layers: Positive
    aligner_layers: Positive
    encoder_layers: Positive
    decoder_layers: Positive
    projection_layers: Positive
    dropout: Part
    input_dropout: Part
    shared_branch: bool
    enhance: bool
    reconstruct: bool
    positions: bool
    cross_sample_mask: Annotated[str, choice(PUBLISHED, CORRECT)]


@dataclass(frozen=True, slots=True)
class LossSettings(Section):
    """Section ``loss``."""

    section = "loss"
    cost_span: Rate
    cost_giou: Rate
    cost_label: Rate
    span: Rate
    giou: Rate
    label: Rate
    saliency: Rate
    masked_words: Rate
    reconstruction: Rate
    background: Rate
    rank: Annotated[float, Rule(lambda value: value > 0, "above 0")]
    margin: Rate
    same_moment: Share
    temperature: Annotated[float, Rule(lambda value: value > 0, "above 0")]
    triplet: bool
    every_layer: bool

    def weights(self) -> Weights:
        """As the losses take them."""
        return Weights(
            Costs(self.cost_span, self.cost_giou, self.cost_label), self.span, self.giou, self.label, self.saliency,
            self.masked_words, self.reconstruction, self.background, self.rank, self.margin, self.same_moment,
            self.temperature, self.triplet, self.every_layer,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class TrainSettings(common.TrainSettings):
    """Section ``train``."""

    batch: Positive
    drop_after: Positive
    drop: Share
    select: Annotated[str, choice("mAP", "miou")]
    threads: Count


@dataclass(frozen=True, slots=True)
class DecodeSettings(Section):
    """Section ``decode``."""

    section = "decode"
    batch: Positive
    limit: Annotated[float, Rule(lambda value: value > 0, "above 0")]
    grid: bool
    nms: Annotated[float, Rule(lambda value: value == -1 or 0 <= value <= 1, "between 0 and 1, or -1")]
    nms_before: Positive
    nms_after: Positive
    precision: Annotated[str, choice("auto", *common.PRECISIONS)]

    def rules(self, clip: float) -> WindowRules:
        """How windows are finished; ``clip``: seconds of one."""
        return WindowRules(clip if self.grid else RELATIVE, self.limit)

    @property
    def suppression(self) -> NmsRules | None:
        """Temporal NMS, where it is asked for."""
        return None if self.nms < 0 else NmsRules(self.nms, self.nms_before, self.nms_after)


@dataclass(frozen=True, slots=True)
class Settings(SystemSettings):
    """All of ``config.toml``."""

    declaration = DECLARATION
    encoder: EncoderSettings
    features: FeatureSettings
    text: TextSettings
    data: DataSettings
    model: ModelSettings
    loss: LossSettings
    train: TrainSettings
    decode: DecodeSettings

    @property
    def cpu_threads(self) -> int:
        """CPU threads for the network; 0: torch's own choice."""
        return self.train.threads

    @property
    def feature_source(self) -> FeatureSettings:
        """Section ``features``."""
        return self.features

    def open_encoder(self, texts: Iterable[str], seed: int) -> Encoder:
        """The frozen text encoder.

        Args:
            texts: what ``tiny`` learns its vocabulary from.
            seed: of random weights.

        Raises:
            UserError: it cannot be read or fetched.
        """
        return open_encoder(self.encoder.name, texts, seed)
