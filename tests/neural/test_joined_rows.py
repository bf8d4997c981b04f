"""Stored features beside embedded subtitles: zeros where one is missing, and which seconds a row stands for."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmivqa_kit.data.features import SplitFeatures
from cmivqa_kit.data.types import Split
from cmivqa_kit.errors import UserError
from cmivqa_kit.neural.feature_sources import JOINED, FeatureSettings, JoinedSource, source_for, source_of
from cmivqa_kit.neural.joined_rows import at_rows
from cmivqa_kit.neural.planned_embedding import PlannedEmbedding
from cmivqa_kit.neural.subtitle_embedding import SubtitleEmbedding
from cmivqa_kit.runs.directory import FEATURE_ENCODER, JOINED_FEATURES, RunDirectory, make_run
from tests.neural.embedding_together import corpus, encoder

pytestmark = pytest.mark.usefixtures("one_thread", "cache")
WIDTH = 8


@pytest.fixture
def run(tmp_path: Path) -> RunDirectory:
    return make_run(tmp_path / "run", "mutualsl", {}, 3)


def with_files(folder: Path, data: Split, rows: int = 4, width: int = WIDTH, seconds: float | None = None) -> Split:
    """The split with stored features of ``a``, of a silent video ``s``, and of none else."""
    folder.mkdir(parents=True)
    for video in ("a", "s"):
        np.save(folder / f"{video}.npy", np.arange(rows * width, dtype=np.float32).reshape(rows, width) + 1)
    return replace(data, features=SplitFeatures([folder], stated=seconds))


def source(run: RunDirectory, data: Split) -> JoinedSource:
    made = source_for(FeatureSettings(JOINED), data, encoder(), run)
    assert isinstance(made, JoinedSource)
    return made


def test_rows_of_both(run: RunDirectory, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    data = with_files(tmp_path / "features", corpus())
    joined = source(run, data)
    with caplog.at_level(logging.WARNING):
        store = joined.features(data)
    assert isinstance(joined.embedding, SubtitleEmbedding)
    embedded = joined.embedding.features(data)
    size = joined.embedding.size
    assert joined.size == WIDTH + size and set(store) == set(embedded) | {"a", "s"}
    both, words = np.asarray(store.get("a")), np.asarray(embedded.get("a"))
    assert both.dtype == np.float32 and both.shape == (4, WIDTH + size) == store.shape("a")
    assert np.array_equal(both[:, :WIDTH], np.load(tmp_path / "features" / "a.npy"))
    told = min(4, len(words))
    assert np.array_equal(both[:told, WIDTH:], words[:told]) and not both[told:, WIDTH:].any()
    silent = np.asarray(store.get("s"))
    assert silent[:, :WIDTH].all() and not silent[:, WIDTH:].any()
    alone = next(video for video in embedded if video != "a")
    unseen, words = np.asarray(store.get(alone)), np.asarray(embedded.get(alone))
    assert not unseen[:, :WIDTH].any() and np.array_equal(unseen[:, WIDTH:], words)
    assert (store.rows(alone), store.seconds(alone)) == (len(words), len(words)) and store.get("nobody") is None
    assert f"videos have no stored features: that part of their rows is zero, the first: {alone}" in caplog.text


def test_the_run_keeps_it(run: RunDirectory, tmp_path: Path) -> None:
    data = with_files(tmp_path / "features", corpus())
    first = source(run, data)
    again = source_of(run, "cpu")
    assert isinstance(again, JoinedSource) and (again.width, again.size) == (WIDTH, first.size)
    assert run.read(JOINED_FEATURES) == {"stored_width": WIDTH}
    bare = again.features(replace(data, features=SplitFeatures()))  # a split without stored features
    rows = np.asarray(bare.get("a"))
    assert not rows[:, :WIDTH].any() and rows.shape == bare.shape("a") and rows.shape[1] == first.size
    with pytest.raises(UserError, match="rows of 5 numbers; the run was trained beside rows of 8"):
        again.features(with_files(tmp_path / "other", corpus(), width=5))
    (run.path / JOINED_FEATURES).write_text('{"stored_width": 0}')
    with pytest.raises(UserError, match="damaged"):
        source_of(run, "cpu")


def test_the_embedded_part_is_that_of_a_run_without_files(run: RunDirectory, tmp_path: Path) -> None:
    data = with_files(tmp_path / "features", corpus())
    joined = source(run, data)
    other = make_run(tmp_path / "other", "mutualsl", {}, 3)
    plain = source_for(FeatureSettings("subtitle-embedding"), data, encoder(), other)
    assert isinstance(joined.embedding, SubtitleEmbedding) and isinstance(plain, SubtitleEmbedding)
    assert plain.folder == joined.embedding.folder  # the cache serves both


def test_without_any_stored_features_there_is_nothing_to_join(run: RunDirectory) -> None:
    with pytest.raises(UserError, match="no video has features that could stand beside its subtitles"):
        source_for(FeatureSettings(JOINED), corpus(), encoder(), run)
    assert not (run.path / FEATURE_ENCODER).exists()


def test_what_is_planned_has_the_same_shapes(run: RunDirectory, tmp_path: Path) -> None:
    data = with_files(tmp_path / "features", corpus())
    joined = source(run, data)
    assert isinstance(joined.embedding, SubtitleEmbedding)
    planned = replace(joined, embedding=PlannedEmbedding(joined.embedding)).features(data)
    shapes = {video: planned.shape(video) for video in planned}
    assert not joined.embedding.folder.exists()
    assert shapes == {video: joined.features(data).shape(video) for video in planned}


def test_rows_that_are_not_a_second_long(run: RunDirectory, tmp_path: Path) -> None:
    data = with_files(tmp_path / "features", corpus(), rows=3, seconds=2.0)
    joined = source(run, data)
    store, embedded = joined.features(data), np.asarray(joined.embedding.features(data).get("a"))
    wanted = at_rows(embedded, 3, 2.0)
    assert store.seconds_per_row == 2.0 and np.array_equal(np.asarray(store.get("a"))[:, WIDTH:], wanted)


@pytest.mark.parametrize(
    ("seconds", "rows", "wanted"),
    [
        (1.0, 5, [1, 2, 3, 4, 0]),
        (1.0, 2, [1, 2]),
        (2.0, 3, [1.5, 3.5, 0]),
        (2.0, 1, [1.5]),
        (0.5, 8, [1, 1, 2, 2, 3, 3, 4, 4]),
        (0.25, 5, [1, 1, 1, 1, 2]),
        (1.5, 3, [1.5, 3, 2.0]),  # seconds 0 and 1; 2; 3 and, silent, 4
    ],
)
def test_seconds_of_a_row(seconds: float, rows: int, wanted: list[float]) -> None:
    embedded = np.array([[1], [2], [3], [4]], np.float32)
    assert at_rows(embedded, rows, seconds)[:, 0].tolist() == wanted


@given(st.integers(1, 30), st.integers(1, 30), st.sampled_from([0.17, 0.5, 0.64, 1.0, 1.2, 2.0, 7.5]))
def test_a_row_lies_between_its_seconds(second_count: int, rows: int, seconds: float) -> None:
    embedded = np.arange(1, second_count + 1, dtype=np.float32)[:, None]
    made = at_rows(embedded, rows, seconds)
    assert made.shape == (rows, 1) and made.dtype == np.float32
    assert (made >= 0).all() and (made <= second_count).all()
    middles = (np.arange(rows) + 0.5) * seconds
    inside = middles + max(1.0, seconds) < second_count
    assert (np.abs(made[inside, 0] - (middles[inside] + 0.5)) <= max(1.0, seconds / 2 + 0.5)).all()
