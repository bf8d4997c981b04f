"""The best cells of span matrices, where the matrices are: on the GPU no matrix ever leaves it.

Ties go by (-score, row, column): the same scores give the same cells on every device.
"""

from __future__ import annotations

import torch
from torch import Tensor

from cmivqa_kit.prediction.pairs.ranking import NONE

_LOW = 0xFFFFFFFF


def best_cells(logits: Tensor, count: int, ordered_spans: bool) -> tuple[Tensor, Tensor, Tensor]:
    """The ``count`` best cells of each matrix.

    Args:
        logits: (B, N, N) float32, -inf in cells that do not count.
        count: how many at most.
        ordered_spans: leave out cells with column < row.

    Returns:
        Scores (B, C) float32, best first; cells (B, C) int64, row * N + column, `NONE` where there are no more; and
        (B,) bool, True where a matrix holds NaN or +inf.
    """
    size = logits.shape[1]
    unsound = ~(logits.flatten(1).amax(dim=1) < torch.inf)  # NaN is larger than any number
    if ordered_spans:
        beyond = torch.ones(size, size, dtype=torch.bool, device=logits.device).tril_(-1)
        logits = logits.masked_fill(beyond, -torch.inf)
    flat = logits.flatten(1)
    # One integer per cell: its score above, and below what is larger for an earlier cell. No two are equal.
    earlier = torch.arange(_LOW, _LOW - flat.shape[1], -1, device=flat.device)
    keys = _order_key(flat).bitwise_left_shift_(32).bitwise_or_(earlier)
    best = torch.topk(keys, min(count, flat.shape[1]), dim=1).indices
    scores = flat.gather(1, best)
    return scores, torch.where(scores > -torch.inf, best, NONE), unsound


def _order_key(values: Tensor) -> Tensor:
    """int64 numbers in the order of float32 ``values``; 0.0 and -0.0 are one.

    In place where it can be: on a CPU most of the time would go into new memory.
    """
    bits = (values + 0.0).contiguous().view(torch.int32)
    negative = (bits >> 31).bitwise_and_(0x7FFFFFFF)  # their bits but the sign turn round
    return bits.bitwise_xor_(negative).to(torch.int64)
