"""`cmivqa bench train` and `bench predict`: a system on a benchmark from captions to figures, and what goes wrong."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from baselines.nrccr.task import RetrievalTask
from cmivqa_kit.runs.directory import WEIGHTS
from tests.baselines.cross_lingual import write_collection, write_halves
from tests.cli.running import cmivqa_here
from tests.declared import conform
from tests.prediction import fake

NAME = "vatex-en2cn"
TRAIN = ("bench", "train", NAME, "--data", "VisualSearch", "--preset", "tiny", "--no-intervals")


@pytest.fixture(autouse=True)
def installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    points = {
        "nrccr": "baselines.nrccr:DECLARATION",
        "mlcmr": "baselines.nrccr:MLCMR",
        "bm25": "baselines.bm25:DECLARATION",
    }
    fake.install(monkeypatch, tmp_path, **points)


@pytest.fixture
def here(tmp_path: Path) -> Path:
    write_collection(tmp_path / "VisualSearch")
    return tmp_path


def printed(*arguments: str, cwd: Path) -> Any:
    done = cmivqa_here(*arguments, "--format", "json", cwd=cwd)
    assert done.returncode == 0, done.stderr.decode()
    document = json.loads(done.stdout)
    conform(" ".join(arguments[:2]), document)
    return document


def test_nrccr_from_captions_to_figures(here: Path) -> None:
    made = printed(*TRAIN, cwd=here)
    assert (made["system"], made["examples"], made["steps"], made["dropped"]) == ("nrccr", 48, 12, {})
    assert made["validation"]["metric"] == "t2v:SumR"
    # Six videos whose captions share words: chance is 1/6, a whole miss 0.
    assert made["card"]["metrics"]["t2v:R@1"] >= 0.5
    assert set(made["card"]["official"]) == {f"source {weight}" for weight in ("1", "0.8", "0.5", "0.2", "0")}
    assert {figure["system"] for figure in made["card"]["published"]} == {"nrccr"}
    # The same once more, from the run: byte for byte what the training scored.
    again = printed("bench", "predict", NAME, "--data", "VisualSearch", "--out", "again", cwd=here)
    for name in ("videos", "source", "translation"):
        assert (here / "again" / f"{name}.npz").read_bytes() == (
            here / made["predictions"] / f"{name}.npz"
        ).read_bytes()
    score = cmivqa_here(*again["next"].split()[1:], "--no-intervals", "--format", "json", cwd=here)
    assert json.loads(score.stdout)[0]["metrics"] == made["card"]["metrics"]
    shutil.rmtree(here / "runs")
    printed(*TRAIN, cwd=here)
    assert np.load(here / made["predictions"] / "videos.npz")["embeddings"].tobytes() == (
        np.load(here / "again/videos.npz")["embeddings"].tobytes()
    )


def test_mlcmr_learns_one_language_per_caption_and_is_asked_in_english(here: Path) -> None:
    write_halves(here / "VisualSearch/vatex")
    small = ("encoder.name=tiny", "encoder.threads=1", "model.recurrent=32", "model.kernels=32", "model.space=64",
             "train.frozen=none", "train.lr=1e-3", "train.batch=16", "train.epochs=4")  # fmt: skip
    settings = [word for setting in small for word in ("--set", setting)]
    train = ("bench", "train", "vatex-cn2en", "--data", "VisualSearch", "--no-intervals", *settings)
    made = printed(*train, "--preset", "vatex-unparallel-en", cwd=here)
    assert (made["system"], made["examples"], made["validation"]["metric"]) == ("mlcmr", 48, "SumR of both languages")
    assert made["card"]["metrics"]["t2v:R@1"] >= 0.5  # chance is 1/6
    assert {figure["system"] for figure in made["card"]["published"]} == {"mlcmr/unparallel"}
    with np.load(here / made["predictions"]) as scores:
        assert all("#enc#" in name for name in scores["caption_ids"])


@pytest.mark.parametrize(("system", "predictions"), [("nrccr", "vatex-en2cn-test"), ("mlcmr", "scores.npz")])
def test_it_goes_on_where_it_was_stopped(
    here: Path, monkeypatch: pytest.MonkeyPatch, system: str, predictions: str
) -> None:
    train = (*TRAIN, "-m", system, "--set", "train.save_every=3", "--set", "train.epochs=3")
    whole = printed(*train, "--run", "whole", cwd=here)
    assert Path(whole["predictions"]).name == predictions
    assert whole["card"]["metrics"]["t2v:R@1"] >= 0.5
    calls: list[int] = []
    loss_batch = RetrievalTask.batch

    def stopped(self: RetrievalTask, epoch: int, index: int) -> Mapping[str, Any]:
        calls.append(index)
        if len(calls) == 6:
            raise KeyboardInterrupt
        return loss_batch(self, epoch, index)

    monkeypatch.setattr(RetrievalTask, "batch", stopped)
    cmivqa_here(*train, cwd=here)
    assert not (here / "runs" / f"{system}-1" / "outcome.json").exists()
    monkeypatch.setattr(RetrievalTask, "batch", loss_batch)
    resumed = ("bench", "train", NAME, "--data", "VisualSearch", "--no-intervals", "--resume", f"runs/{system}-1")
    done = printed(*resumed, cwd=here)
    assert done["card"]["metrics"] == whole["card"]["metrics"]
    assert (here / "runs" / f"{system}-1" / WEIGHTS).read_bytes() == (here / whole["run"] / WEIGHTS).read_bytes()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("train", NAME, "--data", "nowhere"), "nowhere: no such folder"),
        (("train", NAME, "--data", "VisualSearch", "-m", "bm25"), "bm25 is not trained on vatex-en2cn"),
        (("train", "tvr", "--data", "VisualSearch"), "no installed system is trained on tvr"),
        ((*TRAIN[1:], "--set", "data.feature=clip"), "FeatureData/clip: no such features (there are: i3d_kinetics)"),
        ((*TRAIN[1:], "--set", "model.text_heads=7"), "text_num_attention = 7: must divide"),
        ((*TRAIN[1:], "--set", "train.accumulation=2"), "against a rival a step has one batch"),
        ((*TRAIN[1:], "--set", "model.text_hidden=32"), "the discriminator reads the pretrained encoder's states, 64"),
        ((*TRAIN[1:], "--set", "data.collection=VATEX"), "no folder VATEX with TextData in it"),
        ((*TRAIN[1:], "--resume", "runs/nrccr-1"), "--resume goes on with the settings of the run"),
        (("predict", NAME, "--data", "VisualSearch"), "no finished run of a system that was trained on vatex-en2cn"),
        (("predict", NAME, "--data", "VisualSearch", "--run", "other"), "other: no finished run"),
    ],
)
def test_mistakes_are_told_plainly(here: Path, words: tuple[str, ...], message: str) -> None:
    done = cmivqa_here("bench", *words, cwd=here)
    assert done.returncode == 2, done.stdout.decode()
    assert message in done.stderr.decode()
    assert "Traceback" not in done.stderr.decode()
    assert not list((here / "runs").glob("*"))  # a run that learnt nothing is not left behind


def test_videos_without_features_are_dropped_or_refused(here: Path) -> None:
    path = here / "VisualSearch/vatex/FeatureData/i3d_kinetics/video2frames.txt"
    path.write_text(
        path.read_text().replace("'train000_000_010'", "'elsewhere'").replace('"train000_000_010"', '"elsewhere"')
    )
    made = printed(*TRAIN, "--set", "train.epochs=1", cwd=here)
    assert (made["examples"], made["dropped"]) == (46, {"no-features": 2})
    strict = cmivqa_here(*TRAIN, "--set", "train.max_dropped=0.01", cwd=here)
    assert "has no features for 2 captions of 48, such as of train000_000_010" in strict.stderr.decode()
    path.write_text(path.read_text().replace("test000_000_010'", "gone'").replace('test000_000_010"', 'gone"'))
    assert "no features of 1 video: test000_000_010" in cmivqa_here(*TRAIN, cwd=here).stderr.decode()
