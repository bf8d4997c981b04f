"""`data pack` and `--features`, by the real commands: what is written, what is said, and training on any store."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from cmivqa_kit.data.stores.registry import open_store
from tests.cli.running import cmivqa_here
from tests.data.clocked import SECONDS, WIDTH, clocked

TINY = (
    "train",
    "-m",
    "mutualsl",
    "--preset",
    "tiny",
    "--set",
    "train.max_steps=1",
    "--device",
    "cpu",
    "--data",
    "data",
)


def said(*words: str | Path, cwd: Path, code: int = 0) -> str:
    done = cmivqa_here(*words, cwd=cwd)
    text = (done.stdout + done.stderr).decode()
    assert done.returncode == code, text
    return text


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder with a data root ``data``."""
    clocked(tmp_path / "data")
    return tmp_path


def test_packing_and_the_next_step(root: Path) -> None:
    text = said("data", "pack", "data/video_feature", "f.hdf5", "--seconds-per-row", "1", cwd=root)
    assert text.splitlines() == [
        "f.hdf5: 4 ids, 246 rows of 6 (hdf5)", "one row per second", "Next: cmivqa data check --help"
    ]  # fmt: skip
    (root / "cmivqa.toml").write_text('[data]\nroot = "data"\n', encoding="utf-8")
    text = said("data", "pack", "f.hdf5", "big", "--format", "bigfile", cwd=root)
    assert (
        "the format has no place for it" in text and text.splitlines()[-1] == "Next: cmivqa data check --features big"
    )
    assert "features: 4 files, 6 numbers a row" in said("data", "check", "--features", "big", cwd=root)
    assert open_store(root / "big").name == "bigfile"


def test_nothing_is_written_over(root: Path) -> None:
    said("data", "pack", "data/video_feature", "f.npz", cwd=root)
    before = (root / "f.npz").read_bytes()
    assert "exists already" in said("data", "pack", "data/video_feature", "f.npz", cwd=root, code=2)
    said("data", "pack", "data/video_feature", "f.npz", "--force", cwd=root)
    assert (root / "f.npz").read_bytes() == before
    assert "give --force to replace this one" in said("data", "pack", "f.npz", "data/video_feature", cwd=root, code=2)
    said("data", "pack", "f.npz", "data/video_feature", "--force", cwd=root)
    said("data", "pack", "data/video_feature", "g.npz", cwd=root)
    assert (root / "g.npz").read_bytes() == before
    assert "no folder of npy features alone" in said("data", "pack", "f.npz", "data", "--force", cwd=root, code=2)


def test_findings_and_exit_code(root: Path) -> None:
    for name, change in (("vid0000000A", np.nan), ("vid0000000C", np.inf)):
        path = root / "data" / "video_feature" / f"{name}.npy"
        rows = np.load(path)
        rows[5] = change
        np.save(path, rows)
    text = said("data", "pack", "data/video_feature", "f.hdf5", cwd=root, code=2)
    assert "data/video_feature: 2 problems" in text and "'vid0000000C': 1 of 64 rows holds numbers" in text
    assert not (root / "f.hdf5").exists()


def test_no_such_source(root: Path) -> None:
    assert "nowhere: no such file or folder" in said("data", "pack", "nowhere", "f.hdf5", cwd=root, code=2)
    assert "Did you mean 'npz'" in said("data", "pack", "data", "f", "--format", "npx", cwd=root, code=2)


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("a=x.npz", "x.npz"), "several need a name each"),
        (("a=x.npz", "a=x.npz"), "no name twice"),
        (("a=",), "the path is empty"),
        (("",), "the path is empty"),
        (("y.npz",), "y.npz: no such file or folder"),
    ],
)
def test_features_that_cannot_be_meant(words: tuple[str, ...], reason: str, root: Path) -> None:
    flags = [part for word in words for part in ("--features", word)]
    assert reason in said("data", "check", "--data", "data", *flags, cwd=root, code=2)


