"""The losses of NRCCR and MLCMR on unit rows (N, C) of texts and videos.

Source: docs/spec/nrccr.md, section 3.1 and appendix A.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

TEMPERATURE = 0.07  # of all softmaxes over similarities
FEATURE_BETA = 4.0  # of the smooth L1: differences of unit rows are below it, so that it is a square
DIRECTIONS = ("all", "t2v", "v2t")


def triplet(
    texts: Tensor, videos: Tensor, margin: float = 0.2, max_violation: bool = True, cost_style: str = "sum",
    direction: str = "all", same: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """How far wrong pairs come closer than ``margin`` to the right ones, in both directions.

    Args:
        texts: (N, C).
        videos: (N, C), row i of what belongs to text i.
        margin: by which a right pair should be better.
        max_violation: the hardest wrong partner of each alone, else all of them.
        cost_style: "sum" or "mean" over what is left.
        direction: "v2t" has captions for negatives, "t2v" videos; or "all".
        same: (N, N) pairs beside the diagonal that are not wrong either.
    """
    scores = videos @ texts.T
    right = scores.diagonal()
    skipped = torch.eye(len(scores), dtype=torch.bool, device=scores.device)
    skipped = skipped if same is None else skipped | same
    captions = (margin + scores - right[:, None]).clamp(min=0).masked_fill(skipped, 0)
    others = (margin + scores - right[None, :]).clamp(min=0).masked_fill(skipped, 0)
    if max_violation:
        captions, others = captions.amax(dim=1), others.amax(dim=0)
    costs = {"v2t": (captions,), "t2v": (others,), "all": (captions, others)}[direction]
    return torch.stack([cost.sum() if cost_style == "sum" else cost.mean() for cost in costs]).sum()


def similarity_distillation(videos: Tensor, cross: Tensor, translation: Tensor) -> Tensor:
    """The translation learns the cross view's similarities to the videos; the videos learn with it, as published."""
    cross = cross.detach()
    forth = _cross_entropy(videos @ cross.T, videos @ translation.T)
    return (forth + _cross_entropy(cross @ videos.T, translation @ videos.T)) / 2


def _cross_entropy(teacher: Tensor, student: Tensor) -> Tensor:
    """The mean over rows of the cross-entropy of two softmaxes."""
    wanted = torch.softmax(teacher / TEMPERATURE, dim=1)
    return -(wanted * torch.log_softmax(student / TEMPERATURE, dim=1)).sum(dim=1).mean()


def feature_distillation(translation: Tensor, cross: Tensor) -> Tensor:
    """How far the translation is from the cross view; both move."""
    return nn.functional.smooth_l1_loss(translation, cross, beta=FEATURE_BETA)


def info_nce(a: Tensor, b: Tensor, same: Tensor | None = None) -> Tensor:
    """I(a, b): each row of ``b`` finds its own row of ``a`` among all; summed over the batch.

    Args:
        a: (N, C).
        b: (N, C).
        same: (N, N) pairs beside the diagonal that are not wrong either: they are left out.
    """
    scores, numbers = b @ a.T / TEMPERATURE, torch.arange(len(a), device=a.device)
    if same is not None:
        scores = scores.masked_fill(same & (numbers[:, None] != numbers), -torch.inf)
    return nn.functional.cross_entropy(scores, numbers, reduction="sum")
