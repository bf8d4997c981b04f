"""A trained baseline that embeds a corpus and ranks its videos; it counts what it does."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from cmivqa_kit.data.types import Split
from cmivqa_kit.plugin.types import Declaration, Prediction, PredictOptions, Target
from cmivqa_kit.prediction.function_retriever import FunctionRetriever
from cmivqa_kit.prediction.types import VideoRetriever
from cmivqa_kit.runs.directory import RunDirectory, make_run

DECLARATION = Declaration(
    name="embeds", title="Embeds videos", tracks=(2,), factory="tests.prediction.embedding:Embeds",
    config="fake_settings:config.toml",
)  # fmt: skip


class Embeds:
    """``counted``: loads, retrievers, corpora embedded, rankings asked for, of all objects together."""

    counted: Counter[str] = Counter()
    network: bool = True

    def __init__(self) -> None:
        self.loaded = False
        self.embedded: dict[str, dict[str, float]] = {}

    def fit(self, train: Split, dev: Split | None, run: RunDirectory) -> None:
        """Nothing to learn."""

    def load(self, run: RunDirectory) -> None:
        """Count it."""
        self.loaded = True
        self.counted["loads"] += 1

    def predict(self, split: Split, track: Target, options: PredictOptions) -> Iterator[Prediction]:
        """It is to be asked for its retriever."""
        raise AssertionError("its lists are dear")

    def retriever(self, options: PredictOptions) -> VideoRetriever:
        """Videos by the number of their lines; a corpus is embedded once."""
        assert self.loaded
        self.counted["retrievers"] += 1
        return FunctionRetriever("embeds", self._rank, self.network)

    def _rank(self, split: Split, count: int) -> Iterator[list[tuple[str, float]]]:
        self.counted["rankings"] += 1
        if split.name not in self.embedded:
            self.counted["embedded"] += 1
            self.embedded[split.name] = {name: float(len(video.subtitles)) for name, video in split.videos.items()}
        for question in split.questions:
            assert question.answer is None and question.video_id is None
            yield list(self.embedded[split.name].items())[:count]


def trained(monkeypatch: pytest.MonkeyPatch, runs: Path, network: bool) -> type[Embeds]:
    """A finished run of it below ``runs``, and everything counted anew."""
    make_run(runs / "embeds-1", "embeds", {}, seed=0).finish()
    monkeypatch.setattr(Embeds, "counted", Counter())
    monkeypatch.setattr(Embeds, "network", network)
    return Embeds
