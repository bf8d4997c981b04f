"""The AdamW of the published programs, the current one, and their learning-rate schedule.

Source: docs/spec/ccgs.md, sections 4.5 and 4.6; docs/spec/mutualsl.md, section 3.3.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from cmivqa_kit.runs.settings import Recipe

BETAS = (0.9, 0.999)
EPSILON = 1e-6


def adamw(groups: Sequence[dict[str, Any]], lr: float, weight_decay: float, old: bool) -> torch.optim.Optimizer:
    """AdamW over groups of parameters; a group without a rate of its own has ``lr``.

    Args:
        groups: as `torch.optim` takes them.
        lr: learning rate.
        weight_decay: of all parameters.
        old: that of transformers 4.15 (`OldAdamW`), which the published programs use.
    """
    if old:
        return OldAdamW(groups, lr, weight_decay)
    return torch.optim.AdamW(list(groups), lr=lr, betas=BETAS, eps=EPSILON, weight_decay=weight_decay)


class OldAdamW(torch.optim.Optimizer):
    """AdamW of transformers 4.15: epsilon beside the uncorrected root, decay after the update, for all parameters.

    Its epsilon weighs more in the first steps than that of `torch.optim.AdamW`, where the root is corrected first.
    """

    def __init__(self, params: Any, lr: float, weight_decay: float) -> None:
        super().__init__(params, {"lr": lr, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]
        """One update; parameters without a gradient are left alone."""
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is not None:
                    self._update(parameter, parameter.grad, group["lr"], group["weight_decay"])

    def _update(self, parameter: Tensor, gradient: Tensor, lr: float, weight_decay: float) -> None:
        state = self.state[parameter]
        if not state:
            state |= {"step": 0, "mean": torch.zeros_like(parameter), "square": torch.zeros_like(parameter)}
        state["step"] += 1
        first, second = BETAS
        state["mean"].lerp_(gradient, 1 - first)
        state["square"].mul_(second).addcmul_(gradient, gradient, value=1 - second)
        size = lr * math.sqrt(1 - second ** state["step"]) / (1 - first ** state["step"])
        parameter.addcdiv_(state["mean"], state["square"].sqrt().add_(EPSILON), value=-size)
        parameter.mul_(1 - lr * weight_decay)


def multiplier(step: int, warmup: int, total: int, clamp: bool) -> float:
    """Linear warm-up from 0, then half a cosine to 0 at ``total``.

    Args:
        step: optimizer step, from 0; the first one has rate 0.
        warmup: steps of warm-up.
        total: step at which the rate is 0.
        clamp: stay at 0 from there on; the published cosine rises again.
    """
    if step < warmup:
        return step / warmup
    done = (step - warmup) / max(1, total - warmup)
    if clamp and done >= 1:
        return 0.0
    return max(0.0, 0.5 * (1 + math.cos(math.pi * done)))


def schedule_steps(batches: Sequence[int], accumulation: int, recipe: Recipe) -> tuple[int, int]:
    """Steps of warm-up (one epoch) and in all.

    Published: rounded down, although an incomplete group at the end of an epoch makes a step too, so that training runs
    past the end of the schedule. Kit: rounded up, as steps are counted.

    Args:
        batches: of each epoch.
        accumulation: batches per step.
        recipe: which of the two.
    """
    if recipe == "published":
        return batches[0] // accumulation, sum(batches) // accumulation
    steps = [math.ceil(count / accumulation) for count in batches]
    return steps[0], sum(steps)
