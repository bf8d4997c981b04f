"""A trained retriever with a network for questions and videos: it counts the videos that it encodes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from cmivqa_kit.data.types import Split, Video
from cmivqa_kit.neural.corpus_embedding import Array, CorpusEmbedding, network_stamp
from cmivqa_kit.plugin.types import Declaration, Prediction, PredictOptions, Target
from cmivqa_kit.prediction.function_retriever import FunctionRetriever
from cmivqa_kit.prediction.types import VideoRetriever
from cmivqa_kit.runs.directory import WEIGHTS, RunDirectory, make_run

DECLARATION = Declaration(
    name="bi", title="Encodes questions and videos", tracks=(2,), factory=f"{__name__}:BiEncoder",
    config="fake_settings:config.toml",
)  # fmt: skip
SIZE, WORDS = 8, 64


class BiEncoder:
    """The plug. ``encoded``: how often each video was encoded, by all objects together."""

    encoded: Counter[str] = Counter()

    def __init__(self) -> None:
        self.network = nn.EmbeddingBag(WORDS, SIZE)
        self.run: RunDirectory | None = None

    def fit(self, train: Split, dev: Split | None, run: RunDirectory) -> None:
        """Nothing to learn."""

    def load(self, run: RunDirectory) -> None:
        """Take the weights."""
        self.network.load_state_dict(load_file(run.path / WEIGHTS))
        self.run = run

    def predict(self, split: Split, track: Target, options: PredictOptions) -> Iterator[Prediction]:
        """It is to be asked for its retriever."""
        raise AssertionError("its lists are dear")

    def retriever(self, options: PredictOptions) -> VideoRetriever:
        """Videos by the cosine of their vector and the question's."""
        assert self.run is not None
        kept = CorpusEmbedding("bi", network_stamp(self.run), self._encode, torch.device("cpu"))

        def rank(split: Split, count: int) -> Iterator[list[tuple[str, float]]]:
            arrays = kept.arrays(split)
            videos = np.stack(list(arrays.values()))
            for question in split.questions:
                scores = videos @ self._vector([question.text]).numpy()
                yield list(zip(arrays, scores.tolist(), strict=True))

        return FunctionRetriever("bi", rank, network=True)

    def _encode(self, split: Split, videos: Sequence[Video]) -> Iterator[Array]:
        for video in videos:
            self.encoded[video.id] += 1
            yield self._vector([line.text for line in video.subtitles] or [""]).numpy()

    def _vector(self, texts: Sequence[str]) -> Tensor:
        numbers = torch.tensor([ord(letter) % WORDS for text in texts for letter in text or "?"])
        with torch.inference_mode():
            return nn.functional.normalize(self.network(numbers[None])[0], dim=0)


def trained(monkeypatch: pytest.MonkeyPatch, runs: Path, seed: int = 0) -> type[BiEncoder]:
    """A finished run of it below ``runs``, with weights by the seed, and everything counted anew."""
    run = make_run(runs / f"bi-{seed + 1}", "bi", {}, seed=0)
    torch.manual_seed(seed)
    save_file(nn.EmbeddingBag(WORDS, SIZE).state_dict(), run.path / WEIGHTS)
    run.finish()
    monkeypatch.setattr(BiEncoder, "encoded", Counter())
    return BiEncoder
