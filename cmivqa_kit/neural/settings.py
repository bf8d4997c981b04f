"""Sections of ``config.toml`` that trained systems share, as frozen classes with their checks.

A system takes a section as it is, or adds keys of its own in a subclass; which keys there are, with which defaults,
says its ``config.toml`` alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Any, ClassVar, Self, get_type_hints

from cmivqa_kit.neural.encoders import TINY, Encoder, open_encoder
from cmivqa_kit.neural.feature_sources import FeatureSettings
from cmivqa_kit.plugin.settings import merge, one_of, require
from cmivqa_kit.plugin.types import Declaration
from cmivqa_kit.runs.settings import Config

PRECISIONS = ("no", "bf16", "fp16")
SHORTEST = 32  # tokens: the shortest row that may be asked for


def require_least(section: str, settings: object, least: float, names: Iterable[str]) -> None:
    """Check that settings of a section are at least a number.

    Raises:
        UserError: naming the first one that is less.
    """
    for name in names:
        value = getattr(settings, name)
        require(value >= least, f"{section}.{name}", value, f"{least} or more")


@dataclass(frozen=True, slots=True)
class EncoderSettings:
    """Section ``encoder``: a pretrained text encoder, the tokens it is given, and the CPU threads it has."""

    name: str
    added_tokens: list[str]
    threads: int

    def __post_init__(self) -> None:
        require(bool(self.name), "encoder.name", self.name, "tiny, a folder or a Hugging Face name")
        texts = all(isinstance(text, str) and text.strip() == text != "" for text in self.added_tokens)
        require(texts, "encoder.added_tokens", self.added_tokens, 'texts without blanks around, e.g. ["[Music]"]')
        require_least("encoder", self, 0, ("threads",))


@dataclass(frozen=True, slots=True)
class TrainSettings:
    """What of section ``train`` every system has that is not the loop's (`cmivqa_kit.training.loop.LoopSettings`)."""

    epochs: int
    accumulation: int
    precision: str
    lr: float
    weight_decay: float
    warmup: float
    pairs: int
    max_dropped: float
    dev_questions: int

    def __post_init__(self) -> None:
        require_least("train", self, 1, ("epochs", "accumulation"))
        require_least("train", self, 0, ("lr", "weight_decay", "warmup", "pairs", "dev_questions"))
        require(0 <= self.max_dropped <= 1, "train.max_dropped", self.max_dropped, "between 0 and 1")
        one_of(PRECISIONS, "train.precision", self.precision)


@dataclass(frozen=True, slots=True)
class TextTrainSettings(TrainSettings):
    """Section ``train`` of a system that trains a pretrained text encoder on rows of tokens."""

    batch_tokens: int
    checkpointing: bool
    lr_head: float
    dropout: float
    maxlen: int
    old_optimizer: bool

    def __post_init__(self) -> None:
        TrainSettings.__post_init__(self)
        require_least("train", self, 0, ("lr_head", "batch_tokens"))
        require_least("train", self, SHORTEST, ("maxlen",))
        require(self.dropout < 1, "train.dropout", self.dropout, "below 1")


@dataclass(frozen=True, slots=True)
class WindowSettings:
    """What of section ``decode`` a system has that reads subtitles in windows of tokens."""

    overlap: float
    maxlen: int
    precision: str

    def __post_init__(self) -> None:
        require(0 <= self.overlap < 1, "decode.overlap", self.overlap, "at least 0 and below 1")
        long_enough = self.maxlen == 0 or self.maxlen >= SHORTEST
        require(long_enough, "decode.maxlen", self.maxlen, f"0, or {SHORTEST} or more")
        one_of(("auto", *PRECISIONS), "decode.precision", self.precision)


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
        kinds = get_type_hints(cls)
        sections = {
            field.name: kinds[field.name](
                **{key.name: values[field.name][key.name] for key in fields(kinds[field.name])}
            )
            for field in fields(cls)
            if field.name != "table"
        }
        return cls(**sections, table=dict(values["train"]))

    @property
    def cpu_threads(self) -> int:
        """CPU threads for the network; 0: torch's own choice."""
        return 0

    @property
    def feature_source(self) -> FeatureSettings | None:
        """Where visual rows come from; ``None`` for a system that asks for none, or for the files alone."""
        return None

    def pretrained(self) -> Encoder | None:
        """The pretrained text encoder; ``None`` where there is none, or it is made from the corpus (``tiny``).

        Raises:
            UserError: it cannot be read or fetched.
        """
        return None


@dataclass(frozen=True, slots=True)
class TextSystemSettings(SystemSettings):
    """The sections of a system that trains a pretrained text encoder."""

    encoder: EncoderSettings
    train: TextTrainSettings

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
        return open_encoder(self.encoder.name, texts, seed, self.train.dropout, self.encoder.added_tokens)
