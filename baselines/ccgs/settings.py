"""The sections of ``config.toml`` as frozen classes, checked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from baselines.ccgs import DECLARATION
from cmivqa_kit.neural.feature_sources import FeatureSettings
from cmivqa_kit.plugin.settings import merge, one_of, require
from cmivqa_kit.runs.settings import Config

VARIANTS = ("text", "visual")
FUSIONS = ("published", "pooled")
NEGATIVES = ("question", "video", "both")
CORPORA = ("all", "reference")
PRECISIONS = ("no", "bf16", "fp16")


@dataclass(frozen=True, slots=True)
class EncoderSettings:
    """Section ``encoder``; sizes of 0 are the encoder's hidden size."""

    name: str
    variant: str
    fusion: str
    inner_dim: int
    dim: int
    visual_dim: int
    rows: int
    added_tokens: list[str]
    threads: int

    def __post_init__(self) -> None:
        require(bool(self.name), "encoder.name", self.name, "tiny, a folder or a Hugging Face name")
        for name, value in (("inner_dim", self.inner_dim), ("dim", self.dim)):
            require(value >= 0, f"encoder.{name}", value, "0 or more")
        one_of(VARIANTS, "encoder.variant", self.variant)
        one_of(FUSIONS, "encoder.fusion", self.fusion)
        require(self.rows >= 0, "encoder.rows", self.rows, "0 or more")
        texts = all(isinstance(text, str) and text.strip() == text != "" for text in self.added_tokens)
        require(texts, "encoder.added_tokens", self.added_tokens, 'texts without blanks around, e.g. ["[Music]"]')
        require(self.threads >= 0, "encoder.threads", self.threads, "0 or more")
        require(self.visual_dim >= 1, "encoder.visual_dim", self.visual_dim, "1 or more")


@dataclass(frozen=True, slots=True)
class TrainSettings:
    """What of section ``train`` is not the loop's (see `cmivqa_kit.training.loop.LoopSettings`)."""

    epochs: int
    batch_tokens: int
    accumulation: int
    precision: str
    checkpointing: bool
    lr: float
    lr_head: float
    weight_decay: float
    warmup: float
    dropout: float
    maxlen: int
    pairs: int
    negatives: str
    num_negatives: int
    any_question: bool
    mask_lower: bool
    ranking_weight: float
    joined_length: bool
    old_optimizer: bool
    max_dropped: float
    dev_questions: int

    def __post_init__(self) -> None:
        for name in ("epochs", "accumulation", "num_negatives"):
            require(getattr(self, name) >= 1, f"train.{name}", getattr(self, name), "1 or more")
        for name in ("lr", "lr_head", "weight_decay", "warmup", "ranking_weight", "pairs", "dev_questions",
                     "batch_tokens"):  # fmt: skip
            require(getattr(self, name) >= 0, f"train.{name}", getattr(self, name), "0 or more")
        require(self.maxlen >= 32, "train.maxlen", self.maxlen, "32 or more")
        require(self.dropout < 1, "train.dropout", self.dropout, "below 1")
        require(0 <= self.max_dropped <= 1, "train.max_dropped", self.max_dropped, "between 0 and 1")
        one_of(NEGATIVES, "train.negatives", self.negatives)
        one_of(PRECISIONS, "train.precision", self.precision)


@dataclass(frozen=True, slots=True)
class DecodeSettings:
    """What of section ``decode`` is not the engine's (see `cmivqa_kit.prediction.settings`)."""

    corpus: str
    repeats: bool
    overlap: float
    maxlen: int
    precision: str

    def __post_init__(self) -> None:
        one_of(CORPORA, "decode.corpus", self.corpus)
        require(0 <= self.overlap < 1, "decode.overlap", self.overlap, "at least 0 and below 1")
        require(self.maxlen == 0 or self.maxlen >= 32, "decode.maxlen", self.maxlen, "0, or 32 or more")
        one_of(("auto", *PRECISIONS), "decode.precision", self.precision)


@dataclass(frozen=True, slots=True)
class Settings:
    """All of ``config.toml``; ``table`` is section ``train`` as it stands, for the loop."""

    encoder: EncoderSettings
    train: TrainSettings
    decode: DecodeSettings
    features: FeatureSettings
    table: dict[str, Any]

    @classmethod
    def of(cls, config: Config) -> Settings:
        """The settings of ``config``; what it does not name has its value of ``config.toml``.

        Raises:
            UserError: a value out of its range.
        """
        values = merge(config, DECLARATION, ())
        train = {name: values["train"][name] for name in TrainSettings.__dataclass_fields__}
        return cls(
            EncoderSettings(**values["encoder"]),
            TrainSettings(**train),
            DecodeSettings(**{name: values["decode"][name] for name in DecodeSettings.__dataclass_fields__}),
            FeatureSettings(**values["features"]),
            dict(values["train"]),
        )
