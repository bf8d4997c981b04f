"""The branch for video features: question-aware attention over time, one score per feature row.

The text variant of the official baseline keeps these modules untrained; they stay in every checkpoint so that official
tools can load it. Source: docs/spec/ccgs.md, section 3.5. Letters: B rows, T feature rows, L tokens, F feature size, C
= H.
"""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn.functional import pad

FAR = -1e30  # added to the scores of padding; the published constant
DROPOUT = 0.1


class Conv1x1(nn.Module):
    """A linear map per time step, (B, T, in) -> (B, T, out), kept as a convolution because checkpoints have one."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.conv1d = nn.Conv1d(inputs, outputs, kernel_size=1)

    def forward(self, x: Tensor) -> Tensor:
        """(B, T, in) -> (B, T, out)."""
        return cast(Tensor, self.conv1d(x.transpose(1, 2))).transpose(1, 2)


class VideoProjection(nn.Module):
    """Features to the size of the branch: (B, T, F) -> (B, T, C)."""

    def __init__(self, visual_dim: int, dim: int) -> None:
        super().__init__()
        self.drop = nn.Dropout(DROPOUT)
        self.linear = Conv1x1(visual_dim, dim)

    def forward(self, vfeats: Tensor) -> Tensor:
        """(B, T, F) -> (B, T, C)."""
        return cast(Tensor, self.linear(self.drop(vfeats)))


class CrossAttention(nn.Module):
    """Attention of the video over the text and back, with a trilinear score."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.w4C = nn.Parameter(torch.empty(dim, 1))
        self.w4Q = nn.Parameter(torch.empty(dim, 1))
        self.w4mlu = nn.Parameter(torch.empty(1, 1, dim))
        for weight in (self.w4C, self.w4Q, self.w4mlu):
            nn.init.xavier_uniform_(weight)
        self.drop = nn.Dropout(DROPOUT)
        self.cqa_linear = Conv1x1(4 * dim, dim)

    def forward(self, video: Tensor, text: Tensor, video_mask: Tensor, text_mask: Tensor) -> Tensor:
        """(B, T, C), (B, L, C) and their masks -> (B, T, C)."""
        c, h = self.drop(video), self.drop(text)
        score = c @ self.w4C + (h @ self.w4Q).transpose(1, 2) + (c * self.w4mlu) @ h.transpose(1, 2)  # (B, T, L)
        over_text = torch.softmax(score + far(text_mask)[:, None, :], dim=2)
        over_time = torch.softmax(score + far(video_mask)[:, :, None], dim=1)
        to_text = over_text @ text
        to_video = (over_text @ over_time.transpose(1, 2)) @ video
        return cast(Tensor, self.cqa_linear(torch.cat((video, to_text, video * to_text, video * to_video), dim=2)))


class WeightedPool(nn.Module):
    """One vector per row: (B, L, C) -> (B, C)."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(dim, 1))
        nn.init.xavier_uniform_(self.weight)

    def forward(self, text: Tensor, text_mask: Tensor) -> Tensor:
        """Mean of the tokens, weighted by a softmax over them."""
        share = torch.softmax((text @ self.weight).squeeze(2) + far(text_mask), dim=1)
        return (share[:, :, None] * text).sum(dim=1)


class ConcatenateQuestion(nn.Module):
    """The pooled text beside every feature row: (B, T, C) -> (B, T, C)."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.weighted_pool = WeightedPool(dim)
        self.conv1d = Conv1x1(2 * dim, dim)

    def forward(self, video: Tensor, text: Tensor, text_mask: Tensor) -> Tensor:
        """(B, T, C), (B, L, C), (B, L) -> (B, T, C)."""
        pooled = self.weighted_pool(text, text_mask)[:, None, :].expand(-1, video.shape[1], -1)
        return cast(Tensor, self.conv1d(torch.cat((video, pooled), dim=2)))


class Highlight(nn.Module):
    """A score in (0, 1) per feature row, exactly 0 on padding."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.conv1d = Conv1x1(dim, 1)

    def forward(self, video: Tensor, video_mask: Tensor) -> Tensor:
        """(B, T, C), (B, T) -> (B, T)."""
        return torch.sigmoid(self.conv1d(video).squeeze(2) + far(video_mask))


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


def far(mask: Tensor) -> Tensor:
    """0 where the mask is 1, -1e30 where it is 0."""
    return (1 - mask.float()) * FAR
