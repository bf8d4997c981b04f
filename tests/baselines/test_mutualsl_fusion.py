"""``visual.paper_text_fusion``: the mean of the frames beside every token, as the paper's figure shows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor

from baselines.mutualsl import baseline
from baselines.mutualsl.baseline import MutualSLBaseline
from baselines.mutualsl.checkpoint import convert
from baselines.mutualsl.losses import batch_terms
from baselines.mutualsl.model import MutualSL, asked
from baselines.mutualsl.network import Network
from baselines.mutualsl.settings import Settings
from cmivqa_kit.data.types import Split
from cmivqa_kit.errors import UserError
from cmivqa_kit.neural.encoders import plain
from cmivqa_kit.neural.tiny_encoder import tiny_config
from cmivqa_kit.neural.video_rows import VideoRows
from cmivqa_kit.plugin.types import CheckpointRequest, PredictOptions
from cmivqa_kit.runs.directory import RunDirectory, make_run, start_run
from tests.baselines.encoders import deberta
from tests.baselines.mutualsl_corpus import config, corpus, sizes
from tests.baselines.test_mutualsl_model import bert, convolved, outputs, prepared

pytestmark = pytest.mark.usefixtures("one_thread")

FUSION = "visual.paper_text_fusion=true"


def logits(model: MutualSL, batch: Any) -> tuple[Tensor, Tensor]:
    output = outputs(model, batch)
    return output.start_logits, output.end_logits


def test_without_the_option_the_network_is_the_published_one() -> None:
    encoder = plain(deberta(8, 0))
    torch.manual_seed(4)
    published = Network(encoder, **sizes()).build()
    torch.manual_seed(4)
    fused = Network(encoder, **sizes(text_fusion=True)).build()
    assert set(fused.state_dict()) - set(published.state_dict()) == {"text_projection.weight", "text_projection.bias"}
    assert (fused.text_projection.weight.shape, fused.qa_outputs.weight.shape) == ((16, 64), (2, 16))  # type: ignore[union-attr]
    assert published.qa_outputs.weight.shape == (2, 64)
    # What is drawn before the textual predictor is drawn the same.
    assert torch.equal(fused.predictor.start_block[2].conv1d.weight, published.predictor.start_block[2].conv1d.weight)
    assert not fused.text_projection.bias.any() and fused.text_projection.weight.std() < 0.03  # type: ignore[union-attr]


@pytest.mark.parametrize("frame_mask", [True, False])
def test_logits_are_those_of_the_formula(frame_mask: bool, tmp_path: Path) -> None:
    overrides = () if frame_mask else ("train.frame_mask=false",)
    model, task = prepared(tmp_path, bert, *overrides, text_fusion=True)
    model.eval()
    model.frame_mask = model.feature_encoder.zero_padding = model.predictor.encoder.zero_padding = frame_mask
    batch = task.collate(task.examples[2:4])
    start, end = logits(model, batch)
    frames = [task.examples[n].gold.frames for n in (2, 3)]
    assert frames == ([64, 55] if frame_mask else [64, 64])
    question, question_mask = asked(batch["input_ids"], batch["attention_mask"], batch["token_type_ids"])
    seen = batch["frame_mask"] if frame_mask else torch.ones_like(batch["frame_mask"])
    states = model.encode(batch["input_ids"], batch["attention_mask"], batch["token_type_ids"])
    query = model.query_linear(model.encode(question, question_mask, None))
    fused = model.fuse(batch["features"], seen, query, question_mask.float())
    assert model.text_projection is not None
    for number, count in enumerate(frames):
        tokens = int(batch["attention_mask"][number].sum())
        mean = sum(fused[number, t] for t in range(count)) / count
        wanted = model.qa_outputs(model.text_projection(states[number, :tokens]) + mean)
        got = torch.stack([start[number, :tokens], end[number, :tokens]], dim=1)
        torch.testing.assert_close(got, wanted, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("encoder", [deberta, convolved, bert, tiny_config])
def test_padding_changes_nothing(encoder: Any, tmp_path: Path) -> None:
    """Four videos together: one without features, one averaged down, two of other lengths."""
    model, task = prepared(tmp_path, encoder, text_fusion=True)
    model.eval()
    four = task.examples[:4]
    whole = task.collate(four)
    together = logits(model, whole)
    totals = []
    for number, example in enumerate(four):
        batch = task.collate([example])
        tokens = batch["input_ids"].shape[1]
        for ours, theirs in zip(together, logits(model, batch), strict=True):
            torch.testing.assert_close(ours[number, :tokens], theirs[0], atol=1e-5, rtol=1e-5)
        totals.append(task.loss(model, batch))
    torch.testing.assert_close(task.loss(model, whole), torch.stack(totals).mean(), atol=1e-5, rtol=1e-5)


def test_a_video_without_features_adds_nothing(tmp_path: Path) -> None:
    model, task = prepared(tmp_path, bert, text_fusion=True)
    batch = task.collate(task.examples[1:2])
    assert not batch["frame_mask"].any()
    states = model.encode(batch["input_ids"], batch["attention_mask"], batch["token_type_ids"])
    alone = model.over_tokens(states, batch["attention_mask"], torch.zeros(1, 16))
    for ours, theirs in zip(logits(model, batch), alone, strict=True):
        assert torch.equal(ours, theirs)
    task.loss(model, batch).backward()  # type: ignore[no-untyped-call]
    assert all(value.grad is None or torch.isfinite(value.grad).all() for value in model.parameters())


def test_what_is_added_moves_all_tokens_of_an_example_alike(tmp_path: Path) -> None:
    """The predictor behind the sum is linear: other frames give other logits and the same probabilities."""
    model, task = prepared(tmp_path, bert, text_fusion=True)
    batch = task.collate(task.examples[2:4])
    other = {**batch, "features": batch["features"].flip(2) * 3}
    inside = batch["attention_mask"].bool()
    for ours, theirs in zip(logits(model, batch), logits(model, other), strict=True):
        for number in range(2):
            moved = (theirs - ours)[number, inside[number]]
            assert abs(float(moved[0].detach())) > 1e-4
            torch.testing.assert_close(moved, moved[:1].expand(len(moved)), atol=1e-5, rtol=1e-4)
        torch.testing.assert_close(ours.softmax(1), theirs.softmax(1), atol=1e-6, rtol=1e-4)


def slope(model: MutualSL, part: str) -> float | None:
    """The largest gradient of a part of the network; ``None`` where nothing led there."""
    found = [p.grad.abs().max() for name, p in model.named_parameters() if name.startswith(part) and p.grad is not None]
    return float(torch.stack(found).max()) if found else None


def test_where_gradients_go(tmp_path: Path) -> None:
    model, task = prepared(tmp_path, bert, text_fusion=True)
    batch = task.collate(task.examples[2:4])
    logits(model, batch)[0][:, 0].sum().backward()  # type: ignore[no-untyped-call]
    for part in ("video_affine", "feature_encoder", "cq_attention", "cq_concat", "query_linear", "text_projection"):
        assert slope(model, part)
    assert slope(model, "highlight_layer") is None and slope(model, "predictor") is None
    # The way back through the frames ends before the text encoder: without the projection nothing reaches it.
    model.zero_grad()
    assert model.text_projection is not None
    with torch.no_grad():
        model.text_projection.weight.zero_()
    logits(model, batch)[0][:, 0].sum().backward()  # type: ignore[no-untyped-call]
    assert slope(model, "query_linear") and slope(model, "deberta") == 0


def test_text_losses_teach_the_projection_but_not_the_frames(tmp_path: Path) -> None:
    model, task = prepared(tmp_path, bert, text_fusion=True)
    batch = task.collate(task.examples[2:4])
    output = outputs(model, batch)
    text = [sum(one.text) for one in batch_terms(output, batch["golds"])]
    torch.stack(text).sum().backward()  # type: ignore[arg-type,no-untyped-call]
    taught, frames = slope(model, "text_projection.weight"), slope(model, "cq_concat")
    assert taught is not None and taught > 1e-4
    assert frames is not None and frames < 1e-5 * taught  # softmax does not see a shift of all


def test_it_asks_for_features(tmp_path: Path) -> None:
    model, task = prepared(tmp_path, bert, text_fusion=True)
    batch = task.collate(task.examples[:1])
    with pytest.raises(ValueError, match="needs features"):
        model(batch["input_ids"], batch["attention_mask"], batch["token_type_ids"])


def test_the_sizes_keep_it_and_no_official_checkpoint_has_it(tmp_path: Path) -> None:
    encoder = deberta(8, 0)
    network = Network(plain(encoder), **sizes(text_fusion=True))
    run = make_run(tmp_path / "kept", "mutualsl", {}, 0)
    network.write(run)
    assert Network.read(run) == network
    with pytest.raises(UserError, match="text_fusion missing or unusable"):
        Network.of({"text_config": plain(encoder), "text_fusion": "yes"}, "here")
    folder = tmp_path / "official"
    folder.mkdir()
    torch.save(Network(plain(encoder), **sizes()).build().state_dict(), folder / "pytorch_model.bin")
    encoder.save_pretrained(folder)
    asked_for = {"encoder_heads": 4, "predictor_heads": 2, "text_fusion": True}
    with pytest.raises(UserError, match=r"no official checkpoint has the projection.*\n?.*paper_text_fusion"):
        convert(CheckpointRequest(tuple(folder.iterdir()), asked_for), make_run(tmp_path / "no", "mutualsl", {}, 0))
    own = tmp_path / "own.bin"
    torch.save(network.build().state_dict(), own)
    with pytest.raises(UserError, match=r"has text_projection\.weight"):
        sized = {"text_config": plain(encoder), **asked_for, "text_fusion": False}
        convert(CheckpointRequest((own,), sized), make_run(tmp_path / "neither", "mutualsl", {}, 0))


def fitted(folder: Path, data: Split, *overrides: str) -> RunDirectory:
    values = config("train.max_steps=3", "train.batch_tokens=300", FUSION, *overrides)
    run = start_run(folder, "mutualsl", values, 1, "kit")
    MutualSLBaseline().fit(data, data, run)
    run.finish()
    return run


def answered(run: RunDirectory, data: Split, *batches: str) -> tuple[list[Any], list[Tensor]]:
    """Spans, and the features that the network was given."""
    system = MutualSLBaseline()
    system.load(run)
    assert system.loaded is not None
    given: list[Tensor] = []

    def look(module: Any, arguments: Any, named: Any) -> None:
        given.append(named["features"])

    system.loaded.model.register_forward_pre_hook(look, with_kwargs=True)
    sections = {name: dict(table) for name, table in run.config.items()}
    if batches:
        sections["decode"]["tokens"] = 1
    found = list(system.predict(data.for_prediction(1), 1, PredictOptions(config=sections)))
    return [one.candidates[0] for one in found], given


def test_a_run_with_it_trains_and_answers_from_its_text(tmp_path: Path) -> None:
    data = corpus(tmp_path / "features", {"v1": -1, "v2": 90})
    run = fitted(tmp_path / "runs", data)
    assert run.read("network.json")["text_fusion"]
    assert "text_projection.weight" in load_file(run.path / "model.safetensors")
    found, given = answered(run, data)
    assert any(one.any() for one in given)
    # Not the spans of the visual predictor: text spans begin and end with subtitle lines.
    assert all(one.span.valid and one.span.start % 5 == one.span.end % 5 == 0 for one in found)
    alone, single = answered(run, data, "one by one")
    assert len(single) == 6 and sum(not one.any() for one in single) == 1  # v1 has no features
    assert [one.span for one in alone] == [one.span for one in found]
    assert [one.score for one in alone] == pytest.approx([one.score for one in found], rel=1e-4)


def test_prediction_has_the_features_of_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those made of the subtitles, where training had them."""
    data = corpus(tmp_path / "none", {f"v{n}": -1 for n in range(6)})
    run = fitted(tmp_path / "runs", data, "features=subtitle-embedding")
    begun = start_run(tmp_path / "begun", "mutualsl", run.config, 1, "kit")
    seen: list[VideoRows] = []
    evaluation = baseline.dev_evaluation
    monkeypatch.setattr(baseline, "dev_evaluation", lambda *given: seen.append(given[-1]) or evaluation(*given))
    MutualSLBaseline().training(data, data, begun, Settings.of(begun.config))
    rows = seen[0].get("v0")
    assert rows is not None and rows.any()  # and so has the dev evaluation
    found, given = answered(run, data)
    assert len(found) == 6
    assert all(one.shape[2] == run.read("network.json")["visual_dim"] and one.any() for one in given)
