"""Features are opened lazily and mapped, and a bad file is named."""

from __future__ import annotations

import io
import pickle
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from cmivqa_kit.data.features import SplitFeatures
from cmivqa_kit.errors import UserError
from tests.data.corpora import features, npy


def zipped() -> bytes:
    stream = io.BytesIO()
    np.savez(stream, a=np.ones((3, 4), np.float32))
    return stream.getvalue()


def array(value: object) -> bytes:
    stream = io.BytesIO()
    np.save(stream, np.asarray(value))
    return stream.getvalue()


BAD: dict[str, Callable[[], bytes]] = {
    "one dimension": lambda: array(np.ones(1024, np.float32)),
    "three dimensions": lambda: array(np.ones((1, 5, 4), np.float32)),
    "no row": lambda: array(np.ones((0, 4), np.float32)),
    "integers": lambda: array(np.ones((5, 4), np.int64)),
    "objects": lambda: array(np.asarray([None, {}], dtype=object)),
    "cut off": lambda: npy()[:-3],
    "only a header": lambda: npy()[:40],
    "empty": lambda: b"",
    "a zip of arrays": zipped,
    "a pickle": lambda: pickle.dumps([1, 2]),
    "a web page": lambda: b"<html>404</html>",
}


def test_an_array_is_mapped_not_read(tmp_path: Path) -> None:
    store = SplitFeatures([features(tmp_path, ["a", "b"], rows=7)])
    found = store.get("a")
    assert isinstance(found, np.memmap)
    assert (found.shape, found.dtype, found.flags.writeable) == ((7, 4), np.float32, False)
    assert store.rows("a") == 7
    assert store.state("a") == ("ok", "7 rows of 4")


def test_folders_are_listed_at_first_use(tmp_path: Path) -> None:
    store = SplitFeatures([tmp_path / "later"])
    features(tmp_path / "later", ["b", "a"])
    assert list(store) == ["a", "b"]
    assert len(store) == 2
    assert "a" in store
    assert "c" not in store


def test_the_first_folder_wins(tmp_path: Path) -> None:
    near, far = features(tmp_path / "near", ["a"], rows=1), features(tmp_path / "far", ["a", "b"], rows=2)
    store = SplitFeatures([near, far])
    assert [store.rows(video) for video in ("a", "b")] == [1, 2]


def test_a_missing_video_is_a_state_not_an_error(tmp_path: Path) -> None:
    store = SplitFeatures([features(tmp_path, ["AbC"])])
    assert store.get("x") is None
    assert store.rows("x") is None
    assert store.state("x") == ("missing", "no feature file")
    assert store.state("abc ") == ("missing", "no feature file (but one called 'AbC')")
    assert SplitFeatures().state("x")[0] == "missing"


@pytest.mark.parametrize("video_id", ["../a", "/etc/passwd", "a\0b", ""])
def test_a_hostile_id_is_only_looked_up(tmp_path: Path, video_id: str) -> None:
    features(tmp_path, ["a"])
    assert SplitFeatures([features(tmp_path / "inner", ["b"])]).get(video_id) is None


@pytest.mark.parametrize("kind", BAD)
def test_a_bad_file_is_named(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "a.npy"
    path.write_bytes(BAD[kind]())
    store = SplitFeatures([tmp_path])
    with pytest.raises(UserError) as caught:
        store.get("a")
    assert str(path) in caught.value.message
    assert caught.value.fix
    assert store.state("a") == ("bad", caught.value.message)
    assert store.rows("a") is None


def test_the_wrong_shape_is_said(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.ones(1024, np.float32))
    with pytest.raises(UserError, match=r"shape \(1024,\), type float32; expected \(seconds, dimensions\)"):
        SplitFeatures([tmp_path]).get("a")
