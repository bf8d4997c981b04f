"""Frames of a video that read a question: the branch that CCGS and MutualSL share, under the names of its checkpoints.

Attention of frames and question over each other, the whole question beside every frame, and how likely each frame
belongs to the answer. What a system computes in an order of its own, because its last digits come from that, it says in
a class of its own. Letters: B examples, T frames, Q question tokens, D width of the branch, V width of a feature row.
Masks are 1 on what is there and 0 on padding. Source: docs/spec/mutualsl.md, section 2.2, and ccgs.md, section 3.5.
"""

from __future__ import annotations

from typing import ClassVar, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

MASKED = -1e30  # added to the scores of padding; the published constant


def mask_add(scores: Tensor, mask: Tensor) -> Tensor:
    """Scores as they are where ``mask`` is 1, about -1e30 where it is 0."""
    return scores + (1 - mask.float()) * MASKED


class Pointwise(nn.Module):
    """A linear map of the last axis, stored as a convolution of kernel 1 because checkpoints have one."""

    def __init__(self, size: int, out: int) -> None:
        super().__init__()
        self.conv1d = nn.Conv1d(size, out, 1)

    def forward(self, x: Tensor) -> Tensor:
        """(..., size) to (..., out)."""
        return functional.linear(x, self.conv1d.weight[:, :, 0], self.conv1d.bias)


class VideoProjection(nn.Module):
    """Features (B, T, V) to the width of the branch (B, T, D)."""

    pointwise: ClassVar[type[Pointwise]] = Pointwise

    def __init__(self, visual_dim: int, dim: int, dropout: float) -> None:
        super().__init__()
        self.drop = nn.Dropout(dropout)
        self.linear = self.pointwise(visual_dim, dim)

    def forward(self, features: Tensor) -> Tensor:
        """(B, T, V) to (B, T, D)."""
        return cast(Tensor, self.linear(self.drop(features)))


class ContextQueryAttention(nn.Module):
    """Frames and question read each other, with a trilinear score."""

    pointwise: ClassVar[type[Pointwise]] = Pointwise

    def __init__(self, dim: int, dropout: float) -> None:
        super().__init__()
        self.w4C = nn.Parameter(torch.empty(dim, 1))
        self.w4Q = nn.Parameter(torch.empty(dim, 1))
        self.w4mlu = nn.Parameter(torch.empty(1, 1, dim))
        for weight in (self.w4C, self.w4Q, self.w4mlu):
            nn.init.xavier_uniform_(weight)
        self.drop = nn.Dropout(dropout)
        self.cqa_linear = self.pointwise(4 * dim, dim)

    def forward(self, context: Tensor, query: Tensor, context_mask: Tensor, query_mask: Tensor) -> Tensor:
        """Context (B, T, D), query (B, Q, D) and their masks to (B, T, D)."""
        c, q = self.drop(context), self.drop(query)
        scores = c @ self.w4C + (q @ self.w4Q).transpose(1, 2) + (c * self.w4mlu) @ q.transpose(1, 2)  # (B, T, Q)
        of_query = torch.softmax(mask_add(scores, query_mask[:, None, :]), dim=2)
        of_context = torch.softmax(mask_add(scores, context_mask[:, :, None]), dim=1)
        c2q = of_query @ query
        q2c = self.read_back(of_query, of_context.transpose(1, 2), context)
        return cast(Tensor, self.cqa_linear(torch.cat([context, c2q, context * c2q, context * q2c], dim=2)))

    def read_back(self, of_query: Tensor, of_context: Tensor, context: Tensor) -> Tensor:
        """What each frame reads of the frames by way of the question: (B, T, Q), (B, Q, T), (B, T, D) to (B, T, D)."""
        return of_query @ (of_context @ context)


class QueryPool(nn.Module):
    """A weighted mean of the question's tokens."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(dim, 1))
        nn.init.xavier_uniform_(self.weight)

    def forward(self, query: Tensor, mask: Tensor) -> Tensor:
        """(B, Q, D) and mask (B, Q) to (B, D)."""
        return self.mean(torch.softmax(mask_add((query @ self.weight)[:, :, 0], mask), dim=1), query)

    def mean(self, share: Tensor, query: Tensor) -> Tensor:
        """The sum of the tokens (B, Q, D), each times its share (B, Q)."""
        return (share[:, None, :].to(query.dtype) @ query)[:, 0]


class ContextQueryConcat(nn.Module):
    """The whole question beside every frame."""

    pointwise: ClassVar[type[Pointwise]] = Pointwise
    pool: ClassVar[type[QueryPool]] = QueryPool

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.weighted_pool = self.pool(dim)
        self.conv1d = self.pointwise(2 * dim, dim)

    def forward(self, context: Tensor, query: Tensor, query_mask: Tensor) -> Tensor:
        """(B, T, D), (B, Q, D) and mask (B, Q) to (B, T, D)."""
        pooled = self.weighted_pool(query, query_mask)[:, None, :].expand(-1, context.shape[1], -1)
        return cast(Tensor, self.conv1d(torch.cat([context, pooled], dim=2)))


class Highlight(nn.Module):
    """How likely each frame belongs to the answer or lies near it."""

    pointwise: ClassVar[type[Pointwise]] = Pointwise

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.conv1d = self.pointwise(dim, 1)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """(B, T, D) and mask (B, T) to (B, T), exactly 0 on padding."""
        return torch.sigmoid(mask_add(self.conv1d(x)[:, :, 0], mask))
