"""A new trained system needs only its own parts: a small one without a text encoder goes the whole way."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from cmivqa_kit.data.features import SplitFeatures
from cmivqa_kit.data.span import Span
from cmivqa_kit.data.types import Question, Split
from cmivqa_kit.errors import UserError
from cmivqa_kit.plugin.settings import settings
from cmivqa_kit.plugin.types import CheckpointRequest, Plans, Prediction, PredictOptions, Prepares
from cmivqa_kit.runs.directory import FEATURE_ENCODER, TOKENIZER, RunDirectory, make_run, open_run, start_run
from tests.baselines.corpora import split, video
from tests.training.tiny_system import DECLARATION, WIDTH, TinyCheckpoints, TinyNetwork, TinySystem

pytestmark = pytest.mark.usefixtures("one_thread")
SECONDS = (3, 9, 1, 12, 6, 7)  # when each answer starts


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Split:
    """Videos of 20 seconds, two without features; the first number of a feature row is 1 where the answer is."""
    folder = tmp_path_factory.mktemp("features")
    generator = np.random.default_rng(3)
    for number, second in enumerate(SECONDS):
        rows = generator.normal(scale=0.1, size=(20, WIDTH)).astype(np.float32)
        rows[second, 0] = 1
        np.save(folder / f"v{number}.npy", rows)
    videos = [video(f"v{number}", ["a line", "and another"] * 2) for number in range(8)]
    asked = [Question(n, "when?", None, f"v{n}", Span(float(second), second + 1.0)) for n, second in enumerate(SECONDS)]
    asked += [Question(n, "when?", None, f"v{n}", Span(0.0, 1.0)) for n in (6, 7)]
    return replace(split(videos, asked), features=SplitFeatures([folder]))


@pytest.fixture(scope="module")
def seen(data: Split) -> Split:
    """The questions about videos with features."""
    return replace(data, questions=data.questions[:6])


def begun(folder: Path, *overrides: str) -> RunDirectory:
    return start_run(folder, "tiny", settings(DECLARATION, None, overrides), 1)


def fitted(folder: Path, data: Split, dev: Split | None, *overrides: str) -> RunDirectory:
    run = begun(folder, *overrides)
    system = TinySystem()
    system.prepare(run.config)
    system.fit(data, dev, run)
    run.finish()
    return run


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, data: Split, seen: Split) -> RunDirectory:
    return fitted(tmp_path_factory.mktemp("runs"), data, seen)


def asked(run: RunDirectory, data: Split) -> list[Prediction]:
    system = TinySystem()
    system.load(open_run(run.path))
    return list(system.predict(data.for_prediction(1), 1, PredictOptions(config=run.config)))


def test_it_learns_and_answers_from_its_run(run: RunDirectory, seen: Split) -> None:
    assert run.read("examples.json") == {"used": 6, "usable": 6, "dropped": {"no-features": 2}}
    assert run.read("network.json") == {"width": WIDTH, "bias": True}
    assert not (run.path / TOKENIZER).exists()
    spans = [prediction.candidates[0].span for prediction in asked(run, seen)]
    assert spans == [Span(float(second), second + 1.0) for second in SECONDS]
    assert run.read("outcome.json")["best"] == 100.0  # mIoU of the dev split


def test_weights_are_drawn_by_the_seed(run: RunDirectory, data: Split, seen: Split, tmp_path: Path) -> None:
    again = fitted(tmp_path, data, seen)
    assert (again.path / "model.safetensors").read_bytes() == (run.path / "model.safetensors").read_bytes()


def test_a_resumed_training_ends_where_an_unbroken_one_does(
    run: RunDirectory, data: Split, seen: Split, tmp_path: Path
) -> None:
    first = begun(tmp_path, "train.max_steps=7")
    TinySystem().fit(data, seen, first)
    rest = RunDirectory(first.path, "tiny", run.config, 1)
    TinySystem().fit(data, seen, rest)
    assert (rest.path / "last.safetensors").read_bytes() == (run.path / "last.safetensors").read_bytes()


def test_it_is_planned(data: Split, seen: Split, tmp_path: Path) -> None:
    system = TinySystem()
    assert isinstance(system, Plans) and isinstance(system, Prepares)
    plan = system.plan(data, seen, begun(tmp_path, "train.pairs=5"))
    assert (plan.examples, plan.pairs, plan.batches, plan.steps) == (6, 5, 3, 18)
    assert (dict(plan.dropped), plan.dev_questions) == ({"no-features": 2}, 6)
    assert plan.seconds > 0


def test_without_a_dev_split_the_last_weights_are_used(data: Split, tmp_path: Path) -> None:
    alone = fitted(tmp_path, data, None, "train.max_steps=2")
    assert load_file(alone.path / "model.safetensors").keys() == load_file(alone.path / "last.safetensors").keys()
    assert alone.read("outcome.json")["best"] is None


def test_too_few_examples_and_settings_out_of_range_are_refused(data: Split, seen: Split, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"2 of 8 questions of .* cannot be trained on: 2 no-features"):
        fitted(tmp_path, data, None, "train.max_dropped=0.1")
    for setting, message in (("train.batch_size=0", "1 or more"), ("train.lr=-1.0", "0 or more"),
                             ("train.precision=fp8", '"no" or "bf16" or "fp16"')):  # fmt: skip
        with pytest.raises(UserError, match=rf"{setting.partition('=')[0]}: .* must be {message}"):
            TinySystem().prepare(settings(DECLARATION, None, (setting,)))


def test_a_damaged_run_is_refused(run: RunDirectory, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"(?s)tiny answers from a run only.*cmivqa train -m tiny"):
        TinySystem().ready()
    broken = begun(tmp_path)
    broken.write("network.json", {"width": 0})
    with pytest.raises(UserError, match=r"(?s)network\.json: width missing or unusable.*It needs"):
        TinySystem().load(broken)
    broken.write("network.json", {"width": 3, "of another tool": 1})
    save_file({"linear.weight": torch.zeros(1, 4)}, broken.path / "model.safetensors")
    with pytest.raises(UserError, match="cannot be loaded into this network"):
        TinySystem().load(broken)


def test_rows_may_be_made_of_subtitles(data: Split, tmp_path: Path) -> None:
    """By an encoder that is named: the system has none of its own."""
    with pytest.raises(UserError, match=r"(?s)tiny has no text encoder of its own.*features\.encoder=DIR"):
        fitted(tmp_path / "none", data, None, "features=subtitle-embedding")
    made = fitted(tmp_path, data, None, "features=subtitle-embedding", "features.encoder=tiny", "train.max_steps=2")
    assert (made.path / FEATURE_ENCODER).is_dir() and made.read("network.json")["width"] == 64
    assert len(asked(made, data)) == 8  # all videos have subtitles


def test_an_official_checkpoint_becomes_a_run(run: RunDirectory, seen: Split, tmp_path: Path) -> None:
    weights = {**load_file(run.path / "model.safetensors"), "linear.steps": torch.zeros(1)}
    torch.save({"epoch": 3, "model": weights}, tmp_path / "official.pt")
    made = make_run(tmp_path / "run", "tiny", settings(DECLARATION), 0, "published")
    report = TinyCheckpoints().convert(CheckpointRequest((tmp_path / "official.pt",)), made)
    made.finish()
    assert (report.sizes, report.ignored, report.missing, report.remarks) == ({"width": 8}, ("linear.steps",), (), ())
    assert asked(made, seen) == asked(run, seen)
    torch.save({"other": torch.zeros(1)}, tmp_path / "other.pt")
    with pytest.raises(UserError, match=r"lacks linear\.weight; it is no Tiny checkpoint"):
        TinyCheckpoints().convert(CheckpointRequest((tmp_path / "other.pt",)), made)


@pytest.mark.parametrize(
    "document", [None, [], {"bias": True}, {"width": "8"}, {"width": True}, {"width": 8, "bias": 1}]
)
def test_sizes_are_checked_by_their_types(document: object) -> None:
    with pytest.raises(UserError, match=r"here: .* missing or unusable"):
        TinyNetwork.of(document, "here")
    assert TinyNetwork.of(json.loads('{"width": 8}'), "here") == TinyNetwork(8)
