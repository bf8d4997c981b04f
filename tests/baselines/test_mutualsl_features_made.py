"""MutualSL on a corpus without any feature file: what is said in every second is its visual sequence."""

from __future__ import annotations

import logging
import shutil
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import pytest

from baselines.mutualsl import DECLARATION
from baselines.mutualsl.baseline import MutualSLBaseline
from cmivqa_kit.data.catalogue import catalogue
from cmivqa_kit.data.demo import demo_corpus
from cmivqa_kit.data.types import Question, Split, Video
from cmivqa_kit.errors import UserError
from cmivqa_kit.neural.planned_embedding import PlannedEmbedding
from cmivqa_kit.plugin.settings import settings
from cmivqa_kit.plugin.types import Prediction, PredictOptions
from cmivqa_kit.runs.directory import FEATURE_ENCODER, RunDirectory, open_run, start_run
from cmivqa_kit.runs.settings import Recipe
from cmivqa_kit.training.fit import train
from tests.baselines.mutualsl_corpus import config, corpus

pytestmark = pytest.mark.usefixtures("one_thread")

FEW = ("train.max_steps=6", "train.batch_tokens=300")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Split:
    made = corpus(tmp_path_factory.mktemp("features"), {f"v{n}": -1 for n in range(6)})
    assert not len(made.features)
    return made


def fitted(folder: Path, data: Split, *overrides: str, recipe: Recipe = "kit", dev: bool = True) -> RunDirectory:
    values = config(*FEW, "visual.visual_dim=1024", *overrides, recipe=recipe)
    run = start_run(folder, "mutualsl", values, 1, recipe)
    MutualSLBaseline().fit(data, data if dev else None, run)
    run.finish()
    return run


def asked(run: RunDirectory, data: Split, spans: str = "visual") -> list[Prediction]:
    system = MutualSLBaseline()
    system.load(run)
    sections = {**run.config, "decode": {**run.config["decode"], "spans": spans}}
    return list(system.predict(data.for_prediction(1), 1, PredictOptions(config=sections)))


def weights(run: RunDirectory, name: str = "model") -> bytes:
    return (run.path / f"{name}.safetensors").read_bytes()


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, data: Split) -> RunDirectory:
    return fitted(tmp_path_factory.mktemp("runs"), data)


def test_the_run_holds_the_frozen_encoder(run: RunDirectory) -> None:
    assert run.read("examples.json") == {"used": 6, "usable": 6, "dropped": {}}
    assert run.read("network.json")["visual_dim"] == 64  # of the encoder, not the setting
    kept = {path.name for path in (run.path / FEATURE_ENCODER).iterdir()}
    assert {"config.json", "model.safetensors", "tokenizer.json"} <= kept


