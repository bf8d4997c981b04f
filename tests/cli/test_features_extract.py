"""`cmivqa features extract`: rows by the second, every store, what is broken, going on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from cmivqa_kit.data.stores.registry import open_store
from cmivqa_kit.errors import RunFailed
from cmivqa_kit.neural import video_features
from tests.cli.running import cmivqa_here
from tests.tiny_videos import make_video, make_vision_model


def said(*arguments: str | Path, cwd: Path, code: int = 0) -> str:
    """What `cmivqa features extract` says on both streams."""
    done = cmivqa_here("features", "extract", *arguments, cwd=cwd)
    text = " ".join((done.stdout + done.stderr).decode().split())
    assert done.returncode == code, text
    return text


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two videos, one broken, and a model."""
    folder = tmp_path_factory.mktemp("extract")
    (folder / "videos" / "more").mkdir(parents=True)
    make_video(folder / "videos" / "a.mp4")
    make_video(folder / "videos" / "more" / "b.mkv", seconds=2, brightness=100)
    (folder / "videos" / "bad.mp4").write_bytes(b"nothing" * 40)
    make_vision_model(folder / "vit")
    return folder


def test_a_folder_of_arrays_and_going_on(made: Path) -> None:
    text = said("videos", "out", "--model", "vit", "--batch", "2", cwd=made, code=1)
    assert "Left out: bad: " in text
    assert "2 videos done; 5 rows of 16 (class token)" in text
    first = np.load(made / "out" / "a.npy")
    assert (first.shape, first.dtype) == ((3, 16), np.float32)
    assert len({row.tobytes() for row in first}) == 3

    assert "--resume" in said("videos", "out", "--model", "vit", cwd=made, code=2)
    (made / "out" / "b.npy").unlink()
    assert "1 video done, 1 kept" in said("videos", "out", "--model", "vit", "--resume", cwd=made, code=1)
    other = said("videos", "out", "--model", "vit", "--fps", "2", "--resume", cwd=made, code=2)
    assert "was made with another fps" in other
    said("videos/a.mp4", "videos/more", "single", "--model", "vit", "--batch", "1", cwd=made)
    np.testing.assert_allclose(np.load(made / "single" / "a.npy"), first, atol=1e-5)


@pytest.mark.parametrize("name", ["f.safetensors", "f.hdf5", "f.npz"])
def test_any_store_and_the_length_of_a_row(made: Path, name: str) -> None:
    said("videos/a.mp4", name, "--model", "vit", "--fps", "2", cwd=made)
    store = open_store(made / name)
    assert (list(store.ids), store.shape("a")) == (["a"], (6, 16))
    if store.keeps_clock:
        assert store.seconds_per_row == 0.5
    assert not list(made.glob("*.partial"))
    assert "exists already" in said("videos/a.mp4", name, "--model", "vit", cwd=made, code=2)


def test_a_stopped_extraction_goes_on(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*arguments: object) -> None:
        raise RunFailed("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(video_features, "pack", full)
        said("videos/a.mp4", "g.hdf5", "--model", "vit", cwd=made, code=4)
    assert (made / "g.hdf5.partial" / "a.npy").is_file()
    assert "0 videos done, 1 kept" in said("videos/a.mp4", "g.hdf5", "--model", "vit", "--resume", cwd=made)
    assert open_store(made / "g.hdf5").shape("a") == (3, 16)
    assert not (made / "g.hdf5.partial").exists()


def test_nothing_that_can_be_decoded(made: Path) -> None:
    assert "nothing was written" in said("videos/bad.mp4", "none", "--model", "vit", cwd=made, code=1)
    assert not (made / "none").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [(["missing", "o", "--model", "vit"], "missing: no such file"),
     (["vit", "o", "--model", "vit"], "no video in it"),
     (["videos", "o", "--model", "./none"], "no such folder"),
     (["videos", "o", "--model", "videos"], "cannot be used"),
     (["videos", "--model", "vit"], "two are needed"),
     (["videos", "o.xyz", "--model", "vit"], "no format has the ending .xyz")],
)  # fmt: skip
def test_mistakes(made: Path, arguments: list[str], message: str) -> None:
    assert message in said(*arguments, cwd=made, code=2)
    assert not (made / "o").exists()


def test_two_videos_of_one_id(made: Path, tmp_path: Path) -> None:
    for name in ("x", "y"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "video.mp4").touch()
    text = said(tmp_path, "o", "--model", "vit", cwd=made, code=2)
    assert text.count("has the id 'video' too") == 2
