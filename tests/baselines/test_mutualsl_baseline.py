"""Training and answering, on a toy corpus with the small encoder."""

from __future__ import annotations

import json
import logging
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import pytest
import torch
from safetensors.torch import load_file

from baselines.mutualsl.baseline import MutualSLBaseline
from baselines.mutualsl.settings import Settings
from cmivqa_kit.data.features import SplitFeatures
from cmivqa_kit.data.span import Span
from cmivqa_kit.data.types import Question, Split, Subtitle, Video
from cmivqa_kit.errors import UserError
from cmivqa_kit.plugin.types import Prediction, PredictOptions
from cmivqa_kit.runs.directory import RunDirectory, open_run, start_run
from cmivqa_kit.runs.settings import Recipe
from cmivqa_kit.submission.write import write
from tests.baselines.mutualsl_corpus import config, corpus

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Split:
    return corpus(tmp_path_factory.mktemp("features"))


def fitted(
    folder: Path, data: Split, *overrides: str, seed: int = 1, dev: bool = True, recipe: Recipe = "kit"
) -> RunDirectory:
    """A finished run of a few steps."""
    values = config("train.max_steps=6", "train.batch_tokens=300", *overrides, recipe=recipe)
    run = start_run(folder, "mutualsl", values, seed, recipe)
    MutualSLBaseline().fit(data, data if dev else None, run)
    run.finish()
    return run


def asked(run: RunDirectory, data: Split, *overrides: str) -> list[Prediction]:
    system = MutualSLBaseline()
    system.load(run)
    sections = {name: dict(table) for name, table in run.config.items()}
    for override in overrides:
        key, _, value = override.partition("=")
        section, _, name = key.partition(".")
        sections[section][name] = type(sections[section][name])(value)
    return list(system.predict(data.for_prediction(1), 1, PredictOptions(config=sections)))


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, data: Split) -> RunDirectory:
    return fitted(tmp_path_factory.mktemp("runs"), data)


def test_a_run_holds_all_that_prediction_needs(run: RunDirectory, data: Split) -> None:
    names = {path.name for path in run.path.iterdir()}
    assert {"model.safetensors", "network.json", "tokenizer", "examples.json", "metrics.jsonl"} <= names
    assert run.read("examples.json") == {"used": 6, "usable": 6, "dropped": {}}
    assert run.read("network.json")["frame_mask"]
    answers = asked(open_run(run.path), data)
    assert [one.question_id for one in answers] == list(range(6))
    for one, question in zip(answers, data.questions, strict=True):
        (candidate,) = one.candidates
        assert candidate.video_id == question.video_id
        assert candidate.span.valid and candidate.span.end <= 65 and 0 < candidate.score <= 1
    first = json.loads((run.path / "metrics.jsonl").read_text(encoding="utf-8").splitlines()[0])
    assert {"mIoU", "R@1,IoU=0.3", "loss"} <= set(first)


def test_the_loss_falls_and_the_answers_are_learnt(tmp_path: Path, data: Split) -> None:
    run = fitted(
        tmp_path, data, "train.max_steps=90", "train.epochs=90", "train.batch_tokens=2000", "train.lr=3e-3",
        "train.warmup=3.0", "train.evaluate_every=30",
    )  # fmt: skip
    lines = (run.path / "metrics.jsonl").read_text(encoding="utf-8").splitlines()
    losses = [json.loads(line)["loss"] for line in lines]
    assert losses[-1] < 0.6 * losses[0]
    hits = sum(
        one.candidates[0].span == question.answer
        for one, question in zip(asked(run, data), data.questions, strict=True)
    )
    assert hits >= 4


def test_the_same_seed_gives_the_same_bytes(run: RunDirectory, data: Split, tmp_path: Path) -> None:
    again, other = fitted(tmp_path, data), fitted(tmp_path, data, seed=2)
    weights = [(r.path / "model.safetensors").read_bytes() for r in (run, again, other)]
    assert weights[0] == weights[1] != weights[2]
    assert asked(run, data) == asked(again, data)


def test_a_resumed_training_ends_where_an_unbroken_one_does(run: RunDirectory, data: Split, tmp_path: Path) -> None:
    first = start_run(tmp_path, "mutualsl", config("train.max_steps=3", "train.batch_tokens=300"), 1)
    MutualSLBaseline().fit(data, data, first)
    rest = RunDirectory(first.path, "mutualsl", run.config, 1)
    MutualSLBaseline().fit(data, data, rest)
    assert (rest.path / "last.safetensors").read_bytes() == (run.path / "last.safetensors").read_bytes()


def test_a_checkpointed_training_is_the_same_training(run: RunDirectory, data: Split, tmp_path: Path) -> None:
    for setting in ("false", "true"):
        begun = start_run(tmp_path / setting, "mutualsl", config(f"train.checkpointing={setting}"), 1)
        task = MutualSLBaseline().training(data, data, begun, Settings.of(begun.config)).task
        assert any(getattr(one, "gradient_checkpointing", False) for one in task.model.modules()) is (setting == "true")
    checkpointed = fitted(tmp_path, data, "train.checkpointing=true")
    before = load_file(run.path / "last.safetensors")
    for name, value in load_file(checkpointed.path / "last.safetensors").items():
        torch.testing.assert_close(value, before[name], atol=1e-5, rtol=1e-4)


