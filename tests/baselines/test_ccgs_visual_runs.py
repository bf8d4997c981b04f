"""The visual variant from training to answers, on corpora where only the features can tell."""

from __future__ import annotations

import json
import logging
import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from baselines.ccgs import DECLARATION
from baselines.ccgs.baseline import CCGS
from baselines.ccgs.checkpoint import convert
from baselines.ccgs.examples import batch, sequence
from baselines.ccgs.model import GlobalSpanModel
from baselines.ccgs.network import Network
from baselines.ccgs.settings import Settings
from cmivqa_kit.data.corpus import open_split
from cmivqa_kit.data.demo import demo_corpus
from cmivqa_kit.data.features import SplitFeatures
from cmivqa_kit.data.span import Span
from cmivqa_kit.data.types import Question, Split
from cmivqa_kit.errors import UserError
from cmivqa_kit.neural.encoders import plain
from cmivqa_kit.neural.networks import load_network
from cmivqa_kit.neural.tokens import Special, tokenize_with
from cmivqa_kit.plugin.settings import settings
from cmivqa_kit.plugin.types import CheckpointRequest, Prediction, PredictOptions
from cmivqa_kit.runs.directory import RunDirectory, make_run, start_run
from cmivqa_kit.runs.settings import Recipe
from tests.baselines.corpora import split, video
from tests.baselines.encoders import deberta

pytestmark = pytest.mark.usefixtures("one_thread")

SIZE, LINES = 8, 4


def corpus(folder: Path, first: int = 0, videos: int = 12) -> Split:
    """Videos that say the same at every line, of five seconds each; at the answer something is seen."""
    folder.mkdir(parents=True, exist_ok=True)
    made, asked = [], []
    for n in range(first, first + videos):
        place = random.Random(n).randrange(LINES)
        rows = np.random.default_rng(n).normal(size=(5 * LINES, SIZE)).astype(np.float32)
        rows[5 * place : 5 * place + 5, 3] += 4
        np.save(folder / f"v{n:02d}.npy", rows)
        made.append(video(f"v{n:02d}", ["look at this now"] * LINES))
        asked.append(Question(n, "where is it?", "English", f"v{n:02d}", Span(5.0 * place, 5.0 * place + 5)))
    return replace(split(made, asked), features=SplitFeatures([folder]))


def fitted(folder: Path, data: Split, *overrides: str, recipe: Recipe = "kit", seed: int = 1) -> RunDirectory:
    given = (f"encoder.visual_dim={SIZE}", "encoder.name=tiny", "train.precision=no", *overrides)
    run = start_run(folder, "ccgs", settings(DECLARATION, "tiny-visual", given, recipe), seed, recipe)
    CCGS().fit(data, None, run)
    run.finish()
    return run


def asked(run: RunDirectory, data: Split, limit: int = 50, **changes: Any) -> list[Prediction]:
    system = CCGS()
    system.load(run)
    config = {**run.config, "decode": {**run.config["decode"], **changes}}
    return list(system.predict(data.for_prediction(2), 3, PredictOptions(config=config, limit=limit)))


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Split:
    return corpus(tmp_path_factory.mktemp("features"))


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, data: Split) -> RunDirectory:
    return fitted(tmp_path_factory.mktemp("runs"), data, "train.max_steps=4")


def right(run: RunDirectory, data: Split) -> float:
    """Share of the questions whose best span in their own video is the answer."""
    hits = 0
    for one, question in zip(asked(run, data, 200), data.questions, strict=True):
        best = next(c for c in one.candidates if c.video_id == question.video_id)
        hits += best.span == question.answer
    return hits / len(data.questions)


def test_the_kits_fusion_finds_what_only_the_features_show(tmp_path: Path, data: Split) -> None:
    """Asked of videos that it was not trained on. The published fusion cannot say in which line something was seen."""
    long = ("train.max_steps=60", "train.epochs=20", "train.lr=5e-3", "train.lr_head=5e-3", "train.batch_tokens=320")
    others = corpus(tmp_path / "others", 50)
    pooled = right(fitted(tmp_path / "pooled", data, *long), others)
    published = right(fitted(tmp_path / "published", data, *long, "encoder.fusion=published"), others)
    assert (pooled >= 0.9, published <= 0.6) == (True, True), (pooled, published)


def test_a_run_says_what_it_is(run: RunDirectory, data: Split) -> None:
    network = run.read("network.json")
    assert (network["variant"], network["fusion"], network["visual_dim"]) == ("ccgs", "pooled", SIZE)
    assert run.read("examples.json") == {"used": 12, "usable": 12, "dropped": {}}
    answers = asked(run, data)
    assert [one.question_id for one in answers] == list(range(12))
    assert {c.video_id for one in answers for c in one.candidates} == set(data.videos)


