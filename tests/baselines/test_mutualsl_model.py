"""The network: padding, what learns from what."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import BertConfig

from baselines.mutualsl.examples import build_examples
from baselines.mutualsl.losses import batch_terms, highlight_loss
from baselines.mutualsl.model import MutualSL, Output
from baselines.mutualsl.network import Network
from baselines.mutualsl.task import INPUTS, MutualSLTask
from cmivqa_kit.errors import UserError
from cmivqa_kit.neural.encoders import plain
from cmivqa_kit.neural.gradient_checkpointing import checkpoint_layers
from cmivqa_kit.neural.tiny_encoder import tiny_config, tiny_tokenizer
from cmivqa_kit.neural.tokens import Special, tokenize_with
from cmivqa_kit.neural.video_rows import VideoRows
from tests.baselines.encoders import deberta
from tests.baselines.mutualsl_corpus import TOOLS, corpus, of, sizes


def bert(vocabulary: int, pad: int) -> Any:
    return BertConfig(
        vocab_size=vocabulary, hidden_size=32, num_hidden_layers=1, num_attention_heads=2, intermediate_size=64,
        pad_token_id=pad, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0,
    )  # fmt: skip


def convolved(vocabulary: int, pad: int) -> Any:
    encoder = deberta(vocabulary, pad)
    encoder.update({"conv_kernel_size": 3, "type_vocab_size": 2, "hidden_dropout_prob": 0.0,
                    "attention_probs_dropout_prob": 0.0})  # fmt: skip
    return encoder


def prepared(folder: Path, encoder: Any, *overrides: str, **changed: Any) -> tuple[MutualSL, MutualSLTask]:
    """A network with random weights, and its task on the toy corpus: one video without features, one averaged down."""
    tokenizer = tiny_tokenizer(["take the now wait more how to use please?", *TOOLS, *"0123456789"])
    special = Special.of(tokenizer)
    torch.manual_seed(2)
    network = Network(plain(encoder(len(tokenizer), special.pad)), **sizes(frame_mask=True, **changed))
    model = network.build().train()
    data = corpus(folder, {"v1": -1, "v2": 90})
    frames = VideoRows(data.features, 64, 8)
    settings = of(*overrides).train
    found = build_examples(data, tokenize_with(tokenizer), special, settings, frames, None)
    assert len(found.usable) == 6
    return model, MutualSLTask(model, found.usable, frames, special, settings, 0, lambda model: {})


def outputs(model: MutualSL, batch: Any) -> Output:
    output: Output = model(**{name: batch[name] for name in INPUTS})
    return output


@pytest.mark.parametrize("encoder", [deberta, convolved, bert, tiny_config])
def test_a_batch_of_four_is_four_batches_of_one(encoder: Any, tmp_path: Path) -> None:
    model, task = prepared(tmp_path, encoder)
    model.eval()  # DeBERTa's dropout alone differs between batches
    four = task.examples[:4]
    whole = task.collate(four)
    together = outputs(model, whole)
    totals = []
    for number, example in enumerate(four):
        batch = task.collate([example])
        alone = outputs(model, batch)
        tokens, frames = batch["input_ids"].shape[1], example.gold.frames
        for name in ("start_logits", "end_logits"):
            torch.testing.assert_close(
                getattr(together, name)[number, :tokens], getattr(alone, name)[0], atol=1e-5, rtol=1e-5
            )
        for name in ("start_rows", "end_rows", "highlight"):
            torch.testing.assert_close(
                getattr(together, name)[number, :frames], getattr(alone, name)[0, :frames], atol=1e-5, rtol=1e-5
            )
        totals.append(task.loss(model, batch))
    assert len({len(one.row.ids) for one in four}) > 1 and len({one.gold.frames for one in four}) > 2
    torch.testing.assert_close(task.loss(model, whole), torch.stack(totals).mean(), atol=1e-5, rtol=1e-5)


def test_gradients_of_a_batch_are_the_mean_of_single_ones(tmp_path: Path) -> None:
    model, task = prepared(tmp_path, convolved)
    model.eval()
    task.loss(model, task.collate(task.examples[:3])).backward()  # type: ignore[no-untyped-call]
    together = {name: value.grad for name, value in model.named_parameters()}
    model.zero_grad()
    for example in task.examples[:3]:
        (task.loss(model, task.collate([example])) / 3).backward()  # type: ignore[no-untyped-call]
    for name, value in model.named_parameters():
        torch.testing.assert_close(together[name], value.grad, atol=1e-5, rtol=1e-4)


def test_without_the_mask_padding_counts(tmp_path: Path) -> None:
    model, task = prepared(tmp_path, tiny_config)
    batch = task.collate(task.examples[:1])
    longer = task.collate([task.examples[0], task.examples[3]])
    frames = batch["features"].shape[1]
    model.frame_mask = model.feature_encoder.zero_padding = model.predictor.encoder.zero_padding = False
    model.eval()
    alone, beside = outputs(model, batch), outputs(model, longer)
    assert alone.start_rows is not None and beside.start_rows is not None
    assert not torch.allclose(alone.start_rows[0], beside.start_rows[0, :frames], atol=1e-4)


def test_the_visual_branch_does_not_teach_the_text_encoder(tmp_path: Path) -> None:
    model, task = prepared(tmp_path, bert)
    output = outputs(model, task.collate(task.examples[:1]))
    assert output.start_rows is not None and output.end_rows is not None
    (output.start_rows.sum() + output.end_rows.sum()).backward()  # type: ignore[no-untyped-call]
    assert all(value.grad is None for value in model.deberta.parameters())
    assert model.query_linear.weight.grad is not None and model.qa_outputs.weight.grad is None


def test_text_losses_leave_the_visual_branch_alone(tmp_path: Path) -> None:
    model, task = prepared(tmp_path, bert)
    example = task.examples[1]  # its video has no features
    assert (example.gold.limit, example.gold.frames) == (0, 0)
    batch = task.collate([example])
    output = outputs(model, batch)
    (terms,) = batch_terms(output, batch["golds"])
    assert terms.visual is terms.to_text is terms.to_visual is None
    assert output.highlight is not None
    assert float(highlight_loss(output.highlight[0], batch["highlight"][0], batch["frame_mask"][0]).detach()) == 0
    terms.total().backward()  # type: ignore[no-untyped-call]
    assert model.video_affine.linear.conv1d.weight.grad is None
    assert any(value.grad is not None for value in model.deberta.parameters())


@pytest.mark.parametrize(
    ("encoder", "text_fusion"), [(deberta, False), (deberta, True), (bert, False), (tiny_config, True)]
)  # DeBERTa's own dropout is a tenth
def test_checkpointing_changes_neither_loss_nor_slopes(encoder: Any, text_fusion: bool, tmp_path: Path) -> None:
    def slopes(checkpointing: bool) -> tuple[float, dict[str, torch.Tensor]]:
        model, task = prepared(tmp_path, encoder, text_fusion=text_fusion, drop_rate=0.2)
        if checkpointing:
            checkpoint_layers(model.deberta)
        torch.manual_seed(6)
        loss = task.loss(model, task.collate(task.examples[:3]))
        loss.backward()  # type: ignore[no-untyped-call]
        found = {name: value.grad for name, value in model.named_parameters() if value.grad is not None}
        return float(loss.detach()), found

    (plain_loss, plainly), (loss, found) = slopes(False), slopes(True)
    assert loss == pytest.approx(plain_loss, rel=1e-6)
    assert found.keys() == plainly.keys() and any(name.startswith("deberta.") for name in found)
    for name, slope in plainly.items():
        torch.testing.assert_close(found[name], slope, atol=1e-6, rtol=1e-4)


def test_sizes_that_do_not_fit_are_refused() -> None:
    encoder = plain(deberta(8, 0))
    with pytest.raises(UserError, match="3 encoder_heads cannot share out 16 channels"):
        Network(encoder, **sizes(encoder_heads=3)).build()
    with pytest.raises(UserError, match="kernel_size = 4 is even"):
        Network(encoder, **sizes(kernel_size=4)).build()
    with pytest.raises(UserError, match="text_config, drop_rate missing or unusable"):
        Network.of({"drop_rate": 2}, "here")
