"""The sections of ``config.toml`` as frozen classes, checked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from baselines.q2a import DECLARATION
from baselines.q2a.model import BEST, LABEL, NEVER
from baselines.q2a.network import CARRIES, HEADS, VARIANTS, Network
from cmivqa_kit.neural import settings as common
from cmivqa_kit.neural.settings import SystemSettings
from cmivqa_kit.plugin.sections import Count, Part, Positive, Section, choice

TRAIN, TEST, QUESTIONS = "train", "test", "questions"  # where the questions of evaluations come from
SGD, ADAMW = "sgd", "adamw"
BEST_WEIGHTS, LAST = "best", "last"


@dataclass(frozen=True, slots=True)
class ModelSettings(Section):
    """Section ``model``; the features tell the other sizes."""

    section = "model"
    variant: Annotated[str, choice(*VARIANTS)]
    state: Positive
    heads: Positive
    head: Annotated[str, choice(*HEADS)]
    carry: Annotated[str, choice(*CARRIES)]
    fix_history: bool

    def sizes(self, dim: int, images: int) -> Network:
        """The sizes of the network.

        Args:
            dim: width of the features.
            images: of a candidate's button.
        """
        return Network(self.variant, dim, images, self.state, self.heads, self.head, self.carry, self.fix_history)


@dataclass(frozen=True, slots=True)
class DataSettings(Section):
    """Section ``data``: the features, and on which questions the training is evaluated on its way."""

    section = "data"
    encoded: str
    qa: str
    validation: Annotated[str, choice(TRAIN, TEST, QUESTIONS)]
    held_out: Part


@dataclass(frozen=True, slots=True)
class TrainSettings(common.TrainSettings):
    """Section ``train``. ``warmup`` counts epochs; ``keep`` says which weights are kept."""

    batch: Positive
    warmup: Count
    drop_last: bool
    optimizer: Annotated[str, choice(SGD, ADAMW)]
    momentum: Part
    history: Annotated[str, choice(LABEL, BEST, NEVER)]
    keep: Annotated[str, choice(BEST_WEIGHTS, LAST)]


@dataclass(frozen=True, slots=True)
class DecodeSettings(Section):
    """Section ``decode``."""

    section = "decode"
    history: Annotated[str, choice(BEST, NEVER)]


@dataclass(frozen=True, slots=True)
class Settings(SystemSettings):
    """All of ``config.toml``."""

    declaration = DECLARATION
    model: ModelSettings
    data: DataSettings
    train: TrainSettings
    decode: DecodeSettings