def test_every_question_is_answered(
    run: RunDirectory, data: Split, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def said(*texts: str) -> tuple[Subtitle, ...]:
        return tuple(Subtitle(text, 3.0 * n + 1, 3.0) for n, text in enumerate(texts))

    videos = {"two": said("take the gauze", "wait"), "v1": (), "silent": (), "unseen": said("a", "b", "", "take"),
              "long": said(*["wait 3 more"] * 60), "still": (Subtitle("x", 2.0, 0.0),) * 3}  # fmt: skip
    questions = tuple(Question(name, "how to use the gauze?", None, name) for name in (*videos, "unknown"))
    split = replace(
        data, name="testA", questions=questions,
        videos=MappingProxyType({name: Video(name, lines) for name, lines in videos.items()}),
    )  # fmt: skip
    with caplog.at_level(logging.WARNING):
        found = asked(run, split, "decode.maxlen=64")
    spans = {one.question_id: one.candidates[0].span for one in found}
    assert list(spans) == [question.id for question in questions]
    assert spans["two"] == Span(1.0, 7.0)
    assert spans["v1"] == Span(0.0, 45.0)  # no line, but 45 rows of features
    assert spans["silent"] == spans["unknown"] == Span(0.0, 1.0)
    assert spans["still"] == Span(2.0, 3.0)
    assert spans["unseen"].valid and spans["long"].valid
    text = caplog.text
    for part in (
        "3 of 7 questions are about videos without subtitles",
        "1 of 7 questions are about videos of one or two",
        "6 of 7 questions are about videos without features",
        "video long is longer than 64 tokens",
    ):
        assert text.count(part) == 1, part
    numbered = replace(split, questions=tuple(replace(q, id=n) for n, q in enumerate(questions)))
    rows = [(n, [(q.video_id, spans[q.id].start, spans[q.id].end)]) for n, q in enumerate(questions)]
    path = write(rows, numbered, 1, tmp_path / "submission.json")
    assert len(json.loads(path.read_text(encoding="utf-8"))) == 7


def test_a_question_that_fills_the_row_is_answered_with_the_video(run: RunDirectory, data: Split) -> None:
    long = replace(data, questions=(replace(data.questions[0], text="how to use the gauze " * 20),))
    assert asked(run, long, "decode.maxlen=64")[0].candidates[0].span == Span(0.0, 40.0)


def test_other_ways_to_decode(run: RunDirectory, data: Split, caplog: pytest.LogCaptureFixture) -> None:
    for one in asked(run, data, "decode.spans=constrained"):
        span = one.candidates[0].span
        assert span.valid and span.start % 5 == span.end % 5 == 0 and one.candidates[0].score > 0
    for one in asked(run, data, "decode.spans=visual"):
        span = one.candidates[0].span
        assert span.valid and span.end <= 64
    stated = replace(data, features=SplitFeatures(data.features.folders, stated=2.0))
    for one, twice in zip(*(asked(run, split, "decode.spans=visual") for split in (data, stated)), strict=True):
        span = one.candidates[0].span
        assert twice.candidates[0].span == Span(2 * span.start, 2 * span.end)  # the same rows, twice as long
    # Batches of another size give the same answers: padding has no part in them.
    small, large = asked(run, data, "decode.tokens=1"), asked(run, data)
    assert [one.candidates[0].span for one in small] == [one.candidates[0].span for one in large]
    assert [one.candidates[0].score for one in small] == pytest.approx([o.candidates[0].score for o in large], rel=1e-4)


def test_the_published_recipe_keeps_its_quirks(tmp_path: Path, data: Split) -> None:
    few = {**data.videos, "v0": replace(data.videos["v0"], subtitles=data.videos["v0"].subtitles[:2])}
    quirky = replace(data, videos=MappingProxyType(few))
    run = fitted(tmp_path, quirky, "train.max_steps=2", "train.batch_tokens=0", recipe="published")
    assert run.read("examples.json") == {"used": 5, "usable": 5, "dropped": {"few-subtitles": 1}}
    assert not run.read("network.json")["frame_mask"]
    assert len(asked(run, quirky)) == 6


def test_the_plan_counts_what_training_does(tmp_path: Path, data: Split) -> None:
    run = start_run(tmp_path, "mutualsl", config("train.batch_tokens=300"), 1)
    plan = MutualSLBaseline().plan(data, data, run)
    assert (plan.examples, plan.pairs, plan.dev_questions) == (6, 6, 6)
    assert plan.steps >= plan.epochs * 2
    assert plan.seconds > 0


def test_wrong_use_is_said_plainly(run: RunDirectory, data: Split, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="from a run only"):
        list(MutualSLBaseline().predict(data, 1, PredictOptions()))
    system = MutualSLBaseline()
    system.load(run)
    with pytest.raises(UserError, match="cannot answer Track 3"):
        list(system.predict(data, 3, PredictOptions(config=run.config)))
    with pytest.raises(UserError, match="no video given"):
        list(system.predict(data.for_prediction(2), 1, PredictOptions(config=run.config)))
    for override, message in (
        ("train.start_label=third", r"train\.start_label: 'third' must be"),
        ("decode.spans=best", r"decode\.spans: 'best' must be"),
        ("visual.kernel=4", "kernel_size = 4 is even"),
        ("visual.visual_dim=9", "this network takes rows of 9"),
    ):
        with pytest.raises(UserError, match=message):
            fitted(tmp_path, data, override)
    with pytest.raises(UserError, match="no video of this split has any"):
        fitted(tmp_path, corpus(tmp_path / "none", {f"v{n}": -1 for n in range(6)}), "features=files")
