"""Batches of pairs, the loss of several pairs at once, precision, checkpointing and the cost of the head."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from baselines.ccgs import DECLARATION, task
from baselines.ccgs.baseline import CCGS
from baselines.ccgs.collecting import build_examples
from baselines.ccgs.examples import draw_question
from baselines.ccgs.model import GlobalSpanModel
from baselines.ccgs.settings import Settings
from baselines.ccgs.task import CCGSTask
from cmivqa_kit.data.span import Span
from cmivqa_kit.data.types import Question, Split
from cmivqa_kit.neural.gradient_checkpointing import checkpoint_layers
from cmivqa_kit.neural.tiny_encoder import tiny_tokenizer
from cmivqa_kit.neural.tokens import Special, tokenize_with
from cmivqa_kit.plugin.settings import settings
from cmivqa_kit.runs.device import accelerator_on
from cmivqa_kit.runs.directory import make_run
from cmivqa_kit.runs.settings import Recipe
from cmivqa_kit.training.loop import LoopSettings, train_loop
from tests.baselines.corpora import split, video
from tests.baselines.encoders import deberta

pytestmark = pytest.mark.usefixtures("one_thread")


def corpus(videos: int = 12) -> Split:
    """Videos of 3 to 14 lines, two questions each."""
    made = [video(f"v{n:02d}", [f"step {i} of lesson {n} now" for i in range(3 + n)]) for n in range(videos)]
    asked = [
        Question(2 * n + k, f"how to do {'the ' * k}step {k} of {n}?", "English", f"v{n:02d}", Span(5.0 * k, 10.0))
        for n in range(videos)
        for k in range(2)
    ]
    return split(made, asked)


def made(*overrides: str, recipe: Recipe = "kit", seed: int = 3) -> CCGSTask:
    """A task over a small DeBERTa without dropout."""
    tokenizer = tiny_tokenizer(["step lesson now how to do the of 0 1 2 3 4 5 6 7 8 9"])
    config = settings(DECLARATION, None, ("train.max_dropped=1.0", *overrides), recipe)
    chosen = Settings.of(config).train
    found = build_examples(corpus(), tokenize_with(tokenizer), chosen, None)
    encoder = deberta(len(tokenizer), 0)
    encoder.hidden_dropout_prob = encoder.attention_probs_dropout_prob = 0.0
    torch.manual_seed(5)
    model = GlobalSpanModel(encoder, 16, 8, 4, chosen.mask_lower)
    return CCGSTask(model, found.usable, found.videos, Special.of(tokenizer), chosen, seed, lambda model: {})


def inputs(batch: Mapping[str, Any]) -> dict[str, Tensor]:
    return {name: value for name, value in batch.items() if name != "pairs"}


@pytest.mark.parametrize("negatives", ["question", "video", "both"])
def test_batches_hold_every_pair_once_within_the_budget(negatives: str) -> None:
    one = made("train.batch_tokens=900", f"train.negatives={negatives}", "train.num_negatives=2")
    per_pair = 5 if negatives == "both" else 3
    for epoch in range(2):
        batches = [one.batch(epoch, index) for index in range(one.batches(epoch))]
        assert sum(len(batch["pairs"]) for batch in batches) == 24
        assert max(len(batch["pairs"]) for batch in batches) > 1
        for batch in batches:
            assert {pair.rows for pair in batch["pairs"]} == {per_pair}
            assert len(batch["input_ids"]) == sum(pair.rows for pair in batch["pairs"])
            assert len(batch["pairs"]) == 1 or batch["input_ids"].numel() <= 900
    again = made("train.batch_tokens=900", f"train.negatives={negatives}", "train.num_negatives=2")
    for index in range(one.batches(1)):  # nothing depends on what was asked before
        assert torch.equal(one.batch(1, index)["input_ids"], again.batch(1, index)["input_ids"])


@pytest.mark.parametrize("ranking", [0.0, 0.5])
def test_the_loss_of_a_batch_is_the_mean_over_its_pairs_each_alone(ranking: float) -> None:
    """Pairs of other lengths beside a pair change nothing of its loss or slopes."""
    together = made("train.batch_tokens=2000", f"train.ranking_weight={ranking}")
    alone = made("train.batch_tokens=0", f"train.ranking_weight={ranking}")
    index = max(range(together.batches(0)), key=lambda n: len(together.batch(0, n)["pairs"]))
    numbers = together.numbers(0)[index]
    assert len(numbers) >= 3
    together.loss(together.model, together.batch(0, index)).backward()
    places = [alone.numbers(0).index((number,)) for number in numbers]
    mean = torch.stack([alone.loss(alone.model, alone.batch(0, place)) for place in places]).mean()
    mean.backward()
    torch.testing.assert_close(together.loss(together.model, together.batch(0, index)), mean)
    for ours, theirs in zip(together.model.parameters(), alone.model.parameters(), strict=True):
        if theirs.grad is None:
            assert ours.grad is None
        else:
            torch.testing.assert_close(ours.grad, theirs.grad, atol=1e-5, rtol=1e-3)


def test_the_published_recipe_takes_one_pair_at_a_time() -> None:
    one = made(recipe="published")
    assert one.batches(0) == len(one.examples)
    assert {len(one.batch(0, index)["pairs"]) for index in range(one.batches(0))} == {1}
    assert (one.warmup, one.total) == (len(one.examples), 32 * len(one.examples))


def test_the_schedule_follows_the_number_of_batches() -> None:
    one = made("train.batch_tokens=300", "train.accumulation=2", "train.epochs=3")
    steps = [-(-one.batches(epoch) // 2) for epoch in range(3)]
    assert (one.warmup, one.total) == (steps[0], sum(steps))
    assert LoopSettings(epochs=3, accumulation=2).steps(one) == sum(steps)
    assert sum(steps) < 3 * 12
    assert one.multiplier(one.total) == 0


def test_batches_of_pairs_learn(tmp_path: Path) -> None:
    one = made("train.batch_tokens=400", "train.epochs=6", "train.lr=3e-3", "train.lr_head=3e-3", "train.warmup=0.2")
    run = make_run(tmp_path / "a", "ccgs", {}, 1)
    losses: list[float] = []
    plain = one.loss

    def loss(model: nn.Module, batch: Mapping[str, Any]) -> Tensor:
        value = plain(model, batch)
        losses.append(float(value.detach()))
        return value

    one.loss = loss  # type: ignore[method-assign]
    train_loop(one, run, LoopSettings(epochs=6, clip=1.0))
    epoch = one.batches(0)
    assert sum(losses[-epoch:]) / epoch < 0.7 * sum(losses[:epoch]) / epoch


def test_negative_questions_are_drawn_as_by_a_search_through_all() -> None:
    asked = corpus().questions
    for index in range(len(asked)):
        same = [n for n, other in enumerate(asked) if other.video_id == asked[index].video_id]
        for any_question in (False, True):
            searched = draw_question(1, 0, index, 0, asked, any_question)
            assert draw_question(1, 0, index, 0, asked, any_question, same) == searched
            assert any_question or searched not in same


def test_the_ranking_loss_is_not_touched_without_a_weight(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: Any) -> Tensor:
        raise AssertionError("computed")

    monkeypatch.setattr(task, "ranking_iou_loss", never)
    one = made("train.batch_tokens=300")
    batch = one.batch(0, 0)
    assert all(pair.ious is None for pair in batch["pairs"])
    assert torch.isfinite(one.loss(one.model, batch))
    weighted = made("train.batch_tokens=300", "train.ranking_weight=0.1")
    with pytest.raises(AssertionError, match="computed"):
        weighted.loss(weighted.model, weighted.batch(0, 0))


@pytest.mark.parametrize("kind", ["deberta", "tiny"])
def test_checkpointing_changes_neither_loss_nor_slopes(kind: str) -> None:
    from transformers import AutoModel

    from cmivqa_kit.neural.tiny_encoder import tiny_config

    def slopes(checkpointing: bool) -> tuple[float, int, dict[str, Tensor]]:
        one = made("train.batch_tokens=400")
        if kind == "tiny":
            torch.manual_seed(0)
            one.model.P_Encoder = AutoModel.from_config(tiny_config(60, 0))
        one.model.train()
        if checkpointing:
            checkpoint_layers(one.model.P_Encoder)  # type: ignore[arg-type]
        kept = 0

        def pack(tensor: Tensor) -> Tensor:
            nonlocal kept
            kept += tensor.numel()
            return tensor

        with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
            value = one.loss(one.model, one.batch(0, 0))
        value.backward()
        return float(value.detach()), kept, {n: p.grad for n, p in one.model.named_parameters() if p.grad is not None}

    plain, checkpointed = slopes(False), slopes(True)
    assert checkpointed[0] == pytest.approx(plain[0], rel=1e-6)
    assert checkpointed[1] < plain[1] / 2  # of what the way back needs, most is not kept
    assert checkpointed[2].keys() == plain[2].keys()
    for name, slope in plain[2].items():
        torch.testing.assert_close(checkpointed[2][name], slope, atol=1e-6, rtol=1e-4)


def test_a_checkpointed_training_is_the_same_training(tmp_path: Path) -> None:
    """Through the plug, dev evaluation included."""
    weights = []
    for checkpointing in ("false", "true"):
        changes = ("train.max_steps=3", "train.dev_questions=1", f"train.checkpointing={checkpointing}")
        run = make_run(tmp_path / checkpointing, "ccgs", settings(DECLARATION, "tiny", changes), 1)
        CCGS().fit(corpus(4), corpus(4), replace(run, device="cpu"))
        weights.append(load_file(run.path / "last.safetensors"))
    for name, value in weights[0].items():
        torch.testing.assert_close(weights[1][name], value, atol=1e-5, rtol=1e-4)


def test_in_half_precision_head_loss_and_weights_stay_float32(tmp_path: Path) -> None:
    one = made("train.batch_tokens=400")
    accelerator = accelerator_on("cpu", "bf16", "", tmp_path)
    model = accelerator.prepare_model(one.model)
    batch = one.batch(0, 0)
    seen: dict[str, torch.dtype] = {}
    one.model.P_Encoder.encoder.layer[0].intermediate.dense.register_forward_hook(  # type: ignore[union-attr,index]
        lambda module, given, out: seen.update(encoder=out.dtype)
    )
    one.model.dense.register_forward_hook(lambda module, given, out: seen.update(head=out.dtype))  # type: ignore[union-attr,operator]
    with accelerator.autocast():
        logits = model(**inputs(batch))
        value = one.loss(model, batch)
    accelerator.backward(value)
    assert seen == {"encoder": torch.bfloat16, "head": torch.float32}
    assert (logits.dtype, value.dtype) == (torch.float32, torch.float32)
    assert {p.dtype for p in one.model.parameters()} == {torch.float32}
    assert {p.grad.dtype for p in one.model.parameters() if p.grad is not None} == {torch.float32}
    assert accelerator_on("cpu", "no", "", tmp_path).mixed_precision == "no"  # another precision in the same process


def test_the_head_multiplies_each_pair_of_boundaries_once() -> None:
    """The published training head makes m copies of the m x m matrix: m times as many products."""
    rows, length, hidden, inner = 4, 120, 64, 16
    model = GlobalSpanModel(deberta(40, 0), inner, 8, 4)
    marks = torch.zeros(rows, length, dtype=torch.long)
    marks[:, 3::3] = 1
    m = int(marks[0].sum())
    with FlopCounterMode(display=False) as counter:
        logits = model.head(torch.randn(rows, length, hidden), marks)
    assert logits.shape == (rows, m - 1, m - 1)
    assert counter.get_total_flops() == 2 * rows * (m * hidden * 2 * inner + m * m * inner)


def test_a_vocabulary_is_learnt_the_same_each_time() -> None:
    """Ties between merges were settled by a random hash: every process had its own vocabulary, and no resume fitted."""
    words = ["".join("abcdefgh"[(n * k + n // 7) % 8] for k in range(1, 6)) for n in range(120)]
    texts = [" ".join(some) for some in pairwise(words)]
    assert len({tuple(sorted(tiny_tokenizer(texts).get_vocab().items())) for _ in range(4)}) == 1
