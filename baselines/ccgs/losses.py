"""The two losses on span logits. Source: docs/spec/ccgs.md, sections 4.2 and 4.3."""

from __future__ import annotations

import torch
from torch import Tensor

SCALE = 20.0  # the published factor on the logits of the ranking loss


def contrastive_loss(logits: Tensor, row: int, column: int) -> Tensor:
    """Cross-entropy of one right cell against every cell of the positive and of all negative matrices.

    Args:
        logits: (R, N, N); matrix 0 is the positive, the others are negatives. Cells at -inf (padding, a masked lower
            triangle) count as absent.
        row: first line of the right span, in matrix 0.
        column: its last line.

    Returns:
        The scalar ``logsumexp(all cells) - logits[0, row, column]``.
    """
    return torch.logsumexp(logits.float().flatten(), dim=0) - logits[0, row, column].float()


def ranking_iou_loss(positive: Tensor, ious: Tensor, scale: float = SCALE) -> Tensor:
    """log(1 + sum of exp(p_a - p_b) over all pairs of cells with IoU_a < IoU_b), p = ``scale`` * logits.

    The published code computes it at every step, over an n^2 x n^2 matrix, and throws it away; here it is computed only
    where asked for, and by sorting: for each b the sum over a is a prefix of the cells ordered by IoU. Time
    O(n^2 log n), memory O(n^2).

    Args:
        positive: (n, n) finite logits of the right question.
        ious: (n, n) IoU of every cell with the answer.
    """
    # float64: differences of prefixes of scaled logits would lose digits in float32
    p = scale * positive.flatten().double()
    y, order = torch.sort(ious.flatten())
    p = p[order]
    lower = torch.searchsorted(y, y, right=False)  # cells with a strictly smaller IoU
    some = lower > 0
    zero = torch.zeros(1, dtype=p.dtype, device=p.device)
    if not bool(some.any()):
        return (zero.sum() + 0.0 * p.sum()).to(positive.dtype)  # no pair, yet part of the graph
    prefix = torch.logcumsumexp(p, dim=0)
    pairs = prefix[lower[some] - 1] - p[some]
    return torch.logsumexp(torch.cat((zero, pairs)), dim=0).to(positive.dtype)
