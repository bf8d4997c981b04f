"""Hybrid end to end: its tiers on small corpora, every track, what it says where it cannot do more."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from dataclasses import replace
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tokenizers import Tokenizer, models, pre_tokenizers, trainers
from transformers import AutoModel, BertConfig, PreTrainedTokenizerFast, XLMRobertaConfig

from baselines.hybrid import DECLARATION
from baselines.hybrid.baseline import HybridBaseline
from cmivqa_kit.data.span import Span
from cmivqa_kit.data.types import Question, Split, Video
from cmivqa_kit.errors import UserError
from cmivqa_kit.files import sha256
from cmivqa_kit.plugin import registry
from cmivqa_kit.plugin.settings import presets, settings
from cmivqa_kit.plugin.types import Prediction, PredictOptions, Target
from cmivqa_kit.prediction.dev_evaluation import evaluate
from cmivqa_kit.runs.directory import RunDirectory, make_run
from tests.baselines import corpora

UNKNOWN = {"unk_token": "<unk>"}
QUICK = ("train.epochs=2", "train.frozen_epochs=1", "train.videos=3")


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CMIVQA_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def no_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    def find(name: str) -> ModuleSpec | None:
        return None if name == "torch" else find_spec(name)

    monkeypatch.setattr(registry, "find_spec", find)


def small() -> Split:
    return corpora.clinic(videos=12, sentences=12)


def asked_of(split: Split) -> Split:
    """Two questions for each video, about its first and second half."""
    questions = [
        Question(
            f"{video}{half}", f"how is the {half} tool used?", "English", video, Span(30.0 * half, 30.0 * half + 25)
        )
        for video in split.videos
        for half in (0, 1)
    ]
    return replace(split, questions=tuple(questions))


def begun(folder: Path, *overrides: str) -> RunDirectory:
    config = settings(DECLARATION, "tiny", overrides)
    return replace(make_run(folder, "hybrid", config, 0), device="cpu")


def fitted(folder: Path, train: Split, dev: Split | None, *overrides: str) -> HybridBaseline:
    run = begun(folder, *overrides)
    HybridBaseline().fit(train, dev, run)
    run.finish()
    loaded = HybridBaseline()
    loaded.load(run)
    return loaded


def answers(system: HybridBaseline, split: Split, target: Target, *overrides: str) -> list[Prediction]:
    assert system.run is not None
    config = settings(DECLARATION, "tiny", overrides)
    shown = split.for_prediction(1 if target == 1 else 2)
    return list(system.predict(shown, target, PredictOptions({**system.run.config, **config}, device="cpu")))


def require_lists(predictions: Sequence[Prediction], split: Split, target: Target) -> None:
    """What holds of every list, whatever was learnt."""
    assert [prediction.question_id for prediction in predictions] == [question.id for question in split.questions]
    for prediction, question in zip(predictions, split.questions, strict=True):
        entries = prediction.candidates
        assert 1 <= len(entries) <= 50
        assert all(entry.span.valid and entry.video_id in split.videos for entry in entries)
        assert len({(entry.video_id, entry.span) for entry in entries}) == len(entries)
        videos = [entry.video_id for entry in entries]
        if target == 1:
            assert set(videos) == {question.video_id}
        elif target == 2:
            assert len(set(videos)) == len(videos) == min(50, len(split.videos))
        elif target == "corpus":
            assert len(set(videos[:10])) == min(10, len(split.videos))


@pytest.mark.parametrize("tier", ["lexical", "untrained", "trained"])
def test_every_tier_answers_every_track(tier: str, tmp_path: Path) -> None:
    split = asked_of(small())
    overrides = (f'model.tier="{tier}"', *QUICK, "train.dev_questions=2")
    system = fitted(tmp_path / "run", split, split, *overrides)
    assert system.learnt is not None
    assert system.learnt.tier == tier
    targets: tuple[Target, ...] = (1, 2, 3, "corpus")
    for target in targets:
        predictions = answers(system, split, target, *overrides)
        require_lists(predictions, split, target)
        assert predictions == answers(system, split, target, *overrides)
    rankings = system.retriever(PredictOptions(system.run.config, device="cpu")).rank(split.for_prediction(2), 5)  # type: ignore[union-attr]
    named = [[entry.video_id for entry in p.candidates[:5]] for p in answers(system, split, 2, *overrides)]
    assert [[video for video, _ in ranking] for ranking in rankings] == named


def test_words_find_the_video_and_the_passage(tmp_path: Path) -> None:
    split = corpora.clinic()
    system = fitted(tmp_path / "run", split, split, 'model.tier="lexical"')
    metrics = evaluate(answers(system, split, 2), split.questions, (2,))
    assert metrics["R@1"] == 1.0
    assert evaluate(answers(system, split, 1), split.questions, (1,))["mIoU"] > 50


def test_without_torch_bm25_answers_alone_and_says_so(
    no_torch: None, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    system, run = HybridBaseline(), begun(tmp_path / "run")
    with caplog.at_level(logging.WARNING):
        system.prepare(run.config)
    assert "hybrid answers by BM25 alone here: its encoder needs torch (pip install torch" in caplog.text
    system.fit(asked_of(small()), None, run)
    assert run.read("hybrid.json")["tier"] == "lexical"
    for tier in ("trained", "untrained"):
        with pytest.raises(
            UserError, match=f'model.tier = "{tier}" needs torch, which cannot be imported here'
        ) as refused:
            system.prepare(settings(DECLARATION, None, (f"model.tier={tier}",)))
        assert "--set model.tier=lexical" in refused.value.fix


def test_an_encoder_that_cannot_be_had_is_told_with_what_goes_without(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(UserError) as refused:
        HybridBaseline().prepare(settings(DECLARATION, None, (f"encoder.name={tmp_path / 'nowhere'}",)))
    assert refused.value.code == 2
    for advice in ("HF_ENDPOINT", "--set encoder.name=DIR", "--set model.tier=lexical", "--preset tiny"):
        assert advice in refused.value.fix


def test_temperatures_are_fitted_on_dev_and_a_setting_is_taken_instead(tmp_path: Path) -> None:
    split = corpora.clinic(videos=20)
    system = fitted(tmp_path / "run", split, split, 'model.tier="lexical"')
    assert system.learnt is not None
    assert (system.learnt.temperature, system.learnt.video_temperature) != (1.2, 1.0)
    sharp = answers(system, split, 1, "decode.temperature=0.01")
    flat = answers(system, split, 1, "decode.temperature=50.0")
    assert np.mean([p.candidates[0].score for p in sharp]) > np.mean([p.candidates[0].score for p in flat])


@pytest.mark.parametrize("tier", ["lexical", "untrained"])
def test_spans_of_the_usual_length_are_preferred_as_much_as_a_setting_says(tier: str, tmp_path: Path) -> None:
    split = asked_of(small())
    lengths = [8.0, 24.0, 24.0, 24.0, 24.0, 48.0] * 4
    questions = [replace(q, answer=Span(5, 5 + own)) for q, own in zip(split.questions, lengths, strict=True)]
    split = replace(split, questions=tuple(questions))
    system = fitted(tmp_path / "run", split, split, f"model.tier={tier}")
    learnt = system.learnt
    assert learnt is not None and learnt.log_seconds == pytest.approx(np.log(lengths).mean(), abs=1e-4)

    def off(weight: float) -> float:
        given = answers(system, split, 1, f"model.tier={tier}", f"decode.length_weight={weight}")
        return float(np.mean([abs(np.log(p.candidates[0].span.length) - learnt.log_seconds) for p in given]))

    assert off(50.0) < off(0.0)
    without = answers(system, split, 1, f"model.tier={tier}", "decode.length_weight=0.0")
    system.learnt = replace(learnt, log_spread=0.0)  # as a run of an earlier kit
    assert answers(system, split, 1, f"model.tier={tier}") == without


def test_videos_without_subtitles_one_video_and_questions_without_a_known_word(tmp_path: Path) -> None:
    split = asked_of(small())
    overrides = ("train.epochs=1",)
    system = fitted(tmp_path / "run", split, None, *overrides)
    silent = replace(split, videos={**split.videos, "w": Video("w", (), 80.0, "given"), "x": Video("x")})
    asked = (
        Question(1, "?", None, "w", None),
        Question(2, "量血压", None, "x", None),
        Question(3, "pulse", None, "v00", None),
    )
    hidden = replace(silent, questions=asked)
    one = replace(split, videos={"v00": split.videos["v00"]}, questions=asked[2:])
    mute = replace(split, videos={"w": Video("w", (), 80.0, "given")}, questions=asked[:1])
    for shown in (hidden, one, mute):
        targets: tuple[Target, ...] = (1, 2, 3, "corpus")
        for target in targets:
            require_lists(answers(system, shown, target, *overrides), shown, target)
    with pytest.raises(UserError, match="no videos to choose from"):
        answers(system, replace(split, videos={}), 2, *overrides)


def test_questions_are_asked_of_the_subtitles_in_their_language(tmp_path: Path) -> None:
    texts = {
        "Chinese": ("包扎伤口", "测量血压", "按压止血"),
        "English": ("dress the wound", "measure pressure", "press it"),
    }
    videos = [
        corpora.video(f"v{n}", [english] * 3, translations={"Chinese": [chinese] * 3, "English": [english] * 3})
        for n, (chinese, english) in enumerate(zip(*texts.values(), strict=True))
    ]
    questions = [
        Question(f"{language}{n}", text, language, f"v{n}", Span(0, 10))
        for language, some in texts.items()
        for n, text in enumerate(some)
    ]
    split = corpora.split(videos, questions)
    system = fitted(tmp_path / "run", split, split, "train.epochs=1")
    lists = answers(system, split, 2, "train.epochs=1")
    require_lists(lists, split, 2)
    lexical = fitted(tmp_path / "words", split, split, 'model.tier="lexical"')
    first = [prediction.candidates[0].video_id for prediction in answers(lexical, split, 2)]
    assert first == [question.video_id for question in questions]


class Stopped(Exception):
    pass


def test_a_training_goes_on_where_it_was_stopped(tmp_path: Path) -> None:
    split = asked_of(small())
    overrides = (*QUICK, "train.save_every=1", "train.dev_questions=2", 'train.members=["tuned", "frozen"]')
    whole = begun(tmp_path / "whole", *overrides)
    HybridBaseline().fit(split, split, whole)
    stopped = begun(tmp_path / "stopped", *overrides)
    steps = 0

    def stop(step: int, total: int, loss: float) -> None:
        nonlocal steps
        steps += 1
        if steps in (3, 9):
            raise Stopped

    for _ in range(2):
        with pytest.raises(Stopped):
            HybridBaseline().fit(split, split, replace(stopped, progress=stop))
    HybridBaseline().fit(split, split, stopped)
    for name in ("model.safetensors", "members/2/model.safetensors", "hybrid.json", "network.json"):
        assert sha256(whole.path / name) == sha256(stopped.path / name)
    assert whole.read("outcome.json")["metric"] == "mean of tracks"


def test_a_training_learns(tmp_path: Path) -> None:
    split = asked_of(small())
    run = begun(
        tmp_path / "run", "train.epochs=10", "train.videos=3", "train.log_every=1", "decode.untrained_share=0.0"
    )
    HybridBaseline().fit(split, None, run)
    losses = [json.loads(line)["loss"] for line in (run.path / "metrics.jsonl").read_text().splitlines()]
    assert losses[-1] < 0.8 * losses[0]


def test_what_a_training_takes_is_planned(tmp_path: Path) -> None:
    split = asked_of(small())
    plan = HybridBaseline().plan(split, split, begun(tmp_path / "run", *QUICK))
    assert plan is not None
    assert (plan.examples, plan.batches, plan.steps, plan.dev_questions) == (24, 4, 8, 24)
    assert plan.seconds > 0
    assert HybridBaseline().plan(split, split, begun(tmp_path / "other", "model.tier=untrained")) is None


@pytest.mark.parametrize("tier", ["untrained", "trained"])
def test_late_interaction_has_its_weight_in_the_order_of_videos(tier: str, tmp_path: Path) -> None:
    split = asked_of(small())
    overrides = (f'model.tier="{tier}"', "train.epochs=1", "decode.untrained_share=1.0")
    system = fitted(tmp_path / "run", split, None, *overrides)
    without = answers(system, split, 2, *overrides)
    much = answers(system, split, 2, *overrides, "fusion.late_weight=50.0")
    require_lists(much, split, 2)
    assert much != without
    few = answers(system, split, 2, *overrides, "fusion.late_weight=50.0", "fusion.late_videos=3")
    for some, every in zip(few, without, strict=True):
        assert {entry.video_id for entry in some.candidates[:3]} == {entry.video_id for entry in every.candidates[:3]}


def test_a_damaged_run_is_refused(tmp_path: Path) -> None:
    split = asked_of(small())
    run = begun(tmp_path / "run", "model.tier=lexical")
    HybridBaseline().fit(split, None, run)
    learnt = run.read("hybrid.json")
    damaged: list[Any] = [{}, {**learnt, "seconds": "x"}, {**learnt, "lines": 0}, {**learnt, "tier": "none"},
                          {**learnt, "temperature": 1e999}, {**learnt, "log_spread": -1.0},
                          {**learnt, "more": 1}]  # fmt: skip
    for document in damaged:
        (run.path / "hybrid.json").write_text(json.dumps(document), encoding="utf-8")
        with pytest.raises(UserError, match=r"hybrid\.json"):
            HybridBaseline().load(run)
    with pytest.raises(UserError, match="answers from a run only"):
        HybridBaseline().retriever(PredictOptions())


def test_presets_differ_from_the_defaults_in_what_they_say() -> None:
    assert presets(DECLARATION) == ("large", "minilm", "minilm-ensemble", "multilingual", "tiny")
    assert settings(DECLARATION, "large")["encoder"]["name"] == "BAAI/bge-m3"
    assert settings(DECLARATION, "minilm-ensemble")["train"]["members"] == ["tuned", "tuned", "frozen", "frozen"]
    assert settings(DECLARATION, "multilingual")["encoder"] == settings(DECLARATION)["encoder"]


def stand_in(folder: Path, texts: list[str], kind: str) -> Path:
    """An encoder of the architecture of a preset, with a SentencePiece-like tokenizer and random weights."""
    roles = {"cls_token": "<s>", "pad_token": "<pad>", "sep_token": "</s>", "unk_token": "<unk>"}
    special = list(roles.values())
    unigram = Tokenizer(models.Unigram())
    unigram.pre_tokenizer = pre_tokenizers.Metaspace()
    trainer = trainers.UnigramTrainer(vocab_size=200, special_tokens=special, show_progress=False, **UNKNOWN)
    unigram.train_from_iterator(texts, trainer)
    wrapped: Any = PreTrainedTokenizerFast
    tokenizer = wrapped(tokenizer_object=unigram, **roles)
    sizes = {"vocab_size": len(tokenizer), "hidden_size": 24, "num_hidden_layers": 1, "num_attention_heads": 2,
             "intermediate_size": 32, "max_position_embeddings": 66, "pad_token_id": 1}  # fmt: skip
    config: Any = XLMRobertaConfig(**sizes) if kind == "large" else BertConfig(**sizes)
    model: Any = AutoModel
    model.from_config(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@pytest.mark.parametrize("preset", ["large", "multilingual"])
def test_encoders_of_the_presets_are_trained_and_asked(preset: str, tmp_path: Path) -> None:
    split = asked_of(corpora.clinic(videos=6, sentences=8))
    texts = [line.text for video in split.videos.values() for line in video.subtitles] + [
        "query: passage: how is 0 1 ?"
    ]
    folder = stand_in(tmp_path / "encoder", texts, preset)
    quick = ("train.epochs=1", "train.frozen_epochs=1", "train.videos=3", "encoder.threads=1")
    config = settings(DECLARATION, preset, (f"encoder={folder}", *quick))
    assert config["encoder"]["pooling"] == ("cls" if preset == "large" else "mean")
    run = replace(make_run(tmp_path / "run", "hybrid", config, 0), device="cpu")
    system = HybridBaseline()
    system.prepare(config)
    system.fit(split, split, run)
    folder.rename(tmp_path / "gone")  # a run needs nothing beside itself
    loaded = HybridBaseline()
    loaded.load(run)
    predictions = list(loaded.predict(split.for_prediction(2), "corpus", PredictOptions(config, device="cpu")))
    require_lists(predictions, split, "corpus")
