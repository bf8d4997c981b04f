"""The sections of ``config.toml`` as frozen classes, checked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from baselines.mutualsl import DECLARATION
from cmivqa_kit.neural.feature_sources import FeatureSettings
from cmivqa_kit.plugin.settings import merge, one_of, require
from cmivqa_kit.runs.settings import Config

START_LABELS = ("first", "second")
PRECISIONS = ("no", "bf16", "fp16")
SPANS = ("reference", "constrained", "visual")


@dataclass(frozen=True, slots=True)
class EncoderSettings:
    """Section ``encoder``."""

    name: str
    added_tokens: list[str]
    threads: int

    def __post_init__(self) -> None:
        require(bool(self.name), "encoder.name", self.name, "tiny, a folder or a Hugging Face name")
        texts = all(isinstance(text, str) and text.strip() == text != "" for text in self.added_tokens)
        require(texts, "encoder.added_tokens", self.added_tokens, 'texts without blanks around, e.g. ["[Music]"]')
        require(self.threads >= 0, "encoder.threads", self.threads, "0 or more")


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
        for name in self.__dataclass_fields__:
            if name in ("dropout", "paper_text_fusion"):
                continue
            require(getattr(self, name) >= 1, f"visual.{name}", getattr(self, name), "1 or more")
        require(0 <= self.dropout < 1, "visual.dropout", self.dropout, "at least 0 and below 1")


@dataclass(frozen=True, slots=True)
class TrainSettings:
    """What of section ``train`` is not the loop's (see `cmivqa_kit.training.loop.LoopSettings`)."""

    epochs: int
    batch_tokens: int
    start_label: str
    frame_mask: bool
    rescale: bool
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
    published_filter: bool
    old_optimizer: bool
    max_dropped: float
    dev_questions: int

    def __post_init__(self) -> None:
        for name in ("epochs", "accumulation"):
            require(getattr(self, name) >= 1, f"train.{name}", getattr(self, name), "1 or more")
        for name in ("lr", "lr_head", "weight_decay", "warmup", "pairs", "dev_questions", "batch_tokens"):
            require(getattr(self, name) >= 0, f"train.{name}", getattr(self, name), "0 or more")
        require(self.maxlen >= 32, "train.maxlen", self.maxlen, "32 or more")
        require(self.dropout < 1, "train.dropout", self.dropout, "below 1")
        require(0 <= self.max_dropped <= 1, "train.max_dropped", self.max_dropped, "between 0 and 1")
        one_of(START_LABELS, "train.start_label", self.start_label)
        one_of(PRECISIONS, "train.precision", self.precision)


@dataclass(frozen=True, slots=True)
class DecodeSettings:
    """Section ``decode``."""

    spans: str
    overlap: float
    maxlen: int
    tokens: int
    precision: str
    attention: str

    def __post_init__(self) -> None:
        one_of(SPANS, "decode.spans", self.spans)
        require(0 <= self.overlap < 1, "decode.overlap", self.overlap, "at least 0 and below 1")
        require(self.maxlen == 0 or self.maxlen >= 32, "decode.maxlen", self.maxlen, "0, or 32 or more")
        require(self.tokens >= 1, "decode.tokens", self.tokens, "1 or more")
        one_of(("auto", *PRECISIONS), "decode.precision", self.precision)


@dataclass(frozen=True, slots=True)
class Settings:
    """All of ``config.toml``; ``table`` is section ``train`` as it stands, for the loop."""

    encoder: EncoderSettings
    visual: VisualSettings
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
            VisualSettings(**values["visual"]),
            TrainSettings(**train),
            DecodeSettings(**values["decode"]),
            FeatureSettings(**values["features"]),
            dict(values["train"]),
        )
