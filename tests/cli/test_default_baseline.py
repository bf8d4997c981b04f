"""The bare commands, which train hybrid: the demo with its rows, dry runs, resuming, an encoder that cannot be had."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from cmivqa_kit.data.demo import demo_corpus
from cmivqa_kit.plugin import registry
from cmivqa_kit.runs.directory import RunDirectory
from tests.cli.running import cmivqa_here
from tests.data.corpora import smaller

INSTALL = "pip install torch transformers accelerate safetensors"
SHORT = ("--set", "train.max_steps=3", "--set", "train.save_every=1", "--set", "train.dev_questions=2")


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The embedded corpus, smaller."""
    return smaller(demo_corpus(), tmp_path_factory.mktemp("corpus") / "corpus")


@pytest.fixture(scope="module")
def demo(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The workspace that the whole demo leaves, and what it printed; of a smaller corpus, which learns the same way."""
    folder = tmp_path_factory.mktemp("demo")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("cmivqa_kit.data.demo.demo_corpus", lambda: corpus)
        shown = cmivqa_here("demo", cwd=folder)
    assert shown.returncode == 0, shown.stderr
    return folder / "demo-workspace", shown.stdout.decode()


def test_the_demo_trains_hybrid_beside_bm25_and_shows_its_row(demo: tuple[Path, str]) -> None:
    folder, text = demo
    assert "$ cmivqa train\n" in text
    assert "$ cmivqa predict --split testA --force\n" in text
    rows = [line.split() for line in text[text.index("Embedded testA") :].splitlines()[2:5]]
    assert [row[0] for row in rows] == ["prior", "bm25", "hybrid,"]
    bm25, hybrid = ([float(value) for value in row[-3:]] for row in rows[1:])
    assert hybrid[0] > bm25[0]
    assert hybrid[2] > bm25[2]
    losses = [json.loads(line)["loss"] for line in (folder / "runs/hybrid-1/metrics.jsonl").read_text().splitlines()]
    assert losses[-1] < losses[0]
    stated = tomllib.loads((folder / "cmivqa.toml").read_text(encoding="utf-8"))["model"]
    assert stated == {"baseline": "hybrid", "preset": "tiny"}


def test_a_dry_run_says_what_it_takes_and_leaves_nothing(corpus: Path, tmp_path: Path) -> None:
    done = cmivqa_here("train", "--dry-run", *SHORT, "--preset", "tiny", "--data", corpus, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    text = done.stdout.decode()
    assert text.startswith("hybrid on ")
    assert "estimated hours" in text
    assert text.splitlines()[-1].startswith("Next: cmivqa train --set train.max_steps=3")
    assert list(tmp_path.iterdir()) == []


def test_a_stopped_training_goes_on_to_the_same_run(
    corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    members = ("--set", 'train.members=["tuned","frozen"]', "--set", "train.log_every=1")
    words = ("train", "--preset", "tiny", "--data", corpus, *SHORT, *members)
    assert cmivqa_here(*words, cwd=tmp_path).returncode == 0
    log, lines = RunDirectory.log, iter(range(99))

    def logged(self: RunDirectory, event: Mapping[str, Any]) -> None:
        log(self, event)
        if next(lines) == 5:  # in the second member
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(RunDirectory, "log", logged)
        assert cmivqa_here(*words, cwd=tmp_path).returncode == 130
    whole, stopped = tmp_path / "runs/hybrid-1", tmp_path / "runs/hybrid-2"
    assert (stopped / "members/2").is_dir()
    assert not (stopped / "hybrid.json").exists()
    done = cmivqa_here("train", "--resume", "runs/hybrid-2", "--data", corpus, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    for name in ("model.safetensors", "members/2/model.safetensors", "hybrid.json"):
        assert (stopped / name).read_bytes() == (whole / name).read_bytes(), name


@pytest.mark.parametrize("preset", ["", "minilm", "minilm-ensemble", "multilingual", "large"])
def test_an_encoder_out_of_reach_is_said_before_any_data_is_loaded(
    preset: str, corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For every preset that fetches one; the hub is switched off, and nothing of it is kept here."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    done = cmivqa_here("train", "--data", corpus, *(("--preset", preset) if preset else ()), cwd=tmp_path)
    assert done.returncode == 2, done.stdout
    text = done.stderr.decode()
    assert "Traceback" not in text
    for named in ("HF_ENDPOINT", "--set encoder.name=DIR", "--set model.tier=lexical"):
        assert named in text, named
    assert not (tmp_path / "runs").exists()


def test_without_an_encoder_words_alone_are_trained(corpus: Path, tmp_path: Path) -> None:
    assert cmivqa_here("train", "--set", "model.tier=lexical", "--data", corpus, cwd=tmp_path).returncode == 0


@pytest.mark.parametrize(("device", "said"), [("cuda:7", "not on this machine"), ("gpu", "unknown device 'gpu'")])
def test_a_device_that_is_not_there(tmp_path: Path, device: str, said: str) -> None:
    refused = cmivqa_here("train", "--device", device, cwd=tmp_path)
    assert refused.returncode == 2
    assert said in refused.stderr.decode()
    assert b"--device" in refused.stderr


def test_without_torch_the_demo_shows_hybrid_by_bm25_alone(
    corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry, "find_spec", lambda name: None if name == "torch" else find_spec(name))
    monkeypatch.setattr("cmivqa_kit.data.demo.demo_corpus", lambda: corpus)
    done = cmivqa_here("demo", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    text = done.stdout.decode()
    assert f"hybrid goes without torch here ({INSTALL}" in text
    rows = [line.split() for line in text[text.index("Embedded testA") :].splitlines()[2:5]]
    assert rows[2][:3] == ["hybrid,", "without", "torch"]
