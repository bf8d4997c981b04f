"""Feature rows by video id: sampling, seconds, batches, gaps and damage."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from baselines.ccgs.features import Kept, VideoFeatures, line_rows, row_edges
from cmivqa_kit.data.features import FeatureStore, sample
from cmivqa_kit.errors import UserError
from cmivqa_kit.prediction.types import Times

SIZE = 3


def times(*lines: tuple[float, float]) -> Times:
    return Times(np.array([start for start, _ in lines], float), np.array([end for _, end in lines], float))


def rows(count: int, first: float = 0.0) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    """Row t holds the number first + t."""
    return np.repeat(np.arange(count, dtype=np.float32)[:, None] + np.float32(first), SIZE, axis=1)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    np.save(tmp_path / "short.npy", rows(4))
    np.save(tmp_path / "long.npy", rows(20, 100).astype(np.float16))
    return tmp_path


def store(folder: Path, most: int = 10, most_bytes: int = 1000) -> VideoFeatures:
    return VideoFeatures(FeatureStore([folder]), most, SIZE, most_bytes)


def test_a_batch_is_found_by_id_and_padded_to_its_longest_video(folder: Path) -> None:
    batch = store(folder).batch(["long", "none", "short", "long"])
    assert set(batch) == {"vfeats", "vfeats_mask"}
    assert batch["vfeats"].shape == (4, 10, SIZE)
    assert batch["vfeats_mask"].sum(dim=1).tolist() == [10, 0, 4, 10]
    assert batch["vfeats"][2, :, 0].tolist() == [0, 1, 2, 3, 0, 0, 0, 0, 0, 0]
    assert batch["vfeats"][0, :3, 0].tolist() == [100.5, 102.5, 104.5]
    assert torch.equal(batch["vfeats"][0], batch["vfeats"][3])
    assert store(folder).batch(["short"])["vfeats"].shape == (1, 4, SIZE)
    nothing = store(folder).batch(["none"])
    assert (nothing["vfeats"].shape, int(nothing["vfeats_mask"].sum())) == ((1, 1, SIZE), 0)


def test_the_rows_of_a_line_are_those_of_its_seconds(folder: Path) -> None:
    lines = times((0.0, 1.0), (1.5, 3.5), (3.0, 9.0), (5.0, 7.0), (2.0, 2.0))
    batch = store(folder).batch(["short", "none", "long"], [lines, lines, times((2.0, 6.0))])
    shares = batch["line_rows"]
    assert shares.shape == (3, 5, 10)
    assert shares[0, :, :4].tolist() == [
        [1, 0, 0, 0],
        [0, 0.25, 0.5, 0.25],
        [0, 0, 0, 1],  # what lies after the last row counts for nothing
        [0, 0, 0, 0],
        [0, 0, 0, 0],
    ]
    assert not shares[0, :, 4:].any() and not shares[1].any() and not shares[2, 1:].any()
    assert shares[2, 0].tolist() == [0, 0.5, 0.5, 0, 0, 0, 0, 0, 0, 0]  # rows of two seconds


@given(st.integers(1, 60), st.integers(1, 20), st.floats(0, 70), st.floats(0, 70))
def test_shares_follow_the_sampled_rows(count: int, most: int, start: float, end: float) -> None:
    made, edges = sample(rows(count), most), row_edges(count, most)
    assert len(edges) == len(made) + 1 == min(count, most) + 1
    assert edges[0] == 0 and edges[-1] == count and (np.diff(edges) > 0).all()
    # A row holds the mean of the numbers of its seconds; the published division leaves out the very last one.
    means = [np.arange(a, b).mean() for a, b in zip(edges.astype(int), edges.astype(int)[1:], strict=False)]
    np.testing.assert_allclose(made[:-1, 0], means[:-1], rtol=1e-6)
    (shares,) = line_rows(edges, times((start, end)))
    assert (shares >= 0).all()
    inside = min(end, count) - start
    assert shares.sum() == pytest.approx(1 if inside > 1e-9 else shares.sum(), abs=1e-5)
    assert shares.sum() <= 1 + 1e-5
    if end <= start or start >= count:
        assert not shares.any()


def test_what_is_kept_is_bounded_and_the_same_again(folder: Path) -> None:
    small = store(folder, most_bytes=100)
    first = small.batch(["long", "short"])
    assert 0 < small._kept.size <= 100
    again = small.batch(["long", "short"])
    assert torch.equal(first["vfeats"], again["vfeats"])


def test_what_was_used_longest_ago_makes_room() -> None:
    kept: Kept[str] = Kept(10)
    for name in ("a", "b"):
        kept.put(name, name.upper(), 4)
    assert kept.get("a") == "A"
    kept.put("c", "C", 4)
    assert [kept.get(name) for name in "abc"] == ["A", None, "C"]
    kept.put("a", "A2", 9)
    assert (kept.get("a"), kept.get("c"), kept.size) == ("A2", None, 9)
    kept.put("large", "L", 11)
    assert (kept.get("large"), kept.size) == (None, 0)


def test_gaps_are_said_once_and_a_corpus_without_any_features_is_refused(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        store(folder).require(["short", "gap1", "gap2"], "left out")
        store(folder).require(["short", "long"], "left out")
        store(folder).require([], "left out")
    assert [record.getMessage() for record in caplog.records] == [
        "2 of 3 videos have no features and are left out, the first: gap1"
    ]
    with pytest.raises(UserError, match=r"(?s)no video of this split has any.*video_feature/"):
        store(folder).require(["gap1", "gap2"], "left out")


def test_damaged_features_name_their_file(folder: Path) -> None:
    np.save(folder / "narrow.npy", np.ones((5, 2), np.float32))
    odd = rows(5)
    odd[3, 1] = np.nan
    np.save(folder / "odd.npy", odd)
    (folder / "cut.npy").write_bytes((folder / "short.npy").read_bytes()[:-2])
    for name, message in (("narrow", r"rows of 2 numbers; this network takes rows of 3"), ("odd", "not finite"),
                          ("cut", "not a readable .npy file")):  # fmt: skip
        with pytest.raises(UserError, match=rf"{name}\.npy: .*{message}"):
            store(folder).batch(["short", name])
