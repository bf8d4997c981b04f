"""The settings of lexical ranking, section by section, checked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from cmivqa_kit.plugin.settings import require
from cmivqa_kit.runs.settings import Config

SEGMENTERS = ("characters", "jieba")


@dataclass(frozen=True, slots=True)
class TextSettings:
    """Section ``text``: how subtitles and questions become tokens."""

    segmenter: str
    stem: bool
    stop_words: bool

    def __post_init__(self) -> None:
        known = " or ".join(f'"{name}"' for name in SEGMENTERS)
        require(self.segmenter in SEGMENTERS, "text.segmenter", self.segmenter, known)


@dataclass(frozen=True, slots=True)
class IndexSettings:
    """Section ``index``: BM25's two parameters and the windows (seconds; ``window_step`` as a part of the length)."""

    k1: float
    b: float
    window_seconds: tuple[float, ...]
    window_quantiles: tuple[float, ...]
    window_step: float

    def __post_init__(self) -> None:
        require(0 <= self.k1 < 1e6, "index.k1", self.k1, "0 or more")
        require(0 <= self.b <= 1, "index.b", self.b, "between 0 and 1")
        require(all(0 < s < 1e6 for s in self.window_seconds), "index.window_seconds", self.window_seconds, "seconds")
        quantiles = self.window_quantiles
        require(all(0 <= q <= 1 for q in quantiles), "index.window_quantiles", quantiles, "between 0 and 1 each")
        require(0 <= self.window_step <= 1, "index.window_step", self.window_step, "between 0 and 1")


@dataclass(frozen=True, slots=True)
class ListSettings:
    """Section ``lists``: how scores become the list of answers (see `cmivqa_kit.prediction.lexical.lists`)."""

    video_weight: float
    spans_per_video: int
    overlap: float
    head_videos: int
    further_spans: int

    def __post_init__(self) -> None:
        require(0 <= self.video_weight < 1e6, "lists.video_weight", self.video_weight, "0 or more")
        require(self.spans_per_video >= 1, "lists.spans_per_video", self.spans_per_video, "1 or more")
        require(0 <= self.overlap <= 1, "lists.overlap", self.overlap, "between 0 and 1")
        require(self.head_videos >= 1, "lists.head_videos", self.head_videos, "1 or more")
        require(self.further_spans >= 0, "lists.further_spans", self.further_spans, "0 or more")


@dataclass(frozen=True, slots=True)
class LexicalSettings:
    """All sections of the settings of lexical ranking."""

    text: TextSettings
    index: IndexSettings
    lists: ListSettings

    @classmethod
    def of(cls, config: Config) -> LexicalSettings:
        """Read sections ``text``, ``index`` and ``lists``, with every key.

        Raises:
            UserError: a value out of its range.
        """
        index = dict(config["index"])
        index |= {name: _numbers(index[name], f"index.{name}") for name in ("window_seconds", "window_quantiles")}
        return cls(TextSettings(**config["text"]), IndexSettings(**index), ListSettings(**config["lists"]))


def _numbers(values: list[Any], name: str) -> tuple[float, ...]:
    for value in values:
        require(isinstance(value, int | float) and not isinstance(value, bool), name, value, "a number")
    return tuple(sorted({float(value) for value in values}))