@pytest.mark.parametrize("spans", ["visual", "reference"])
def test_a_run_answers_elsewhere_with_an_empty_cache(
    run: RunDirectory, data: Split, spans: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = asked(run, data, spans)
    moved = Path(shutil.copytree(run.path, tmp_path / "elsewhere" / "a run"))
    monkeypatch.setenv("CMIVQA_CACHE", str(tmp_path / "empty"))
    assert asked(open_run(moved), data, spans) == here
    for one, question in zip(here, data.questions, strict=True):
        (candidate,) = one.candidates
        assert candidate.video_id == question.video_id and candidate.span.valid
        assert candidate.span.end <= (data.videos[candidate.video_id].duration or 0)
    assert (tmp_path / "empty").exists() == (spans == "visual")  # the text asks for no rows


def test_the_visual_branch_learns_from_what_is_said(tmp_path: Path, data: Split) -> None:
    run = fitted(
        tmp_path, data, "train.max_steps=90", "train.epochs=90", "train.batch_tokens=2000", "train.lr=3e-3",
        "train.warmup=3.0", "train.evaluate_every=45", "decode.spans=visual",
    )  # fmt: skip
    answers = [question.answer for question in data.questions]
    ious = [one.candidates[0].span.iou(answer) for one, answer in zip(asked(run, data), answers, strict=True) if answer]
    assert sum(iou >= 0.5 for iou in ious) >= 4, ious


def test_the_same_seed_gives_the_same_bytes_whatever_the_cache_holds(
    run: RunDirectory, data: Split, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled = fitted(tmp_path, data)
    monkeypatch.setenv("CMIVQA_CACHE", str(tmp_path / "empty"))
    assert weights(fitted(tmp_path, data)) == weights(filled) == weights(run)
    other = fitted(tmp_path, data, "features.encoder=tiny")  # drawn by the same seed from the same words
    assert weights(other) == weights(run)


def test_a_resumed_training_goes_on_with_the_same_source(run: RunDirectory, data: Split, tmp_path: Path) -> None:
    """Even where feature files have come in between."""
    begun = start_run(tmp_path, "mutualsl", config(*FEW, "visual.visual_dim=1024", "train.max_steps=3"), 1)
    MutualSLBaseline().fit(data, data, begun)
    before = {path.name: path.read_bytes() for path in (begun.path / FEATURE_ENCODER).iterdir()}
    with_files = corpus(tmp_path / "features")
    assert len(with_files.features) == 6 and with_files.videos == data.videos
    rest = RunDirectory(begun.path, "mutualsl", run.config, 1)
    MutualSLBaseline().fit(with_files, with_files, rest)
    assert weights(rest, "last") == weights(run, "last")
    assert {path.name: path.read_bytes() for path in (begun.path / FEATURE_ENCODER).iterdir()} == before


def test_a_training_on_files_goes_on_with_files(data: Split, tmp_path: Path) -> None:
    with_files = corpus(tmp_path / "features")
    values = config(*FEW, "train.max_steps=3")
    begun = start_run(tmp_path, "mutualsl", values, 1)
    MutualSLBaseline().fit(with_files, None, begun)
    with pytest.raises(UserError, match="no video of this split has any"):
        MutualSLBaseline().fit(data, None, RunDirectory(begun.path, "mutualsl", config(*FEW), 1))
    assert not (begun.path / FEATURE_ENCODER).exists()


def test_the_published_recipe_needs_files(data: Split, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"(?s)no video of this split has any.*--set features=subtitle-embedding"):
        fitted(tmp_path, data, recipe="published")
    assert not (tmp_path / "mutualsl-1" / FEATURE_ENCODER).exists()
    run = fitted(tmp_path, data, "features=subtitle-embedding", "train.max_steps=2", recipe="published", dev=False)
    assert run.read("network.json")["visual_dim"] == 64


def test_what_is_unusual_is_told_of_the_rows_that_are_used(
    run: RunDirectory, data: Split, caplog: pytest.LogCaptureFixture
) -> None:
    silent = Question("s", "how to use it?", None, "silent")
    more = replace(
        data, questions=(*data.questions, silent),
        videos=MappingProxyType({**data.videos, "silent": Video("silent", duration=20.0)}),
    )  # fmt: skip
    with caplog.at_level(logging.WARNING):
        asked(run, more)
    assert "1 of 7 questions are about videos without features: answered by the text" in caplog.text
    caplog.clear()
    with caplog.at_level(logging.WARNING):
        asked(run, data)
    assert not caplog.records


def test_a_training_that_is_refused_leaves_nothing(tmp_path: Path) -> None:
    """Though the encoder is written before all is known that can be wrong."""
    root = shutil.copytree(demo_corpus(), tmp_path / "corpus", ignore=shutil.ignore_patterns("video_feature"))
    values = settings(DECLARATION, "tiny", ["visual.kernel=4"])
    with pytest.raises(UserError, match="kernel_size = 4 is even"):
        train(catalogue(root), DECLARATION, values, tmp_path / "runs")
    assert list((tmp_path / "runs").iterdir()) == []


def test_an_encoder_that_cannot_be_had_is_said_before_any_data(tmp_path: Path) -> None:
    values = config(f"features.encoder={tmp_path / 'nowhere'}")
    with pytest.raises(UserError, match="no such folder"):
        MutualSLBaseline().prepare(values)


def test_a_plan_does_not_embed_the_corpus_and_counts_it(
    data: Split, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CMIVQA_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(PlannedEmbedding, "seconds", lambda source: 1e6)
    system = MutualSLBaseline()
    planned = system.plan(data, data, start_run(tmp_path, "mutualsl", config(*FEW), 1))
    assert not list((tmp_path / "cache").rglob("*.npy"))
    assert planned.seconds > 1e6


def test_the_plan_takes_the_same_source(data: Split, tmp_path: Path) -> None:
    plan = MutualSLBaseline().plan(data, data, start_run(tmp_path, "mutualsl", config(*FEW), 1))
    assert (plan.examples, plan.pairs, plan.dev_questions) == (6, 6, 6)
