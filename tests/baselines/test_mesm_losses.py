"""Matching and losses of MESM on cases that can be computed by hand, and at their edges."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from baselines.mesm.losses import (
    Targets,
    Weights,
    ranking_loss,
    saliency_loss,
    total,
    window_losses,
    word_loss,
)
from baselines.mesm.matching import Costs, Matching, centres, edges, generalized_iou, match
from baselines.mesm.model import Heads


def windows(*rows: tuple[float, float]) -> Tensor:
    return torch.tensor(rows)


def test_generalized_overlap() -> None:
    first = windows((0.0, 0.5), (0.0, 0.2), (0.4, 0.4), (0.4, 0.4))
    second = windows((0.25, 0.75), (0.6, 1.0), (0.4, 0.4), (0.1, 0.1))
    # half overlapping; apart by 0.4 of a hull of 1; twice the same point; two points
    assert torch.allclose(generalized_iou(first, second), torch.tensor([1 / 3, -0.4, 0.0, -1.0]), atol=1e-6)
    assert torch.allclose(centres(edges(windows((0.3, 0.2)))), windows((0.3, 0.2)))


def heads(spans: Tensor, foreground: Tensor) -> Heads:
    return Heads(torch.stack((foreground, torch.zeros_like(foreground)), -1), spans)


def test_every_window_of_the_truth_has_a_slot_of_its_own() -> None:
    spans = torch.stack([windows((0.2, 0.2), (0.21, 0.2), (0.8, 0.2))] * 2)
    said = heads(spans, torch.zeros(2, 3))
    truth = [windows((0.1, 0.3), (0.1, 0.3)), windows((0.7, 0.9))]
    matching = match(said, truth, Costs())
    assert matching.pairs(1) == ([2], [0])
    assert sorted(matching.pairs(0)[0]) == [0, 1] and sorted(matching.pairs(0)[1]) == [0, 1]


def test_more_windows_than_slots_leave_some_out() -> None:
    said = heads(windows((0.2, 0.2), (0.8, 0.2))[None], torch.zeros(1, 2))
    matching = match(said, [windows((0.1, 0.3), (0.7, 0.9), (0.4, 0.5))], Costs())
    assert matching.pairs(0) == ([0, 1], [0, 1])


def test_one_window_takes_the_cheapest_slot() -> None:
    spans = torch.stack([windows((0.2, 0.2), (0.2, 0.2))] * 2)
    said = heads(spans, torch.tensor([[0.0, 3.0], [3.0, 0.0]]))
    truth = [windows((0.1, 0.3)), windows((0.1, 0.3))]
    assert match(said, truth, Costs()).slots.tolist() == [1, 0]  # the same place: the probability decides
    assert match(said, truth, Costs(label=0)).slots.tolist() == [0, 0]


def test_losses_of_windows_by_hand() -> None:
    said = heads(windows((0.3, 0.2), (0.5, 0.5))[None], torch.tensor([[0.0, 0.0]]))
    terms = window_losses(said, [windows((0.2, 0.6))], Matching(*torch.tensor([[0], [0], [0]])), Weights())
    assert terms["loss_span"].item() == pytest.approx((0.1 + 0.2) / 2)
    assert terms["loss_giou"].item() == pytest.approx(1 - 0.5)
    # ln 2 for each slot, weighed 1 and 0.1, over both slots
    assert terms["loss_label"].item() == pytest.approx(math.log(2) * 1.1 / 2)
    assert terms["class_error"].item() == 0  # the first of equal classes is the foreground


def test_clips_of_the_moment_are_ranked_above_others() -> None:
    scores, relevance = torch.tensor([[0.0, 0.0, 0.0]]), torch.tensor([[1.0, 0.0, 0.0]])
    assert ranking_loss(scores, relevance).item() == pytest.approx(math.log(3), abs=1e-5)
    # Levels 1 and 2: of the higher one two clips, of the lower one three of four.
    graded = torch.tensor([[2.0, 2.0, 1.0, 0.0]])
    assert ranking_loss(torch.zeros(1, 4), graded).item() == pytest.approx(2 * math.log(4), abs=1e-5)
    # A query without any relevant clip has no part, but counts in the mean.
    two = ranking_loss(torch.zeros(2, 3), torch.cat((relevance, torch.zeros(1, 3))))
    assert two.item() == pytest.approx(math.log(3) / 2, abs=1e-5)
    assert ranking_loss(torch.zeros(1, 3), torch.zeros(1, 3)).item() == 0


def targets(**given: Tensor) -> Targets:
    clips = torch.tensor([[True, False, False]])
    return Targets([windows((0.0, 0.3))], clips, clips.float(), torch.tensor([1]), **given)


def test_saliency_with_and_without_a_foreign_query() -> None:
    mask = torch.tensor([[True, True, False]])
    scores, weights = torch.zeros(1, 3), Weights(rank=1.0)
    alone = saliency_loss(scores, None, targets(), mask, weights)
    assert alone.item() == pytest.approx(math.log(2), abs=1e-5)
    beside = saliency_loss(scores, torch.zeros(1, 3), targets(), mask, weights)
    assert beside.item() == pytest.approx(2 * math.log(2) + math.log(4), abs=1e-5)
    far = saliency_loss(scores, torch.full((1, 3), 200.0), targets(), mask, weights)
    assert bool(far.isfinite()), "1 - sigmoid(200) is 0 in float32 (Q19)"
    pairs = {"positives": torch.tensor([[0, 0]]), "negatives": torch.tensor([[1, 1]])}
    with_pairs = saliency_loss(scores, None, targets(**pairs), mask, Weights(rank=1.0, triplet=True))
    assert with_pairs.item() == pytest.approx(alone.item() + 2 * 0.2, abs=1e-5)


def test_words_are_guessed_with_smoothed_labels() -> None:
    logits = torch.zeros(2, 3, 4)
    mask = torch.tensor([[True, True, False], [False, False, False]])
    loss, right = word_loss(logits, torch.zeros(2, 3, dtype=torch.long), mask)
    assert loss.item() == pytest.approx(math.log(4) / 2)  # a query without words has no part, but counts in the mean
    assert right.item() == 1


def test_only_weighted_terms_are_summed() -> None:
    terms = {name: torch.tensor(1.0) for name in ("loss_span", "loss_label_0", "class_error", "class_error_0",
                                                  "rec_fw_acc", "loss_rec_ss")}  # fmt: skip
    assert total(terms, Weights()).item() == pytest.approx(10 + 4 + 0.1)
