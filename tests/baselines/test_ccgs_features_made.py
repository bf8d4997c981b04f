"""The visual variant on a corpus without any feature file: what is said in every second is its visual sequence."""

from __future__ import annotations

import logging
import shutil
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from baselines.ccgs import DECLARATION
from baselines.ccgs.baseline import CCGS
from cmivqa_kit.data.types import Split, Video
from cmivqa_kit.errors import UserError
from cmivqa_kit.plugin.settings import settings
from cmivqa_kit.plugin.types import Prediction, PredictOptions
from cmivqa_kit.runs.directory import FEATURE_ENCODER, RunDirectory, open_run, start_run
from cmivqa_kit.runs.settings import Recipe
from cmivqa_kit.training import trained
from tests.baselines.mutualsl_corpus import corpus

pytestmark = pytest.mark.usefixtures("one_thread")

FEW = ("encoder.name=tiny", "train.max_steps=4", "train.precision=no")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Split:
    made = corpus(tmp_path_factory.mktemp("features"), {f"v{n}": -1 for n in range(6)})
    assert not len(made.features)
    return made


def fitted(
    folder: Path, data: Split, *overrides: str, preset: str = "tiny-visual", recipe: Recipe = "kit"
) -> RunDirectory:
    run = start_run(folder, "ccgs", settings(DECLARATION, preset, (*FEW, *overrides), recipe), 1, recipe)
    CCGS().fit(data, data, run)
    run.finish()
    return run


def asked(run: RunDirectory, data: Split, **changes: Any) -> list[Prediction]:
    system = CCGS()
    system.load(run)
    config = {**run.config, "decode": {**run.config["decode"], **changes}}
    return list(system.predict(data.for_prediction(2), 3, PredictOptions(config=config, limit=1000)))


def weights(run: RunDirectory, name: str = "model") -> bytes:
    return (run.path / f"{name}.safetensors").read_bytes()


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, data: Split) -> RunDirectory:
    return fitted(tmp_path_factory.mktemp("runs"), data)


def test_a_run_answers_elsewhere_with_an_empty_cache(
    run: RunDirectory, data: Split, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    assert run.read("examples.json") == {"used": 6, "usable": 6, "dropped": {}}
    assert run.read("network.json")["visual_dim"] == 64  # of the encoder, not the setting
    here = asked(run, data)
    moved = Path(shutil.copytree(run.path, tmp_path / "elsewhere" / "a run"))
    monkeypatch.setenv("CMIVQA_CACHE", str(tmp_path / "empty"))
    with caplog.at_level(logging.WARNING):
        assert asked(open_run(moved), data) == here
    assert not caplog.records
    assert {candidate.video_id for one in here for candidate in one.candidates} == set(data.videos)


def test_a_row_is_a_second_of_each_video(run: RunDirectory, data: Split) -> None:
    system = CCGS()
    system.load(run)
    features = system.scorer(data.for_prediction(2), PredictOptions(config=run.config)).rows
    assert features is not None
    for name, one in data.videos.items():
        rows = features.get(name)
        assert rows is not None and rows.shape == (one.duration, 64)
        assert (rows[0] == rows[4]).all()  # a line of five seconds


def test_the_references_corpus_is_that_of_the_rows(run: RunDirectory, data: Split, tmp_path: Path) -> None:
    """Not that of files which some videos have."""
    files = corpus(tmp_path / "features", {f"v{n}": -1 for n in range(1, 6)}).features
    assert list(files) == ["v0"]
    some = replace(data, videos=MappingProxyType({**data.videos, "silent": Video("silent")}), features=files)
    for one in asked(run, some, corpus="reference"):
        assert {candidate.video_id for candidate in one.candidates} == set(data.videos)


def test_the_same_seed_gives_the_same_bytes_whatever_the_cache_holds(
    run: RunDirectory, data: Split, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CMIVQA_CACHE", str(tmp_path / "empty"))
    assert weights(fitted(tmp_path, data, "features=subtitle-embedding")) == weights(run)


def test_a_resumed_training_goes_on_with_the_same_source(run: RunDirectory, data: Split, tmp_path: Path) -> None:
    config = {**run.config, "train": {**run.config["train"], "max_steps": 2}}
    begun = start_run(tmp_path, "ccgs", config, 1)
    CCGS().fit(data, data, begun)
    rest = RunDirectory(begun.path, "ccgs", run.config, 1)
    with_files = corpus(tmp_path / "features")
    CCGS().fit(with_files, with_files, rest)
    assert weights(rest, "last") == weights(run, "last")


def test_the_published_recipe_needs_files(data: Split, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"(?s)no video of this split has any.*--set features=subtitle-embedding"):
        fitted(tmp_path, data, recipe="published")


def test_the_text_variant_asks_for_no_features(
    data: Split, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("opened")

    monkeypatch.setattr(trained, "source_for", refuse)
    monkeypatch.setattr(trained, "source_of", refuse)
    with caplog.at_level(logging.WARNING):
        plain = fitted(tmp_path, data, preset="tiny")
        named = fitted(tmp_path, data, "features=subtitle-embedding", "features.encoder=nowhere", preset="tiny")
        CCGS().prepare(named.config)
        assert asked(plain, data) == asked(named, data)
    assert not caplog.records
    assert weights(plain) == weights(named)
    assert plain.read("network.json")["visual_dim"] == 1024
    assert not (plain.path / FEATURE_ENCODER).exists()
    with pytest.raises(UserError, match="no such folder"):
        CCGS().prepare(settings(DECLARATION, "tiny-visual", [f"features.encoder={tmp_path / 'nowhere'}"]))
