"""The sections of ``config.toml`` that every tier reads, as frozen classes, checked. Knows no torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Self

from baselines.hybrid import DECLARATION
from cmivqa_kit.neural.pooling import PoolingSettings
from cmivqa_kit.plugin.sections import Count, Positive, Rate, Rule, Section, Share, choice, sections_of
from cmivqa_kit.plugin.settings import merge
from cmivqa_kit.prediction.expected_overlap import OverlapSettings
from cmivqa_kit.prediction.lexical.settings import TextSettings
from cmivqa_kit.runs.settings import Config

TRAINED, UNTRAINED, LEXICAL, AUTO = "trained", "untrained", "lexical", "auto"
Seconds = Annotated[float, Rule(lambda value: 0 < value < 1e6, "seconds, above 0")]


def _are_sizes(values: list[Any]) -> bool:
    return bool(values) and all(isinstance(v, int) and not isinstance(v, bool) and v >= 1 for v in values)


@dataclass(frozen=True, slots=True)
class ModelSettings(Section):
    """Section ``model``."""

    section = "model"
    tier: Annotated[str, choice(TRAINED, UNTRAINED, LEXICAL, AUTO)]


@dataclass(frozen=True, slots=True)
class LexicalSettings(Section):
    """Section ``lexical``: BM25 over spans and videos."""

    section = "lexical"
    k1: Rate
    b: Share
    idf_seconds: Seconds


@dataclass(frozen=True, slots=True)
class SpanSettings(Section):
    """Section ``spans``: the limits of candidates; 0: as learnt from training answers."""

    section = "spans"
    quantile: Share
    lines: Count
    seconds: Rate
    shortest: Rate
    per_video: Positive


@dataclass(frozen=True, slots=True)
class WindowSettings(Section):
    """Section ``windows``: what an encoder reads at once."""

    section = "windows"
    lines: Annotated[list[int], Rule(_are_sizes, "numbers of lines, 1 or more each")]
    line_seconds: Rate


@dataclass(frozen=True, slots=True)
class FusionSettings(Section):
    """Section ``fusion``."""

    section = "fusion"
    window_weight: Rate
    span_window_weight: Rate
    video_weight: Rate
    video_window_weight: Rate
    late_weight: Rate
    late_videos: Positive


@dataclass(frozen=True, slots=True)
class DecodeSettings(Section):
    """Section ``decode``: probabilities, and the lists made of them."""

    section = "decode"
    temperature: Rate
    video_temperature: Rate
    length_weight: Rate
    untrained_share: Share
    reference: Positive
    candidates: Positive
    videos: Positive
    spans_per_video: Positive
    head_videos: Positive
    further_spans: Count

    @property
    def lists(self) -> OverlapSettings:
        """How lists are made of probabilities."""
        return OverlapSettings(
            self.reference, self.candidates, self.videos, self.spans_per_video, self.head_videos, self.further_spans
        )


@dataclass(frozen=True, slots=True)
class Settings:
    """What every tier reads of ``config.toml``, a section each."""

    model: ModelSettings
    encoder: PoolingSettings
    text: TextSettings
    lexical: LexicalSettings
    spans: SpanSettings
    windows: WindowSettings
    fusion: FusionSettings
    decode: DecodeSettings

    @classmethod
    def of(cls, config: Config) -> Self:
        """The settings of ``config``; what it does not name has its value of ``config.toml``.

        Raises:
            UserError: a value out of its range.
        """
        return cls(**sections_of(cls, merge(config, DECLARATION, ())))
