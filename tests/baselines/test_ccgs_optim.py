"""Parameter groups, the old AdamW, schedules."""

from __future__ import annotations

import math

import pytest
import torch

from baselines.ccgs import optim
from baselines.ccgs.model import GlobalSpanModel
from tests.baselines.encoders import deberta


def test_the_embeddings_are_the_difference_between_the_recipes() -> None:
    model = GlobalSpanModel(deberta(30, 0), 8, 8, 4)
    published, kit = optim.parameter_names(model, "published")[0], optim.parameter_names(model, "kit")[0]
    assert {name.split(".")[1] for name in set(kit) - set(published)} == {"embeddings"}
    assert set(published) < set(kit)
    rates = [group["lr"] for group in optim.optimizer(model, "kit", 1e-5, 1e-4, 0.0).param_groups]
    assert rates == [1e-5, 1e-4]


def test_old_adamw_by_hand() -> None:
    value = torch.nn.Parameter(torch.tensor([2.0]))
    old = optim.OldAdamW([{"params": [value]}], lr=0.1, weight_decay=0.5)
    expected, mean, square = 2.0, 0.0, 0.0
    for step, slope in enumerate([3e-6, -1e-6, 2e-6], 1):
        value.grad = torch.tensor([slope])
        old.step()
        mean, square = 0.9 * mean + 0.1 * slope, 0.999 * square + 0.001 * slope**2
        size = 0.1 * math.sqrt(1 - 0.999**step) / (1 - 0.9**step)
        expected -= size * mean / (math.sqrt(square) + 1e-6)
        expected -= 0.1 * 0.5 * expected
        assert value.item() == pytest.approx(expected, rel=1e-5)


def test_old_adamw_goes_on_from_its_state() -> None:
    def run(steps: int, split: int) -> float:
        value = torch.nn.Parameter(torch.tensor([1.0]))
        old = optim.OldAdamW([value], lr=0.1, weight_decay=0.0)
        for step in range(steps):
            if step == split:
                state = old.state_dict()
                old = optim.OldAdamW([value], lr=0.1, weight_decay=0.0)
                old.load_state_dict(state)
            value.grad = value.detach() * (step + 1)
            old.step()
        return value.item()

    assert run(5, 3) == run(5, -1)


def test_schedules() -> None:
    assert optim.schedule_steps([9, 9, 9], 4, "published") == (2, 6)
    assert optim.schedule_steps([9, 9, 9], 4, "kit") == (3, 9)
    assert optim.schedule_steps([9, 8, 4], 4, "kit") == (3, 6)  # batches by length: an epoch may have fewer
    assert optim.multiplier(0, 2, 6, clamp=True) == 0
    assert optim.multiplier(2, 2, 6, clamp=True) == 1
    assert optim.multiplier(4, 2, 6, clamp=True) == pytest.approx(0.5)
    assert optim.multiplier(8, 2, 6, clamp=True) == 0
    assert optim.multiplier(8, 2, 6, clamp=False) == pytest.approx(0.5)  # the published cosine rises again
    assert optim.multiplier(0, 0, 6, clamp=True) == 1
