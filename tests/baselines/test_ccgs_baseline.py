"""Training and answering, on a toy corpus with the small encoder."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from transformers import BertConfig, BertModel

from baselines.ccgs import DECLARATION
from baselines.ccgs.baseline import CCGS
from baselines.ccgs.collecting import build_examples
from baselines.ccgs.settings import Settings
from cmivqa_kit.data.span import Span
from cmivqa_kit.data.types import Question, Split
from cmivqa_kit.errors import UserError
from cmivqa_kit.neural.tiny_encoder import tiny_tokenizer
from cmivqa_kit.neural.tokens import Special, tokenize_with
from cmivqa_kit.plugin.settings import settings
from cmivqa_kit.plugin.types import Prediction, PredictOptions, Target
from cmivqa_kit.runs.directory import RunDirectory, start_run
from cmivqa_kit.runs.settings import Recipe
from tests.baselines.corpora import split, video

pytestmark = pytest.mark.usefixtures("one_thread")

TOOLS = ("gauze", "needle", "splint", "mask", "syringe", "towel")


def corpus() -> Split:
    """Six videos of eight lines; each question is answered by the two lines that name its tool."""
    videos = [
        video(f"v{n}", [f"take the {tool} now" if i in (n, n + 1) else f"wait {i} more" for i in range(8)])
        for n, tool in enumerate(TOOLS)
    ]
    asked = [
        Question(n, f"how to use the {tool}?", "English", f"v{n}", Span(5.0 * n, 5.0 * n + 10))
        for n, tool in enumerate(TOOLS)
    ]
    return split(videos, asked)


def fitted(
    folder: Path,
    *overrides: str,
    seed: int = 1,
    dev: bool = True,
    recipe: Recipe = "kit",
    train: Split | None = None,
) -> RunDirectory:
    """A finished run of a few steps."""
    config = settings(DECLARATION, "tiny", ("train.max_steps=6", "train.dev_questions=2", *overrides), recipe)
    run = start_run(folder, "ccgs", config, seed, recipe)
    data = train or corpus()
    CCGS().fit(data, corpus() if dev else None, run)
    run.finish()
    return run


def asked(run: RunDirectory, track: Target = "corpus", data: Split | None = None, limit: int = 50) -> list[Prediction]:
    system = CCGS()
    system.load(run)
    shown = (data or corpus()).for_prediction(2)
    return list(system.predict(shown, track, PredictOptions(config=run.config, limit=limit)))


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> RunDirectory:
    return fitted(tmp_path_factory.mktemp("runs"))


def test_a_run_holds_all_that_prediction_needs(run: RunDirectory) -> None:
    names = {path.name for path in run.path.iterdir()}
    assert {"model.safetensors", "network.json", "tokenizer", "examples.json", "metrics.jsonl"} <= names
    assert run.read("examples.json") == {"used": 6, "usable": 6, "dropped": {}}
    answers = asked(run)
    assert [one.question_id for one in answers] == list(range(6))
    for one in answers:
        assert len(one.candidates) == 50
        assert all(c.span.valid and c.span.end <= 40 for c in one.candidates)
        assert all(a.score >= b.score for a, b in pairwise(one.candidates))
        rows = [(c.video_id, c.span) for c in one.candidates]
        assert len(set(rows)) == len(rows)  # kit: nothing twice


def test_track_2_names_each_video_once_in_the_order_of_the_span_list(run: RunDirectory) -> None:
    for once, spans in zip(asked(run, 2), asked(run, 3), strict=True):
        videos = [c.video_id for c in once.candidates]
        assert sorted(videos) == [f"v{n}" for n in range(6)]
        assert once.candidates[0] == spans.candidates[0]
        first = list(dict.fromkeys(c.video_id for c in spans.candidates))
        assert videos[: len(first)] == first
    assert [one.candidates for one in asked(run, 3)] == [one.candidates for one in asked(run, "corpus")]
    assert len(asked(run, 3, limit=7)[0].candidates) == 7


def test_the_encoder_is_compiled_where_that_is_asked_for(run: RunDirectory, monkeypatch: pytest.MonkeyPatch) -> None:
    compiled: list[dict[str, Any]] = []
    monkeypatch.setattr(torch.nn.Module, "compile", lambda module, **settings: compiled.append(settings))
    plain = asked(run)
    assert not compiled
    config = {**run.config, "decode": {**run.config["decode"], "compile": True}}
    assert asked(replace(run, config=config)) == plain
    assert compiled == [{"dynamic": True}]


def test_the_same_seed_gives_the_same_bytes(run: RunDirectory, tmp_path: Path) -> None:
    again, other = fitted(tmp_path), fitted(tmp_path, seed=2)
    weights = [(r.path / "model.safetensors").read_bytes() for r in (run, again, other)]
    assert weights[0] == weights[1] != weights[2]
    assert asked(run) == asked(again) != asked(other)


def test_it_learns_the_training_questions(tmp_path: Path) -> None:
    run = fitted(tmp_path, "train.max_steps=120", "train.epochs=30", "train.lr=3e-3", "train.lr_head=3e-3",
                 "train.warmup=1.0", dev=False)  # fmt: skip
    hits = 0
    for one, question in zip(asked(run), corpus().questions, strict=True):
        assert question.answer is not None
        best = next(c for c in one.candidates if c.video_id == question.video_id)
        hits += best.span == question.answer
    assert hits >= 5


def test_the_published_recipe_keeps_its_quirks(tmp_path: Path) -> None:
    run = fitted(tmp_path, "encoder.name=tiny", recipe="published")
    assert not run.read("network.json")["mask_lower"]
    rows = [(c.video_id, c.span) for c in asked(run, 2)[0].candidates]
    assert len(set(rows)) < len(rows) == 50  # "to the end of the video" comes from many cells
    assert asked(run, 2) == asked(run, 3)


def test_a_resumed_training_ends_where_an_unbroken_one_does(run: RunDirectory, tmp_path: Path) -> None:
    config = settings(DECLARATION, "tiny", ("train.max_steps=3", "train.dev_questions=2"))
    first = start_run(tmp_path, "ccgs", config, 1)
    CCGS().fit(corpus(), corpus(), first)
    rest = RunDirectory(first.path, "ccgs", run.config, 1)
    CCGS().fit(corpus(), corpus(), rest)
    assert (rest.path / "last.safetensors").read_bytes() == (run.path / "last.safetensors").read_bytes()


@pytest.fixture(scope="module")
def bert(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A small BERT with 30 positions, as a folder."""
    folder = tmp_path_factory.mktemp("bert")
    tokenizer = tiny_tokenizer([line.text for v in corpus().videos.values() for line in v.subtitles])
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(tokenizer), hidden_size=32, num_hidden_layers=1, num_attention_heads=2, intermediate_size=64,
        max_position_embeddings=30, pad_token_id=0,
    )  # fmt: skip
    BertModel(config).half().save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return str(folder)