@pytest.mark.parametrize("fusion", ["pooled", "published"])
def test_the_same_seed_gives_the_same_bytes(fusion: str, tmp_path: Path, data: Split) -> None:
    runs = [fitted(tmp_path, data, "train.max_steps=3", f"encoder.fusion={fusion}") for _ in range(2)]
    assert len({(one.path / "model.safetensors").read_bytes() for one in runs}) == 1
    assert asked(runs[0], data) == asked(runs[1], data)


def test_a_resumed_training_ends_where_an_unbroken_one_does(run: RunDirectory, tmp_path: Path, data: Split) -> None:
    config = {**run.config, "train": {**run.config["train"], "max_steps": 2}}
    first = start_run(tmp_path, "ccgs", config, 1)
    CCGS().fit(data, None, first)
    rest = RunDirectory(first.path, "ccgs", run.config, 1)
    CCGS().fit(data, None, rest)
    assert (rest.path / "last.safetensors").read_bytes() == (run.path / "last.safetensors").read_bytes()


@pytest.mark.parametrize("negatives", ["video", "both"])
def test_negatives_bring_their_own_features(negatives: str, tmp_path: Path, data: Split) -> None:
    config = settings(DECLARATION, "tiny-visual", (f"encoder.visual_dim={SIZE}", f"train.negatives={negatives}"))
    task = CCGS().training(data, None, start_run(tmp_path, "ccgs", config, 1), Settings.of(config)).task
    made = task.batch(0, 0)
    assert not torch.equal(made["vfeats"][0], made["vfeats"][-1])
    assert made["line_rows"].shape == (len(made["input_ids"]), LINES, 5 * LINES)
    assert torch.isfinite(task.loss(task.model, made))


def without(data: Split, folder: Path, *missing: str) -> Split:
    """The same videos, some of them without a feature file."""
    folder.mkdir()
    for name, path in data.features.files.items():
        if name not in missing:
            (folder / path.name).symlink_to(path)
    return replace(data, features=SplitFeatures([folder]))


def test_training_leaves_out_what_has_no_features(tmp_path: Path, data: Split, caplog: Any) -> None:
    gaps = without(data, tmp_path / "gaps", "v03", "v05")
    with caplog.at_level(logging.WARNING):
        made = fitted(tmp_path, gaps, "train.max_steps=2")
    assert made.read("examples.json") == {"used": 10, "usable": 10, "dropped": {"no-features": 2}}
    assert "2 of 12 videos have no features and are left out, the first: v03" in caplog.text
    text = fitted(tmp_path, gaps, "train.max_steps=2", "encoder.variant=text")  # needs none
    assert text.read("examples.json")["dropped"] == {}


def test_prediction_with_gaps(run: RunDirectory, tmp_path: Path, data: Split, caplog: Any) -> None:
    gaps = without(data, tmp_path / "gaps", "v03", "v05")
    with caplog.at_level(logging.WARNING):
        whole, some, rest = asked(run, data), asked(run, gaps), asked(run, gaps, corpus="reference")
    assert [record.getMessage() for record in caplog.records] == [
        "2 of 12 videos have no features and are scored by their text alone, the first: v03",
        "2 of 12 videos have no features and are left out, the first: v03",
    ]
    for one, two, three in zip(whole, some, rest, strict=True):
        scores = [{(c.video_id, c.span): c.score for c in answers.candidates} for answers in (one, two)]
        shared = scores[0].keys() & scores[1].keys()
        changed = {video for video, span in shared if abs(scores[0][video, span] - scores[1][video, span]) > 1e-5}
        assert changed <= {"v03", "v05"}
        by_text = {span: score for (video, span), score in scores[1].items() if video == "v03"}
        again = {span: score for (video, span), score in scores[1].items() if video == "v05"}
        assert all(again.get(span, score) == pytest.approx(score, abs=1e-5) for span, score in by_text.items())
        assert {c.video_id for c in three.candidates} == set(data.videos) - {"v03", "v05"}
    for settings_of in ({}, {"corpus": "reference"}):
        with pytest.raises(UserError, match=r"(?s)no video of this split has any.*video_feature/"):
            asked(run, replace(data, features=SplitFeatures()), **settings_of)


