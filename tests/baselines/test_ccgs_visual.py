"""The visual variant's network: both fusions, videos without features, what is cached, what cannot be built."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from transformers import BertConfig, BertModel

from baselines.ccgs.examples import batch, sequence
from baselines.ccgs.features import visual_inputs
from baselines.ccgs.model import GlobalSpanModel
from baselines.ccgs.network import MUSIC, Network
from baselines.ccgs.projected import ProjectedVideos
from cmivqa_kit.data.features import SplitFeatures
from cmivqa_kit.errors import UserError
from cmivqa_kit.neural.encoders import add_tokens, open_encoder, plain
from cmivqa_kit.neural.tiny_encoder import tiny_tokenizer
from cmivqa_kit.neural.tokens import Special
from cmivqa_kit.neural.video_rows import VideoRows
from cmivqa_kit.prediction.types import Times
from tests.baselines.encoders import deberta

SPECIAL = Special(cls=1, sep=2, pad=0)
ROWS = [
    sequence((7, 8), [(9,), (10, 11), (12,)], SPECIAL),
    sequence((7, 8, 9), [(9,), (), (12, 13), (14,), (15, 16)], SPECIAL),
]
HIDDEN, SIZE = 64, 4


def times(count: int, seconds: float = 2.0) -> Times:
    start = np.arange(count) * seconds
    return Times(start, start + seconds)


TIMES = [times(3), times(5)]


def network(pooled: bool) -> GlobalSpanModel:
    """With a fusion that has learnt something."""
    torch.manual_seed(5)
    model = GlobalSpanModel(deberta(40, 0), 16, HIDDEN, SIZE, pooled=pooled).eval()
    if model.fusion is not None:
        torch.nn.init.normal_(model.fusion.linear.weight, std=0.5)
    return model


@pytest.fixture
def features(tmp_path: Path) -> VideoRows:
    generator = np.random.default_rng(2)
    for name, rows in (("a", 6), ("b", 12), ("c", 30)):
        np.save(tmp_path / f"{name}.npy", generator.normal(size=(rows, SIZE)).astype(np.float32))
    return VideoRows(SplitFeatures([tmp_path]), 20, SIZE)


def inputs(features: VideoRows, *videos: str) -> dict[str, Tensor]:
    return {**batch(ROWS, SPECIAL.pad), **visual_inputs(features, videos, TIMES)}


def logits(model: GlobalSpanModel, given: dict[str, Tensor]) -> Tensor:
    with torch.no_grad():
        return model(**given)


@pytest.mark.parametrize("pooled", [False, True])
def test_a_padded_batch_gives_each_row_its_own_logits(pooled: bool, features: VideoRows) -> None:
    model = network(pooled)
    both = logits(model, inputs(features, "a", "c"))
    for number, video in enumerate("ac"):
        one = {**batch([ROWS[number]], SPECIAL.pad), **visual_inputs(features, [video], [TIMES[number]])}
        size = len(TIMES[number].start)
        torch.testing.assert_close(both[number, :size, :size], logits(model, one)[0], atol=1e-5, rtol=1e-4)
    assert torch.isneginf(both[0, 3:]).all()


def test_the_published_fusion_adds_seconds_to_channels_as_if_padded_to_all_of_them(features: VideoRows) -> None:
    model = network(False)
    given = inputs(features, "a", "b")
    del given["line_rows"]
    wide = dict(given)
    wide["vfeats"] = torch.nn.functional.pad(given["vfeats"], (0, 0, 0, HIDDEN - 12))
    wide["vfeats_mask"] = torch.nn.functional.pad(given["vfeats_mask"], (0, HIDDEN - 12))
    torch.testing.assert_close(logits(model, given), logits(model, wide), atol=1e-5, rtol=1e-4)
    with torch.no_grad():
        hidden = model.encode(given["input_ids"], given["attention_mask"])
        scores = model.highlight(model.project(given["vfeats"]), given["vfeats_mask"], hidden, given["attention_mask"])
        marks = [place for place, mark in enumerate(ROWS[0].marks) if mark]
        moved = hidden[0, marks].clone()
        moved[:, :12] += scores[0]
        q, k = model.dense(moved).split(16, dim=1)
    assert float(logits(model, given)[0, 1, 2]) == pytest.approx(float(q[1] @ k[3]), abs=1e-5)


def test_the_kits_fusion_gives_a_boundary_what_is_seen_in_its_two_lines(features: VideoRows) -> None:
    model = network(True)
    given = inputs(features, "a", "b")
    assert model.fusion is not None
    with torch.no_grad():
        hidden = model.encode(given["input_ids"], given["attention_mask"])
        scores = model.highlight(model.project(given["vfeats"]), given["vfeats_mask"], hidden, given["attention_mask"])
        added = model.fuse(scores, given["line_rows"])
        closed, opened = model.fusion.linear.weight.T
    seen = scores[1, :12].reshape(6, 2).mean(dim=1)[:5]  # lines of two seconds
    torch.testing.assert_close(added[1, 0], seen[0] * opened)
    torch.testing.assert_close(added[1, 2], seen[1] * closed + seen[2] * opened)
    torch.testing.assert_close(added[1, 5], seen[4] * closed)
    assert not added[0, 4:].any()  # behind the three lines of row 0
    with pytest.raises(ValueError, match="line_rows"):
        model.fuse(scores, None)


@pytest.mark.parametrize("pooled", [False, True])
def test_a_video_without_features_is_scored_by_its_text(pooled: bool, features: VideoRows) -> None:
    model = network(pooled)
    text, seen = logits(model, batch(ROWS, SPECIAL.pad)), logits(model, inputs(features, "none", "b"))
    torch.testing.assert_close(seen[0], text[0], atol=1e-6, rtol=0)
    assert not torch.allclose(seen[1], text[1], atol=1e-3)
    torch.testing.assert_close(logits(model, inputs(features, "none", "gone")), text, atol=1e-6, rtol=0)


@pytest.mark.parametrize("pooled", [False, True])
def test_half_precision_keeps_masks_and_gaps(pooled: bool, features: VideoRows) -> None:
    model = network(pooled)
    given = inputs(features, "none", "b")
    with torch.autocast("cpu", torch.bfloat16):
        half, text = logits(model, given), logits(model, batch(ROWS, SPECIAL.pad))
    assert half.dtype == torch.float32
    assert torch.equal(half[0], text[0])
    torch.testing.assert_close(half, logits(model, given), atol=0.3, rtol=0.1)


def test_a_new_fusion_starts_as_the_text_network_and_learns(features: VideoRows) -> None:
    model = network(True)
    assert model.fusion is not None
    torch.nn.init.zeros_(model.fusion.linear.weight)
    given = inputs(features, "a", "b")
    assert torch.equal(logits(model, given), logits(model, batch(ROWS, SPECIAL.pad)))
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    for step in range(2):
        optimizer.zero_grad()
        model(**given)[1].sum().backward()
        optimizer.step()
        slopes = {name: value.grad for name, value in model.named_parameters() if value.grad is not None}
        assert slopes["fusion.linear.weight"].abs().sum() > 0
        moved = slopes["video_affine.linear.conv1d.weight"].abs().sum() > 0
        assert bool(moved) == (step == 1)  # the branch learns as soon as the fusion has a direction


@pytest.mark.parametrize("pooled", [False, True])
def test_projected_videos_give_the_same_scores_and_are_made_once(
    pooled: bool, features: VideoRows, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, other = network(pooled), network(pooled)
    projected = ProjectedVideos(features, model)
    made: list[int] = []
    project = model.project
    monkeypatch.setattr(model, "project", lambda rows: made.append(rows.shape[1]) or project(rows))
    for videos in (("a", "c"), ("none", "c"), ("a", "a"), ("none", "none")):
        given = {**batch(ROWS, SPECIAL.pad), **projected.collate(videos, TIMES)}
        assert ("line_rows" in given) == pooled
        with torch.inference_mode():
            got = model(**projected.inputs(given))
        torch.testing.assert_close(got, logits(other, _fitting(inputs(features, *videos), pooled)), atol=1e-5, rtol=0)
    assert made == [6, 20]


def _fitting(given: dict[str, Tensor], pooled: bool) -> dict[str, Tensor]:
    return given if pooled else {name: value for name, value in given.items() if name != "line_rows"}


def sizes(**changes: Any) -> Network:
    values: dict[str, Any] = {"inner_dim": 8, "dim": HIDDEN, "visual_dim": SIZE, "variant": "ccgs", **changes}
    return Network(encoder=plain(deberta(40, 0)), **values)


def test_only_the_kits_fusion_has_weights_of_its_own() -> None:
    official = set(sizes().build().state_dict())
    assert set(sizes(fusion="pooled").build().state_dict()) - official == {"fusion.linear.weight"}
    assert set(sizes(fusion="pooled", variant="task23").build().state_dict()) == official
    assert (sizes().video_rows(), sizes(fusion="pooled").video_rows(), sizes(rows=9).video_rows()) == (HIDDEN, 768, 9)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"dim": 8}, "as wide as the encoder \\(64\\), not dim = 8"),
        ({"rows": 65}, "64 channels: 65 rows do not fit"),
    ],
)
def test_sizes_that_cannot_be(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=message):
        sizes(**changes).build()
    sizes(**changes, variant="task23").build()  # the text variant never calls the branch


@pytest.mark.parametrize("change", [{"fusion": "other"}, {"rows": -1}, {"rows": 1.5}, {"rows": None}, {"rows": True}])
def test_unusable_settings_of_a_run(change: dict[str, Any]) -> None:
    stored = {"encoder": {}, "inner_dim": 8, "dim": 8, "visual_dim": 4}
    assert Network.of(stored, "run").fusion == "published"  # runs from before there was a choice
    with pytest.raises(UserError, match=f"{next(iter(change))} missing or unusable"):
        Network.of({**stored, **change}, "run")


def test_an_added_token_is_one_token_and_has_an_embedding(tmp_path: Path) -> None:
    encoder = open_encoder("tiny", ["play the music", "[ ]"], 0, added=(MUSIC, MUSIC))
    ids = encoder.tokenizer("play [Music] now", add_special_tokens=False)["input_ids"]
    assert len(ids) == 3 and encoder.tokenizer.convert_tokens_to_ids(MUSIC) == ids[1] == len(encoder.tokenizer) - 1
    assert encoder.config.vocab_size == len(encoder.tokenizer)
    encoder.tokenizer.save_pretrained(tmp_path / "tokenizer")
    size = len(tiny_tokenizer(["music"]))
    folder = tmp_path / "encoder"
    for vocabulary, expected in ((size, size + 1), (size + 5, size + 5)):  # grown only where there is no room
        config = BertConfig(vocab_size=vocabulary, hidden_size=8, num_hidden_layers=1, num_attention_heads=1,
                            intermediate_size=8, pad_token_id=0)  # fmt: skip
        BertModel(config).save_pretrained(folder)
        tiny_tokenizer(["music"]).save_pretrained(folder)
        opened = open_encoder(str(folder), (), 0, added=(MUSIC,))
        assert opened.config.vocab_size == expected
        assert opened.model.get_input_embeddings().weight.shape[0] == expected  # type: ignore[operator]
        again = open_encoder(str(folder), (), 0, added=(MUSIC,))
        assert all(torch.equal(a, b) for a, b in zip(opened.model.parameters(), again.model.parameters(), strict=True))
    assert add_tokens(tiny_tokenizer(["music"]), ()).get_vocab() == tiny_tokenizer(["music"]).get_vocab()