def test_an_encoder_with_a_position_limit_sees_every_line(bert: str, tmp_path: Path) -> None:
    run = fitted(tmp_path, f"encoder.name='{bert}'", "train.max_dropped=1.0", "train.ranking_weight=0.1",
                 train=replace(corpus(), questions=short(corpus().questions)))  # fmt: skip
    data = replace(corpus(), questions=short(corpus().questions))
    (first, *_) = asked(run, 3, data, limit=400)
    starts = {(c.video_id, c.span.start) for c in first.candidates}
    assert starts == {(f"v{n}", 5.0 * i) for n in range(6) for i in range(8)}
    longest = max(c.span.length for c in first.candidates)
    assert 10 <= longest < 40  # spans within a window only
    assert {value.dtype for value in load_file(run.path / "model.safetensors").values()} == {torch.float32}


def short(questions: tuple[Question, ...]) -> tuple[Question, ...]:
    return tuple(replace(question, text="the take now") for question in questions)


@pytest.mark.parametrize("negatives", ["question", "video", "both"])
def test_negatives_of_each_kind(negatives: str, tmp_path: Path) -> None:
    run = fitted(tmp_path, f"train.negatives={negatives}", "train.num_negatives=2", "train.ranking_weight=0.5")
    assert (run.path / "model.safetensors").exists()


def rule(change: Callable[[Question], Question], *overrides: str, recipe: Recipe = "kit") -> dict[str, int]:
    tokenizer = tiny_tokenizer(["take the wait more now how to use"])
    data = corpus()
    data = replace(data, questions=(change(data.questions[0]), *data.questions[1:]))
    config = settings(DECLARATION, None, overrides, recipe)
    assert Special.of(tokenizer).pad == 0
    return dict(build_examples(data, tokenize_with(tokenizer), Settings.of(config).train, None).dropped)


def test_what_cannot_be_trained_on_is_counted() -> None:
    late: Callable[[Question], Question] = lambda q: replace(q, answer=Span(90, 99))  # noqa: E731
    assert rule(lambda q: q) == {}
    assert rule(late) == {"no-overlap": 1}
    assert rule(late, recipe="published") == {}  # its target silently becomes the first span
    assert rule(lambda q: replace(q, video_id="other")) == {"no-subtitles": 1}
    with pytest.raises(UserError, match=r"6 of 6 .*6 too-long"):
        rule(lambda q: q, "train.maxlen=40", recipe="published")


def test_a_long_video_is_trained_on_in_the_window_of_the_answer() -> None:
    tokenizer = tiny_tokenizer(["take the wait more now how to use", *TOOLS])
    config = settings(DECLARATION, None, ("train.maxlen=40", "train.max_dropped=0.9"))
    found = build_examples(corpus(), tokenize_with(tokenizer), Settings.of(config).train, None)
    assert found.usable
    for example in found.usable:
        lines = example.excerpt.lines
        assert len(lines) < 8
        assert example.ious.shape == (len(lines),) * 2
        assert len(example.excerpt.times.start) == len(lines)
        assert example.ious[example.row, example.column] == 1


def test_wrong_use_is_said_plainly(run: RunDirectory, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="from a run only"):
        list(CCGS().predict(corpus(), 3, PredictOptions()))
    with pytest.raises(UserError, match="Track 1"):
        asked(run, 1)
    with pytest.raises(UserError, match="no video with usable subtitles"):
        asked(run, 3, replace(corpus(), videos={}))
    with pytest.raises(UserError, match="needs a GPU"):
        fitted(tmp_path, "train.precision=fp16")
    with pytest.raises(UserError, match=r"train\.negatives: 'none' must be"):
        fitted(tmp_path, "train.negatives=none")
