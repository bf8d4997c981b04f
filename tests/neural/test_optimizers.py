"""The old AdamW beside the current one, and the schedule."""

from __future__ import annotations

import math

import pytest
import torch

from cmivqa_kit.neural.optimizers import OldAdamW, adamw, multiplier, schedule_steps


def test_old_adamw_by_hand() -> None:
    value = torch.nn.Parameter(torch.tensor([2.0]))
    old = adamw([{"params": [value]}], 0.1, 0.5, old=True)
    expected, mean, square = 2.0, 0.0, 0.0
    for step, slope in enumerate([3e-6, -1e-6, 2e-6], 1):
        value.grad = torch.tensor([slope])
        old.step()
        mean, square = 0.9 * mean + 0.1 * slope, 0.999 * square + 0.001 * slope**2
        size = 0.1 * math.sqrt(1 - 0.999**step) / (1 - 0.9**step)
        expected -= size * mean / (math.sqrt(square) + 1e-6)
        expected -= 0.1 * 0.5 * expected
        assert value.item() == pytest.approx(expected, rel=1e-5)


def test_both_kinds_take_groups_with_rates_of_their_own() -> None:
    for old in (True, False):
        first, second = torch.nn.Parameter(torch.ones(1)), torch.nn.Parameter(torch.ones(1))
        made = adamw([{"params": [first], "lr": 0.5}, {"params": [second]}], 0.1, 0.0, old)
        assert isinstance(made, OldAdamW) == old
        assert [group["lr"] for group in made.param_groups] == [0.5, 0.1]


def test_schedules() -> None:
    assert schedule_steps([9, 9, 9], 4, "published") == (2, 6)
    assert schedule_steps([9, 9, 9], 4, "kit") == (3, 9)
    assert multiplier(0, 2, 6, clamp=True) == 0
    assert multiplier(2, 2, 6, clamp=True) == 1
    assert multiplier(4, 2, 6, clamp=True) == pytest.approx(0.5)
    assert multiplier(8, 2, 6, clamp=True) == 0
    assert multiplier(8, 2, 6, clamp=False) == pytest.approx(0.5)  # the published cosine rises again
    assert multiplier(0, 0, 6, clamp=True) == 1


def test_old_adamw_goes_on_from_its_state() -> None:
    def run(steps: int, split: int) -> float:
        value = torch.nn.Parameter(torch.tensor([1.0]))
        old = OldAdamW([value], lr=0.1, weight_decay=0.0)
        for step in range(steps):
            if step == split:
                state = old.state_dict()
                old = OldAdamW([value], lr=0.1, weight_decay=0.0)
                old.load_state_dict(state)
            value.grad = value.detach() * (step + 1)
            old.step()
        return value.item()

    assert run(5, 3) == run(5, -1)
