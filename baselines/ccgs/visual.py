"""The branch for video features: `cmivqa_kit.neural.context_query`, one score per feature row, and how it is fused.

The text variant of the official baseline keeps these modules untrained; they stay in every checkpoint so that official
tools can load it. Products are taken in the order of the published code: another one moves last digits, and with them
ties. Source: docs/spec/ccgs.md, section 3.5. Letters: B rows, T feature rows, L tokens, F feature size, C = H.
"""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn.functional import pad

from cmivqa_kit.neural import context_query

DROPOUT = 0.1


class Conv1x1(context_query.Pointwise):
    """A linear map per time step, (B, T, in) -> (B, T, out), computed as a convolution."""

    def forward(self, x: Tensor) -> Tensor:
        """(B, T, in) -> (B, T, out)."""
        return cast(Tensor, self.conv1d(x.transpose(1, 2))).transpose(1, 2)


class VideoProjection(context_query.VideoProjection):
    """Features to the size of the branch: (B, T, F) -> (B, T, C)."""

    pointwise = Conv1x1


class CrossAttention(context_query.ContextQueryAttention):
    """Attention of the video over the text and back: by way of an attention of the video over itself, (B, T, T)."""

    pointwise = Conv1x1

    def read_back(self, of_query: Tensor, of_context: Tensor, context: Tensor) -> Tensor:
        """(B, T, L), (B, L, T), (B, T, C) -> (B, T, C)."""
        return (of_query @ of_context) @ context


class WeightedPool(context_query.QueryPool):
    """One vector per row: (B, L, C) -> (B, C)."""

    def mean(self, share: Tensor, query: Tensor) -> Tensor:
        """Mean of the tokens, weighted by their shares (B, L)."""
        return (share[:, :, None] * query).sum(dim=1)


class ConcatenateQuestion(context_query.ContextQueryConcat):
    """The pooled text beside every feature row: (B, T, C) -> (B, T, C)."""

    pointwise, pool = Conv1x1, WeightedPool


class Highlight(context_query.Highlight):
    """A score in (0, 1) per feature row, exactly 0 on padding."""

    pointwise = Conv1x1


class LineFusion(nn.Module):
    """The kit's fusion: what a boundary is given is what was highlighted beside it.

    Boundary k closes line k - 1 and opens line k. The scores of the feature rows are averaged over the seconds of each
    line; a boundary takes the averages of both its lines, each along a direction of its own that is learnt. There is no
    bias, and the directions start at 0: a network that has seen nothing, or learnt nothing of video, is the text one.
    """

    def __init__(self, size: int) -> None:
        super().__init__()
        self.linear = nn.Linear(2, size, bias=False)
        nn.init.zeros_(self.linear.weight)

    def forward(self, scores: Tensor, line_rows: Tensor) -> Tensor:
        """Scores (B, T) and shares of the rows in each line (B, N, T) -> (B, N + 1, H), one vector per boundary."""
        lines = line_rows @ scores[:, :, None]
        closed, opened = pad(lines, (0, 0, 1, 0)), pad(lines, (0, 0, 0, 1))
        return cast(Tensor, self.linear(torch.cat((closed, opened), dim=2)))


def time_over_channels(scores: Tensor, size: int) -> Tensor:
    """The published fusion: the scores (B, T) as vectors (B, 1, H), second t in channel t, the same at all boundaries.

    It means nothing that second 7 of every video moves channel 7, but every official checkpoint was trained with it.
    Channels behind T are left alone, as by the padding to T = H of the published code.
    """
    return pad(scores, (0, size - scores.shape[1]))[:, None, :]
