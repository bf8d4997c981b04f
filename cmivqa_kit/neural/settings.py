"""Sections of ``config.toml`` that trained systems share, as frozen classes with their checks.

A system takes a section as it is, or adds keys of its own in a subclass; which keys there are, with which defaults,
says its ``config.toml`` alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Self

from cmivqa_kit.neural.encoders import TINY, Encoder, open_encoder
from cmivqa_kit.neural.feature_sources import FeatureSettings
from cmivqa_kit.plugin.sections import (
    Count,
    Dropout,
    Part,
    Positive,
    Rate,
    RowLength,
    RowLimit,
    Rule,
    Section,
    Share,
    TokenTexts,
    choice,
    sections_of,
)
from cmivqa_kit.plugin.settings import merge
from cmivqa_kit.plugin.types import Declaration
from cmivqa_kit.runs.settings import Config

PRECISIONS = ("no", "bf16", "fp16")


@dataclass(frozen=True, slots=True)
class EncoderSettings(Section):
    """Section ``encoder``: a pretrained text encoder, the tokens it is given, and the CPU threads it has."""

    section = "encoder"
    name: Annotated[str, Rule(bool, "tiny, a folder or a Hugging Face name")]
    added_tokens: TokenTexts
    threads: Count


@dataclass(frozen=True, slots=True)
class TrainSettings(Section):
    """What of section ``train`` every system has that is not the loop's (`cmivqa_kit.training.loop.LoopSettings`)."""

    section = "train"
    epochs: Positive
    accumulation: Positive
    precision: Annotated[str, choice(*PRECISIONS)]
    lr: Rate
    weight_decay: Rate
    warmup: Rate
    pairs: Count
    max_dropped: Share
    dev_questions: Count


@dataclass(frozen=True, slots=True)
class TextTrainSettings(TrainSettings):
    """Section ``train`` of a system that trains a pretrained text encoder on rows of tokens."""

    batch_tokens: Count
    checkpointing: bool
    lr_head: Rate
    dropout: Dropout
    maxlen: RowLength
    old_optimizer: bool


@dataclass(frozen=True, slots=True)
class WindowSettings(Section):
    """What of section ``decode`` a system has that reads subtitles in windows of tokens."""

    section = "decode"
    overlap: Part
    maxlen: RowLimit
    precision: Annotated[str, choice("auto", *PRECISIONS)]


@dataclass(frozen=True, slots=True)
class SystemSettings:
    """All sections of a system, a field each; ``table`` is section ``train`` as it stands, for the loop.

    A system's settings are a frozen dataclass of this one, with its `DECLARATION` as ``declaration``. What a section's
    class does not name (the engine's keys, keys of another version) is left to others.
    """

    declaration: ClassVar[Declaration]
    train: TrainSettings
    table: dict[str, Any]

    @classmethod
    def of(cls, config: Config) -> Self:
        """The settings of ``config``; what it does not name has its value of ``config.toml``.

        Raises:
            UserError: a value out of its range.
        """
        values = merge(config, cls.declaration, ())
        return cls(**sections_of(cls, values, beside=("table",)), table=dict(values["train"]))

    @property
    def cpu_threads(self) -> int:
        """CPU threads for the network; 0: torch's own choice."""
        return 0

    @property
    def feature_source(self) -> FeatureSettings | None:
        """The section that says where visual rows come from; ``None`` for one without, or with files alone."""
        return None

    def pretrained(self) -> Encoder | None:
        """The pretrained text encoder; ``None`` where there is none, or it is made from the corpus (``tiny``).

        Raises:
            UserError: it cannot be read or fetched.
        """
        return None


@dataclass(frozen=True, slots=True)
class EncoderSystemSettings(SystemSettings):
    """A system with a pretrained text encoder, however it trains."""

    encoder: EncoderSettings

    @property
    def cpu_threads(self) -> int:
        """CPU threads for the network; 0: torch's own choice."""
        return self.encoder.threads

    def pretrained(self) -> Encoder | None:
        """The pretrained encoder; ``None`` where it is made from the corpus (``tiny``).

        Raises:
            UserError: it cannot be read or fetched.
        """
        return self.open_encoder((), 0) if self.encoder.name != TINY else None

    def open_encoder(self, texts: Iterable[str], seed: int) -> Encoder:
        """The text encoder before it is trained.

        Args:
            texts: what ``tiny`` learns its vocabulary from.
            seed: of random weights.

        Raises:
            UserError: it cannot be read or fetched.
        """
        return open_encoder(self.encoder.name, texts, seed, self.dropout, self.encoder.added_tokens)

    @property
    def dropout(self) -> float:
        """The encoder's dropout in training; 0 where no setting says it."""
        return 0.0


@dataclass(frozen=True, slots=True)
class TextSystemSettings(EncoderSystemSettings):
    """The sections of a system that trains a pretrained text encoder."""

    train: TextTrainSettings

    @property
    def dropout(self) -> float:
        """The encoder's dropout in training."""
        return self.train.dropout
