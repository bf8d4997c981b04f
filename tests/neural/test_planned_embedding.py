"""Embedding that is only planned: shapes without rows, a few lines measured, what is kept already not counted."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pytest
import torch

from cmivqa_kit.data.types import Split
from cmivqa_kit.neural import planned_embedding
from cmivqa_kit.neural.encoders import Encoder
from cmivqa_kit.neural.planned_embedding import PlannedEmbedding
from cmivqa_kit.neural.subtitle_embedding import SubtitleEmbedding
from tests.baselines.corpora import clinic
from tests.neural.embedding_together import corpus

pytestmark = pytest.mark.usefixtures("one_thread", "cache")


def embedding(encoder: Encoder) -> SubtitleEmbedding:
    return SubtitleEmbedding(encoder, "a", torch.device("cpu"))


def part(split: Split, *names: str) -> Split:
    return replace(split, videos=MappingProxyType({name: split.videos[name] for name in names}))


def test_the_shapes_are_those_of_the_rows(encoder: Encoder, cache: Path) -> None:
    planned = PlannedEmbedding(embedding(encoder)).features(corpus())
    assert not list(cache.rglob("*.npy"))
    made = embedding(encoder).features(corpus())
    assert list(planned) == list(made)
    assert "silent" not in planned
    assert planned.get("silent") is None
    for name in made:
        assert planned.rows(name) == made.rows(name)
        assert planned.get(name).dtype == made.get(name).dtype
        assert planned.get(name).shape == made.get(name).shape
        assert not planned.get(name).any()


def test_what_is_kept_is_taken_and_not_counted(encoder: Encoder) -> None:
    embedding(encoder).features(part(corpus(), "a", "b"))
    planned = PlannedEmbedding(embedding(encoder))
    store = planned.features(corpus())
    assert np.array(store.get("a")).any()
    assert not store.get("c").any()
    embedding(encoder).features(corpus())
    done = PlannedEmbedding(embedding(encoder))
    assert all(np.array(done.features(corpus()).get(name)).any() for name in "abcd")
    assert done.seconds() == 0


def test_a_few_lines_tell_how_long_all_take(encoder: Encoder, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a clock that counts one second per padded token, the estimate is that of all lines."""
    now, read = [0.0], [0]
    source = embedding(encoder)
    sums = source.sums

    def counted(rows: list[tuple[int, ...]]) -> object:
        tokens = len(rows) * source.padded(max(map(len, rows)))
        now[0] += tokens
        read[0] += tokens
        return sums(rows)

    source.sums = counted
    data = clinic(120, 24)
    monkeypatch.setattr(planned_embedding.time, "perf_counter", lambda: now[0])
    monkeypatch.setattr(planned_embedding, "MEASURED", 64)
    planned = PlannedEmbedding(source)
    planned.features(data)
    estimate, looked_at = planned.seconds(), read[0]
    read[0] = 0
    source.features(data)
    assert estimate == pytest.approx(read[0], rel=0.1)
    assert looked_at < read[0] / 20


def test_two_splits_of_the_same_videos_are_counted_once(encoder: Encoder, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    source = embedding(encoder)
    sums = source.sums

    def counted(rows: list[tuple[int, ...]]) -> object:
        now[0] += len(rows) * source.padded(max(map(len, rows)))
        return sums(rows)

    source.sums = counted
    monkeypatch.setattr(planned_embedding.time, "perf_counter", lambda: now[0])
    single, twice = PlannedEmbedding(source), PlannedEmbedding(source)
    single.features(corpus())
    for _ in range(2):
        assert not twice.features(corpus()).get("a").any()
    assert single.seconds() == twice.seconds() > 0