def test_damaged_features_are_named(run: RunDirectory, tmp_path: Path, data: Split) -> None:
    broken = without(data, tmp_path / "broken", "v03")
    (tmp_path / "broken" / "v03.npy").write_bytes(b"no array")
    with pytest.raises(UserError, match=r"v03\.npy: not a readable"):
        asked(run, replace(broken, features=SplitFeatures([tmp_path / "broken"])))
    np.save(tmp_path / "broken" / "v03.npy", np.ones((3, SIZE + 1), np.float32))
    odd = rf"v03\.npy: rows of {SIZE + 1} numbers, where 11 of 12 files have {SIZE}"
    with pytest.raises(UserError, match=rf"(?s){odd}.*; {SIZE + 1} is the odd one"):  # before the first step
        fitted(tmp_path, replace(broken, features=SplitFeatures([tmp_path / "broken"])), "train.max_steps=12")
    with pytest.raises(UserError, match=rf"(?s)rows of {SIZE} numbers; this network takes rows of {SIZE + 1}.*=8"):
        fitted(tmp_path, data, f"encoder.visual_dim={SIZE + 1}")
    assert not list(tmp_path.rglob("state-*"))


def test_a_converted_visual_checkpoint_answers_as_its_network_does(tmp_path: Path, data: Split) -> None:
    vocabulary = ["[PAD]", "[CLS]", "[SEP]", "[UNK]", "[MASK]", "look", "at", "this", "now", "where", "is", "it", "?"]
    encoder = plain(deberta(len(vocabulary), 0))
    torch.manual_seed(3)
    model = GlobalSpanModel(deberta(len(vocabulary), 0), 8, 64, SIZE).eval()
    (tmp_path / "official").mkdir()
    torch.save(model.state_dict(), tmp_path / "official" / "pytorch_model.bin")
    (tmp_path / "official" / "vocab.txt").write_text("\n".join(vocabulary) + "\n", encoding="utf-8")
    made = make_run(tmp_path / "run", "ccgs", settings(DECLARATION, recipe="published"), 0, "published")
    sizes = {"encoder": encoder, "inner_dim": 8, "dim": 64, "visual_dim": SIZE, "variant": "ccgs"}
    report = convert(CheckpointRequest(tuple((tmp_path / "official").iterdir()), sizes), made)
    made.finish()
    assert (report.variant, report.missing, report.ignored) == ("ccgs", (), ())
    answers = asked(made, data)
    loaded = load_network(made, Network)
    tokens, special = tokenize_with(loaded.tokenizer), Special.of(loaded.tokenizer)
    row = sequence(tokens("where is it?"), [tokens("look at this now")] * LINES, special)
    for name in data.videos:
        rows = np.load(data.features.files[name])
        padded = torch.zeros(1, 64, SIZE)  # the published 768 rows of this network
        padded[0, : len(rows)] = torch.from_numpy(rows)
        mask = (torch.arange(64) < len(rows)).long()[None]
        with torch.no_grad():
            logits = model(**batch([row], special.pad), vfeats=padded, vfeats_mask=mask)[0]
        got = [c.score for c in answers[0].candidates if c.video_id == name]
        assert got == pytest.approx(sorted(logits.flatten().tolist(), reverse=True)[: len(got)], abs=1e-4)


def test_training_on_the_embedded_corpus(tmp_path: Path) -> None:
    train = open_split(demo_corpus(), "train")
    few = ("train.max_steps=30", "train.evaluate_every=10", "train.pairs=6", "train.lr=3e-3", "train.lr_head=3e-3")
    config = settings(DECLARATION, "tiny-visual", few)
    run = start_run(tmp_path, "ccgs", config, 1)
    CCGS().fit(train, None, run)
    run.finish()
    losses = [json.loads(line)["loss"] for line in (run.path / "metrics.jsonl").read_text().splitlines()]
    assert losses[2] < losses[1] < losses[0], losses
    two = replace(train, questions=train.questions[:2])
    assert [len(one.candidates) for one in asked(run, two)] == [50, 50]


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("encoder.variant=sound", r"encoder\.variant: 'sound' must be \"text\" or \"visual\""),
        ("encoder.fusion=sum", r"encoder\.fusion"),
        ("encoder.dim=32", r"as wide as the encoder \(64\), not dim = 32"),
        ("encoder.rows=-1", r"encoder\.rows"),
        ("encoder.added_tokens=[1]", r"encoder\.added_tokens"),
    ],
)
def test_settings_that_cannot_be(override: str, message: str, tmp_path: Path, data: Split) -> None:
    with pytest.raises(UserError, match=message):
        fitted(tmp_path, data, override)


def test_the_preset_is_the_published_network() -> None:
    encoder = Settings.of(settings(DECLARATION, "visual", recipe="published")).encoder
    assert (encoder.name, encoder.variant, encoder.fusion) == ("microsoft/deberta-v3-base", "visual", "published")
    assert (encoder.dim, encoder.inner_dim, encoder.visual_dim, encoder.added_tokens) == (768, 768, 1024, ["[Music]"])
    assert Settings.of(settings(DECLARATION, "visual")).encoder.fusion == "pooled"
    assert Settings.of(settings(DECLARATION)).encoder.variant == "text"
