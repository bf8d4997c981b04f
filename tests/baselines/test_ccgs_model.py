"""The network and its losses: shapes, padding, masks."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from baselines.ccgs.examples import batch, sequence
from baselines.ccgs.losses import contrastive_loss, ranking_iou_loss
from baselines.ccgs.model import GlobalSpanModel, rotate
from cmivqa_kit.neural.tokens import Special
from tests.baselines.encoders import deberta

SPECIAL = Special(cls=1, sep=2, pad=0)
ROWS = [
    sequence((7, 8), [(9,), (10, 11), (12,)], SPECIAL),
    sequence((7, 8, 9), [(9,), (), (12, 13), (14,), (15, 16)], SPECIAL),
]


def network(mask_lower: bool = False, rope: bool = False) -> GlobalSpanModel:
    torch.manual_seed(5)
    return GlobalSpanModel(deberta(40, 0), 16, 8, 4, mask_lower, rope).eval()


def test_a_padded_batch_gives_each_row_its_own_logits() -> None:
    model = network()
    with torch.no_grad():
        both = model(**batch(ROWS, SPECIAL.pad))
        alone = [model(**batch([row], SPECIAL.pad))[0] for row in ROWS]
    assert both.shape == (2, 5, 5)
    torch.testing.assert_close(both[0, :3, :3], alone[0], atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(both[1], alone[1], atol=1e-5, rtol=1e-5)
    assert torch.isneginf(both[0, 3:]).all() and torch.isneginf(both[0, :, 3:]).all()
    assert torch.isfinite(both[1]).all()


def test_a_cell_is_the_product_of_its_two_boundaries() -> None:
    model = network()
    inputs = batch(ROWS[:1], SPECIAL.pad)
    with torch.no_grad():
        hidden = model.encode(inputs["input_ids"], inputs["attention_mask"])[0]
        marks = [place for place, mark in enumerate(ROWS[0].marks) if mark]
        q, k = model.dense(hidden[marks]).split(16, dim=1)
        logits = model(**inputs)[0]
    assert len(marks) == 4
    assert float(logits[2, 0]) == pytest.approx(float(q[2] @ k[1]), abs=1e-5)


def test_mask_lower_takes_only_cells_that_end_before_they_start() -> None:
    inputs = batch(ROWS[1:], SPECIAL.pad)
    with torch.no_grad():
        plain, masked = network()(**inputs)[0], network(mask_lower=True)(**inputs)[0]
    lower = torch.ones(5, 5).tril(-1).bool()
    assert torch.isneginf(masked[lower]).all()
    assert torch.equal(masked[~lower], plain[~lower])


def test_rope_turns_by_the_boundary() -> None:
    vectors = torch.randn(1, 4, 6)
    turned = rotate(vectors)
    assert torch.equal(turned[:, 0], vectors[:, 0])
    first, second = vectors[0, 3, 2:4]
    angle = torch.tensor(3 * 10000 ** (-2 * 1 / 6))
    assert float(turned[0, 3, 2]) == pytest.approx(float(first * angle.cos() - second * angle.sin()), abs=1e-6)
    assert float(turned[0, 3, 3]) == pytest.approx(float(second * angle.cos() + first * angle.sin()), abs=1e-6)
    with torch.no_grad():
        assert not torch.allclose(network()(**batch(ROWS, 0))[1], network(rope=True)(**batch(ROWS, 0))[1])


def test_the_official_names_are_kept() -> None:
    names = set(network().state_dict())
    assert {
        "video_affine.linear.conv1d.weight",
        "cq_attention.w4mlu",
        "cq_attention.cqa_linear.conv1d.bias",
        "cq_concat.weighted_pool.weight",
        "cq_concat.conv1d.conv1d.weight",
        "highlight_layer.conv1d.conv1d.bias",
        "P_Encoder.encoder.rel_embeddings.weight",
        "dense.bias",
    } <= names
    assert {name.split(".")[0] for name in names} == {
        "video_affine", "cq_attention", "cq_concat", "highlight_layer", "P_Encoder", "dense"
    }  # fmt: skip


def test_contrastive_loss_is_a_cross_entropy_over_all_cells_that_count() -> None:
    torch.manual_seed(1)
    logits = torch.randn(3, 4, 4)
    expected = torch.nn.functional.cross_entropy(logits.flatten()[None], torch.tensor([1 * 4 + 2]))
    torch.testing.assert_close(contrastive_loss(logits, 1, 2), expected)
    padded = torch.full((3, 6, 6), -torch.inf)
    padded[:, :4, :4] = logits
    torch.testing.assert_close(contrastive_loss(padded.requires_grad_(), 1, 2), expected)
    contrastive_loss(padded, 1, 2).backward()
    assert padded.grad is not None and torch.isfinite(padded.grad).all()


def brute_force(positive: Tensor, ious: Tensor, scale: float) -> Tensor:
    p, y = scale * positive.flatten(), ious.flatten()
    terms = [p[a] - p[b] for a in range(len(y)) for b in range(len(y)) if y[a] < y[b]]
    return torch.logsumexp(torch.stack([torch.zeros(()), *terms]), dim=0)


@pytest.mark.parametrize("size", [1, 2, 5])
def test_ranking_loss_and_slope_as_over_all_pairs(size: int) -> None:
    generator = torch.Generator().manual_seed(size)
    positive = torch.randn(size, size, generator=generator).requires_grad_()
    ious = torch.randint(0, 4, (size, size), generator=generator) / 3  # with ties
    got, expected = ranking_iou_loss(positive, ious, 2.0), brute_force(positive, ious, 2.0)
    torch.testing.assert_close(got, expected, atol=1e-5, rtol=1e-5)
    (slope,) = torch.autograd.grad(got, positive)
    if size > 1:
        (expected_slope,) = torch.autograd.grad(expected, positive)
        torch.testing.assert_close(slope, expected_slope, atol=1e-5, rtol=1e-5)
    else:
        assert slope.item() == 0


def test_ranking_loss_of_a_long_video_needs_no_quadratic_memory() -> None:
    positive = torch.randn(300, 300, generator=torch.Generator().manual_seed(0))  # 90,000^2 pairs: 32 GB as a matrix
    assert ranking_iou_loss(positive, torch.rand(300, 300)).isfinite()
