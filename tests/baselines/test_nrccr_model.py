"""The networks of NRCCR and MLCMR: what padding does, what sizes are refused, what the losses leave out."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from baselines.nrccr.losses import info_nce, triplet
from baselines.nrccr.model import begin
from baselines.nrccr.network import MLCMRNetwork, NRCCRNetwork
from cmivqa_kit.errors import UserError

BERT = {"vocab_size": 30, "hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2,
        "intermediate_size": 24, "max_position_embeddings": 64}  # fmt: skip
NRCCR_SIZES: dict[str, Any] = {
    "bert": BERT, "visual_feat_dim": 6, "visual_mapping_layers": [16, 8], "text_mapping_layers": [16, 8],
    "text_hidden_size": 16, "text_num_attention": 4, "video_hidden_size": 16, "video_num_attention": 4,
}  # fmt: skip
MLCMR_SIZES: dict[str, Any] = {
    "bert": BERT, "visual_feat_dim": 6, "visual_mapping_layers": [2 * 5 + 4 * 3 + 6, 8],
    "text_mapping_layers": [16, 8], "visual_rnn_size": 5, "visual_kernel_num": 3,
}  # fmt: skip


def network(kind: type[Any], sizes: dict[str, Any], **changed: Any) -> Any:
    torch.manual_seed(0)
    return kind.of({**sizes, **changed}, "here").build().eval()


def longer(rows: Tensor, by: int) -> Tensor:
    """Rows with so many of padding behind each."""
    return torch.nn.functional.pad(rows, (0, 0) * (rows.dim() - 2) + (0, by))


@pytest.mark.parametrize(("kind", "sizes"), [(NRCCRNetwork, NRCCR_SIZES), (MLCMRNetwork, MLCMR_SIZES)])
@torch.inference_mode()
def test_only_with_masked_padding_an_embedding_is_its_own(kind: type[Any], sizes: dict[str, Any]) -> None:
    frames, mask, ids = torch.randn(2, 3, 6), torch.ones(2, 3), torch.randint(5, 30, (2, 4))
    mean, there = frames.mean(dim=1), torch.ones(2, 4)
    for padding in ("masked", "published"):
        model = network(kind, sizes, padding=padding)
        alone = model.videos(frames, mask, mean), model.texts(ids, there)
        beside = model.videos(longer(frames, 9), longer(mask, 9), mean), model.texts(longer(ids, 5), longer(there, 5))
        for own, padded in zip(alone, beside, strict=True):
            assert torch.allclose(own, padded, atol=1e-5) == (padding == "masked")
            assert torch.allclose(own.norm(dim=1), torch.ones(2))


@torch.inference_mode()
def test_the_cross_view_and_the_discriminators_do_not_see_masked_padding() -> None:
    for disc_type in ("weak", "not-so-weak", "strong"):
        model = network(NRCCRNetwork, NRCCR_SIZES, padding="masked", disc_type=disc_type)
        source, translation = torch.randint(5, 30, (2, 4)), torch.randint(5, 30, (2, 3))
        batch = {
            "frames": torch.randn(2, 1, 6), "frame_mask": torch.ones(2, 1), "source_ids": source,
            "source_mask": torch.ones(2, 4), "translation_ids": translation, "translation_mask": torch.ones(2, 3),
        }  # fmt: skip
        padded = {name: tensor if "frame" in name else longer(tensor, 4) for name, tensor in batch.items()}
        own, other = model.views(batch), model.views(padded)
        assert torch.allclose(own["cross"], other["cross"], atol=1e-5)
        told = model.discriminator(own["source_states"], batch["source_mask"])
        again = model.discriminator(other["source_states"], padded["source_mask"])
        assert disc_type == "strong" or torch.allclose(told, again, atol=1e-5)  # its convolutions see the edge


def test_views_are_those_that_there_are_texts_for() -> None:
    model = network(NRCCRNetwork, NRCCR_SIZES)
    batch = {"frames": torch.randn(2, 1, 6), "frame_mask": torch.ones(2, 1)}
    for name in ("source", "back"):
        batch |= {f"{name}_ids": torch.randint(5, 30, (2, 4)), f"{name}_mask": torch.ones(2, 4)}
    assert sorted(model.views(batch)) == ["back", "source", "video"]


@pytest.mark.parametrize(
    ("kind", "sizes", "changed", "message"),
    [
        (NRCCRNetwork, NRCCR_SIZES, {"text_num_attention": 3}, r"text_num_attention = 3: must divide text_hidden_size"),
        (NRCCRNetwork, NRCCR_SIZES, {"video_num_attention": 5}, "video_num_attention = 5"),
        (NRCCRNetwork, NRCCR_SIZES, {"disc_type": "mighty"}, "here: disc_type missing or unusable"),
        (NRCCRNetwork, NRCCR_SIZES, {"visual_mapping_layers": [16]}, "visual_mapping_layers missing or unusable"),
        (NRCCRNetwork, NRCCR_SIZES, {"padding": "none"}, "padding missing or unusable"),
        (MLCMRNetwork, MLCMR_SIZES, {"visual_mapping_layers": [9, 8]}, "begins with 9; the levels of a video make 28"),
        (MLCMRNetwork, MLCMR_SIZES, {"visual_kernel_sizes": [0]}, "visual_kernel_sizes missing or unusable"),
    ],
)
def test_sizes_that_do_not_fit_are_refused(
    kind: type[Any], sizes: dict[str, Any], changed: dict[str, Any], message: str
) -> None:
    with pytest.raises(UserError, match=message):
        network(kind, sizes, **changed)


@pytest.mark.parametrize(
    ("changed", "same"),
    [({"visual_feat_dim": 16}, True), ({}, False), ({"visual_feat_dim": 16, "visual_mapping_layers": [16, 4]}, False),
     ({"model_type": "img"}, False)],
    ids=["one size", "other rows", "other space", "images"],
)  # fmt: skip
def test_videos_begin_with_the_encoder_of_the_texts_where_sizes_allow_it(changed: dict[str, Any], same: bool) -> None:
    model = network(NRCCRNetwork, NRCCR_SIZES, padding="masked", **changed)
    drawn = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    begin(model, positions=1.0, alike=False)
    assert all(torch.equal(tensor, drawn[name]) for name, tensor in model.state_dict().items())
    begin(model, positions=0.5, alike=True)
    table = model.text_encoder.pos_embed_layer.position_embeddings.weight
    assert torch.equal(table, drawn["text_encoder.pos_embed_layer.position_embeddings.weight"] / 2)
    assert torch.equal(model.visual_mapping.mapping["fc1"].weight, drawn["visual_mapping.mapping.fc1.weight"]) != same
    if same:  # a video whose rows are the states of a text is where the text is
        states, there = torch.randn(2, 5, 16), torch.ones(2, 5)
        encoder = model.text_encoder
        text = model.text_mapping(encoder.alone(encoder.rows(states), there))
        assert torch.allclose(model.videos(states, there), text, atol=1e-6)


def test_texts_of_one_video_need_not_be_wrong_for_each_other() -> None:
    rows = torch.nn.functional.normalize(torch.tensor([[1.0, 0.0], [1.0, 0.1], [0.0, 1.0]]))
    same = torch.tensor([[True, True, False], [True, True, False], [False, False, True]])
    assert triplet(rows, rows) > 0.6  # the first two are as close to each other as to themselves
    assert float(triplet(rows, rows, same=same)) == 0


def test_contrast_asks_the_second_rows() -> None:
    a, b = torch.eye(2), torch.tensor([[1.0, 0.0], [1.0, 0.0]])
    first = -torch.log_softmax(torch.tensor([1.0, 0.0]) / 0.07, dim=0)
    assert torch.allclose(info_nce(a, b), first.sum())  # both rows of b look like the first of a
    assert torch.allclose(info_nce(b, a), 2 * torch.log(torch.tensor(2.0)))
    same = torch.tensor([[True, True], [True, True]])
    assert float(info_nce(a, b, same)) == 0  # no row is left to be taken for the other