def test_features_in_the_workspace(root: Path) -> None:
    (root / "sub").mkdir()
    for stated, shown in (
        ('"f.npz"', "f.npz"),
        ('{clip = "f.npz", "slow fast" = "g.npz"}', {"clip": "f.npz", "slow fast": "g.npz"}),
    ):
        (root / "cmivqa.toml").write_text(f'[data]\nroot = "data"\nfeatures = {stated}\n', encoding="utf-8")
        document = json.loads(cmivqa_here("config", "--format", "json", cwd=root).stdout)
        assert document["settings"]["data.features"] == {"value": shown, "origin": "cmivqa.toml"}
    assert "clip=f.npz, slow fast=g.npz" in said("config", cwd=root)
    assert "f.npz: no such file or folder" in said("data", "check", cwd=root, code=2)
    for name in "fg":
        said("data", "pack", "data/video_feature", f"{name}.npz", cwd=root)
    assert f"4 files, {2 * WIDTH} numbers a row" in said("data", "check", cwd=root)
    assert f"4 files, {WIDTH} numbers a row" in said("data", "check", "--features", "g.npz", cwd=root)
    for wrong in ("3", "{}", '{a = ""}', '{a = {b = "c"}}'):
        (root / "cmivqa.toml").write_text(f"[data]\nfeatures = {wrong}\n", encoding="utf-8")
        assert "data.features: " in said("config", cwd=root, code=2)


def test_training_on_a_store_is_training_on_files(root: Path) -> None:
    said("data", "pack", "data/video_feature", "f.hdf5", cwd=root)
    width = ("--set", f"visual.visual_dim={WIDTH}")
    said(*TINY, *width, cwd=root)
    said(*TINY, *width, "--features", "f.hdf5", cwd=root)
    runs = [root / "runs" / f"mutualsl-{number}" for number in (1, 2)]
    weights = [(run / "model.safetensors").read_bytes() for run in runs]
    assert weights[0] == weights[1]
    assert "features" not in json.loads((runs[1] / "run.json").read_text())["data"]


def test_several_stores_keep_their_order(root: Path) -> None:
    said("data", "pack", "data/video_feature", "f.hdf5", cwd=root)
    both = ("--features", "clip=f.hdf5", "--features", "slow=data/video_feature")
    (root / "data" / "dev.json").write_bytes((root / "data" / "train.json").read_bytes())
    text = said(*TINY, "--set", f"visual.visual_dim={2 * WIDTH}", *both, cwd=root)
    shown = "--data data --features clip=f.hdf5 --features slow=data/video_feature --device cpu"
    assert text.splitlines()[-1] == f"Next: cmivqa predict --run runs/mutualsl-1 --split dev --track 1 {shown}"
    assert json.loads((root / "runs/mutualsl-1/run.json").read_text())["data"]["features"] == ["clip", "slow"]
    predict = ("predict", "--data", "data", "--split", "train", "--track", "1", "--out", "a.json")
    text = said(*predict, *both[2:], *both[:2], cwd=root, code=2)
    assert "was trained on clip, slow, in this order; given are slow, clip" in text
    said(*predict, *both, cwd=root)


def test_joined_rows(root: Path, caplog: pytest.LogCaptureFixture) -> None:
    (root / "data" / "video_feature" / f"{next(iter(SECONDS))}.npy").unlink()
    text = said(*TINY, "--set", "features=joined", cwd=root)
    assert text.splitlines()[-1] == "Next: cmivqa data split --data data"
    assert "1 of 4 videos have no stored features: that part of their rows is zero" in caplog.text
    network = json.loads((root / "runs/mutualsl-1/network.json").read_text())
    assert network["visual_dim"] == WIDTH + network["text_config"]["hidden_size"]
    for path in (root / "data" / "video_feature").iterdir():
        path.unlink()
    said("predict", "--data", "data", "--split", "train", "--track", "1", "--set", "decode.spans=visual", cwd=root)


def test_a_store_that_cannot_be_opened_is_shown_and_stops_text_baselines_from_nothing(root: Path) -> None:
    said("data", "pack", "data/video_feature", "big", "--format", "bigfile", cwd=root)
    (root / "big" / "feature.bin").write_bytes(b"12345")
    (root / "big" / "id.txt").write_text("x " * 246, encoding="ascii")
    flags = ("--data", "data", "--features", "big")
    text = said("data", "check", *flags, cwd=root, code=1)
    assert (
        "1 bad feature file (unusable):\n    big/feature.bin: 5 bytes; shape.txt states 246 rows of 6 float32" in text
    )
    assert text.splitlines()[-1] == "Next: cmivqa data check --data data --features big"
    (root / "big" / "feature.bin").write_bytes(bytes(246 * 6 * 4))
    text = said("data", "check", *flags, cwd=root, code=1)
    assert "    big/id.txt: 1 problem\n      'x': stands 246 times\n" in text
    said("train", "-m", "bm25", *flags, cwd=root)
    assert "'x': stands 246 times" in said(*TINY, *flags[2:], "--set", "features=files", cwd=root, code=2)
