"""Which feature rows are seen while each line is said, and the videos of a batch."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from baselines.ccgs.features import line_rows, visual_inputs
from cmivqa_kit.data.features import SplitFeatures
from cmivqa_kit.neural.video_rows import VideoRows, row_edges
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


def store(folder: Path) -> VideoRows:
    return VideoRows(SplitFeatures([folder]), 10, SIZE)


def test_a_batch_is_found_by_id_and_padded_to_its_longest_video(folder: Path) -> None:
    batch = visual_inputs(store(folder), ["long", "none", "short", "long"])
    assert set(batch) == {"vfeats", "vfeats_mask"}
    assert batch["vfeats"].shape == (4, 10, SIZE)
    assert batch["vfeats_mask"].sum(dim=1).tolist() == [10, 0, 4, 10]
    assert batch["vfeats"][2, :, 0].tolist() == [0, 1, 2, 3, 0, 0, 0, 0, 0, 0]
    assert batch["vfeats"][0, :3, 0].tolist() == [100.5, 102.5, 104.5]
    assert torch.equal(batch["vfeats"][0], batch["vfeats"][3])
    assert visual_inputs(store(folder), ["short"])["vfeats"].shape == (1, 4, SIZE)
    nothing = visual_inputs(store(folder), ["none"])
    assert (nothing["vfeats"].shape, int(nothing["vfeats_mask"].sum())) == ((1, 1, SIZE), 0)


def test_the_rows_of_a_line_are_those_of_its_seconds(folder: Path) -> None:
    lines = times((0.0, 1.0), (1.5, 3.5), (3.0, 9.0), (5.0, 7.0), (2.0, 2.0))
    batch = visual_inputs(store(folder), ["short", "none", "long"], [lines, lines, times((2.0, 6.0))])
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
def test_shares_are_those_of_the_rows_seconds(count: int, most: int, start: float, end: float) -> None:
    edges = row_edges(count, most)
    (shares,) = line_rows(edges, times((start, end)))
    assert (shares >= 0).all()
    inside = min(end, count) - start
    assert shares.sum() == pytest.approx(1 if inside > 1e-9 else shares.sum(), abs=1e-5)
    assert shares.sum() <= 1 + 1e-5
    if end <= start or start >= count:
        assert not shares.any()
