"""Which slot answers for which window of the truth, and the overlaps that decide it.

Letters: B queries, S slots, N windows of the truth. Source: docs/spec/mesm.md, section 3.1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from scipy.optimize import linear_sum_assignment
from torch import Tensor

from baselines.mesm.model import FOREGROUND, Heads


@dataclass(frozen=True, slots=True)
class Costs:
    """Weights of what a matching costs: distance of centre and width, overlap, probability of the foreground."""

    span: float = 10.0
    giou: float = 1.0
    label: float = 4.0


class Matching(NamedTuple):
    """Pairs of slots and windows, (P,) each: number of the query, of its slot, and of its window."""

    queries: Tensor
    slots: Tensor
    windows: Tensor

    def pairs(self, query: int) -> tuple[list[int], list[int]]:
        """Slots and windows of a query."""
        own = self.queries == query
        return self.slots[own].tolist(), self.windows[own].tolist()


def edges(windows: Tensor) -> Tensor:
    """(..., 2) centre and width -> start and end."""
    centre, width = windows.unbind(-1)
    return torch.stack((centre - width / 2, centre + width / 2), dim=-1)


def centres(windows: Tensor) -> Tensor:
    """(..., 2) start and end -> centre and width."""
    start, end = windows.unbind(-1)
    return torch.stack(((start + end) / 2, end - start), dim=-1)


def generalized_iou(first: Tensor, second: Tensor) -> Tensor:
    """Overlap of windows, start and end, (..., 2) each and broadcast: IoU less the share of the hull that is neither.

    Windows of no length at the same time have 0.
    """
    inner = (torch.minimum(first[..., 1], second[..., 1]) - torch.maximum(first[..., 0], second[..., 0])).clamp(min=0)
    union = (first[..., 1] - first[..., 0]) + (second[..., 1] - second[..., 0]) - inner
    hull = torch.maximum(first[..., 1], second[..., 1]) - torch.minimum(first[..., 0], second[..., 0])
    iou, rest = (_divided(inner, union), _divided(hull - union, hull))
    return iou - rest


def _divided(part: Tensor, whole: Tensor) -> Tensor:
    return torch.where(whole > 0, part / torch.where(whole > 0, whole, 1), 0)


@torch.no_grad()
def match(heads: Heads, truth: Sequence[Tensor], costs: Costs) -> Matching:
    """The cheapest pairs: each window of the truth, as far as there are slots, has a slot of its own.

    Args:
        heads: of one layer.
        truth: for each query (N, 2), start and end in shares of the video.
        costs: their weights.
    """
    probability = heads.logits.float().softmax(-1)[..., FOREGROUND]
    windows = heads.windows.float()
    if all(len(own) == 1 for own in truth):
        slots = _cost(probability, windows, torch.stack([own[0] for own in truth])[:, None], costs)[..., 0].argmin(1)
        numbers = torch.arange(len(truth), device=slots.device)
        return Matching(numbers, slots, torch.zeros_like(slots))
    assigned: list[tuple[int, int, int]] = []
    for number, own in enumerate(truth):
        table = _cost(probability[number], windows[number], own, costs)
        assigned += [(number, int(slot), int(window)) for slot, window in zip(*_assigned(table), strict=True)]
    table = torch.tensor(assigned, dtype=torch.long, device=windows.device).reshape(-1, 3)
    return Matching(table[:, 0], table[:, 1], table[:, 2])


def _assigned(table: Tensor) -> tuple[Sequence[int], Sequence[int]]:
    rows, columns = linear_sum_assignment(table.cpu().numpy())
    return list(rows), list(columns)


def _cost(probability: Tensor, windows: Tensor, truth: Tensor, costs: Costs) -> Tensor:
    """(..., S) probabilities, (..., S, 2) windows and (..., N, 2) truth -> (..., S, N)."""
    mine, wanted = windows[..., :, None, :], truth[..., None, :, :].to(windows)
    distance = (mine - centres(wanted)).abs().sum(-1)
    overlap = generalized_iou(edges(mine), wanted)
    return costs.span * distance - costs.giou * overlap - costs.label * probability[..., None]
