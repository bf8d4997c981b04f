"""Feature rows by video id: sampling, seconds, batches, what is cached, gaps and damage."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from cmivqa_kit.data.feature_sampling import sample
from cmivqa_kit.data.features import SplitFeatures
from cmivqa_kit.errors import UserError
from cmivqa_kit.neural.video_rows import VideoRows, pad, row_edges

WIDTH = 3


def numbered(count: int, first: float = 0.0) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    """Row t holds the number first + t."""
    return np.repeat(np.arange(count, dtype=np.float32)[:, None] + np.float32(first), WIDTH, axis=1)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    np.save(tmp_path / "short.npy", numbered(4))
    np.save(tmp_path / "long.npy", numbered(20, 100).astype(np.float16))
    return tmp_path


def rows(folder: Path, most: int = 10, cache_bytes: int = 1000) -> VideoRows:
    return VideoRows(SplitFeatures([folder]), most, WIDTH, "visual.width", cache_bytes)


def test_videos_are_looked_up_by_id_and_padded_to_the_longest(folder: Path) -> None:
    features, mask = rows(folder).batch(["long", "none", "short", "long"])
    assert (features.shape, mask.dtype) == ((4, 10, WIDTH), torch.int64)
    assert mask.sum(dim=1).tolist() == [10, 0, 4, 10]
    assert features[2, :, 0].tolist() == [0, 1, 2, 3, 0, 0, 0, 0, 0, 0]
    assert features[0, :3, 0].tolist() == [100.5, 102.5, 104.5]
    assert torch.equal(features[0], features[3])
    assert rows(folder).batch(["short"])[0].shape == (1, 4, WIDTH)
    assert rows(folder).batch(["short"], 7)[1].tolist() == [[1, 1, 1, 1, 0, 0, 0]]
    features, mask = rows(folder).batch(["none"])
    assert (features.shape, int(mask.sum())) == ((1, 1, WIDTH), 0)


def test_counts_and_seconds_are_those_of_the_file(folder: Path) -> None:
    video_rows = rows(folder)
    assert [video_rows.count(name) for name in ("short", "long", "none")] == [4, 20, None]
    edges = video_rows.edges("long")
    assert edges is not None and edges.tolist() == list(range(0, 21, 2))
    assert video_rows.edges("none") is None and video_rows.get("none") is None
    assert "short" in video_rows and "none" not in video_rows


@given(st.integers(1, 60), st.integers(1, 20))
def test_edges_follow_the_sampled_rows(count: int, most: int) -> None:
    made, edges = sample(numbered(count), most), row_edges(count, most)
    assert len(edges) == len(made) + 1 == min(count, most) + 1
    assert edges[0] == 0 and edges[-1] == count and (np.diff(edges) > 0).all()
    # A row holds the mean of the numbers of its seconds; the published division leaves out the very last one.
    means = [np.arange(a, b).mean() for a, b in zip(edges.astype(int), edges.astype(int)[1:], strict=False)]
    np.testing.assert_allclose(made[:-1, 0], means[:-1], rtol=1e-6)


def test_padding_is_zero_and_masked() -> None:
    features, mask = pad([numbered(2, 1), numbered(0)], 3)
    assert features[:, :, 0].tolist() == [[1, 2, 0], [0, 0, 0]] and mask.tolist() == [[1, 1, 0], [0, 0, 0]]


def test_what_was_used_longest_ago_makes_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in "abc":
        np.save(tmp_path / f"{name}.npy", numbered(4))
    np.save(tmp_path / "large.npy", numbered(10))
    read: list[str] = []
    store = SplitFeatures([tmp_path])
    get = store.get
    monkeypatch.setattr(store, "get", lambda name: read.append(name) or get(name))  # type: ignore[func-returns-value]
    video_rows = VideoRows(store, 10, WIDTH, cache_bytes=100)  # two videos of 48 bytes
    for name in ("a", "b", "a", "c", "a", "b"):
        assert video_rows.get(name) is not None
    assert read == ["a", "b", "c", "b"]
    for _ in range(2):  # larger than all that may stay
        large = video_rows.get("large")
        assert large is not None and len(large) == 10
    assert read[4:] == ["large", "large"]


def test_gaps_are_said_once_and_a_corpus_without_any_features_is_refused(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        rows(folder).require(["short", "gap1", "gap2"], "the network needs features", "are left out")
        rows(folder).require(["short", "long"], "the network needs features", "are left out")
        rows(folder).require([], "the network needs features", "are left out")
    assert [record.getMessage() for record in caplog.records] == [
        "2 of 3 videos have no features and are left out, the first: gap1"
    ]
    with pytest.raises(UserError, match=r"(?s)the network needs features, and no video of this split.*video_feature/"):
        rows(folder).require(["gap1", "gap2"], "the network needs features", "are left out")


def test_damaged_features_name_their_file(folder: Path) -> None:
    np.save(folder / "narrow.npy", np.ones((5, 2), np.float32))
    odd = numbered(5)
    odd[3, 1] = np.nan
    np.save(folder / "odd.npy", odd)
    (folder / "cut.npy").write_bytes((folder / "short.npy").read_bytes()[:-2])
    for name, message in (("narrow", r"rows of 2 numbers; this network takes rows of 3.*visual\.width=2"),
                          ("odd", "not finite"), ("cut", "not a readable .npy file")):  # fmt: skip
        with pytest.raises(UserError, match=rf"(?s){name}\.npy: .*{message}"):
            rows(folder).batch(["short", name])


def test_seconds_follow_the_length_of_a_row(folder: Path) -> None:
    store = SplitFeatures([folder], stated=2.0)
    video_rows = VideoRows(store, 10, WIDTH)
    assert video_rows.seconds_per_row == 2
    for name, edges in (("short", [0, 2, 4, 6, 8]), ("long", list(range(0, 41, 4)))):
        found = video_rows.edges(name)
        assert found is not None and found.tolist() == edges
    assert (store.seconds("short"), store.seconds("none"), video_rows.count("short")) == (8.0, None, 4)


def test_another_width_is_named_before_a_row_is_read(folder: Path) -> None:
    other = VideoRows(SplitFeatures([folder]), 10, 4, "visual.width")
    with pytest.raises(
        UserError, match=r"(?s)long\.npy: rows of 3 numbers.*takes rows of 4 \(so in 2 of 2 files\).*=3"
    ):
        other.require(["long", "short", "none"], "the network needs features", "are left out")
    rows(folder).require_width(["long", "short", "none"])
