"""Several stores at once: rows beside each other, cut to the shortest, and what does not go together."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from cmivqa_kit.data.stores.fused import FusedStore
from cmivqa_kit.errors import UserError
from tests.data.stores.stored import stored


def rows(count: int, width: int, of: float = 1.0) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    return np.arange(1, count * width + 1, dtype=np.float32).reshape(count, width) * np.float32(of)


def test_rows_stand_beside_each_other(tmp_path: Path) -> None:
    clip = stored("hdf5", tmp_path, {"a": rows(3, 2), "b": rows(2, 2), "only": rows(2, 2)}, clock=2.0)
    slow = stored("npz", tmp_path, {"b": rows(2, 1, 5).astype(np.float64), "a": rows(4, 1, 5)})
    both = FusedStore({"clip": clip, "slowfast": slow})
    assert (both.ids, both.width, both.seconds_per_row, both.shape("a")) == (("a", "b"), 3, 2.0, (3, 3))
    read = both.get("a")
    assert read is not None and read.dtype == np.float32
    assert read.tolist() == [[1, 2, 5], [3, 4, 10], [5, 6, 15]]
    assert both.lacking == {"only": ["slowfast"]} and both.get("only") is None
    assert both.location("a") == f"{clip.location('a')} + {slow.location('a')}"
    assert (both.path, both.file("a")) == (clip.path, clip.path)
    assert FusedStore({"slowfast": slow, "clip": clip}).get("b") is not None
    assert np.array_equal(np.asarray(FusedStore({"s": slow, "c": clip}).get("a"))[:, 0], [5, 10, 15])


def test_rows_of_length_one(tmp_path: Path) -> None:
    store = stored("npz", tmp_path, {"a": np.array([[3, 4], [0, 0]], np.float32)})
    unit = FusedStore({"x": store, "y": store}, unit_rows=True).get("a")
    np.testing.assert_allclose(unit, [[0.6, 0.8, 0.6, 0.8], [0, 0, 0, 0]], rtol=1e-6)


def test_rows_of_other_rates_are_refused(tmp_path: Path) -> None:
    one = stored("npz", tmp_path / "1", {"a": rows(100, 2), "b": rows(100, 1)})
    two = stored("npz", tmp_path / "2", {"a": rows(50, 2), "b": rows(92, 1)})
    both = FusedStore({"clip": one, "slowfast": two})
    assert both.shape("b") == (92, 2)
    with pytest.raises(UserError, match=r"key 'a' .*: the numbers of rows differ: clip 100, slowfast 50"):
        both.get("a")
    stated = {name: stored("hdf5", tmp_path / name, clock=float(name)) for name in ("1", "2")}
    with pytest.raises(UserError, match="several lengths: 1 one row per second, 2 one row per 2 s"):
        FusedStore(stated)
