"""The building blocks of the visual branch, under the names of the official checkpoints.

How frames read the question is in `cmivqa_kit.neural.context_query`. Letters: B examples, T frames, D width of the
branch. Masks are float, 1 on what is there and 0 on padding. Source: docs/spec/mutualsl.md, section 2.2.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from cmivqa_kit.neural.context_query import MASKED, Pointwise, mask_add

EPSILON = 1e-6  # of every layer norm here


class PositionTable(nn.Module):
    """A learnt vector for each place in a sequence."""

    def __init__(self, length: int, dim: int) -> None:
        super().__init__()
        self.position_embeddings = nn.Embedding(length, dim)

    def forward(self, length: int) -> Tensor:
        """Those of the first ``length`` places, (length, D)."""
        return self.position_embeddings.weight[:length]


class ConvolutionBlock(nn.Module):
    """Depthwise separable convolutions over time, each after a layer norm and with a residual around it."""

    def __init__(self, dim: int, kernel: int, layers: int, dropout: float) -> None:
        super().__init__()
        self.depthwise_separable_conv = nn.ModuleList(
            nn.Sequential(
                nn.Conv1d(dim, dim, kernel, padding=kernel // 2, groups=dim, bias=False), nn.Conv1d(dim, dim, 1)
            )
            for _ in range(layers)
        )
        self.layer_norms = nn.ModuleList(nn.LayerNorm(dim, eps=EPSILON) for _ in range(layers))
        self.drop = nn.Dropout(dropout)

    def forward(self, x: Tensor, inside: Tensor | None = None) -> Tensor:
        """(B, T, D) to (B, T, D); with ``inside`` (B, T), what a convolution reads beyond a video's end is 0."""
        for norm, convolution in zip(self.layer_norms, self.depthwise_separable_conv, strict=True):
            y = norm(x)
            if inside is not None:
                y = y * inside[:, :, None].to(y.dtype)
            x = x + self.drop(functional.relu(convolution(y.transpose(1, 2)).transpose(1, 2)))
        return x


class AttentionBlock(nn.Module):
    """Self-attention over time without an output projection, then one linear layer; a residual around each."""

    def __init__(self, dim: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.heads, self.dropout = heads, dropout
        self.query, self.key, self.value = Pointwise(dim, dim), Pointwise(dim, dim), Pointwise(dim, dim)
        self.layer_norm1, self.layer_norm2 = nn.LayerNorm(dim, eps=EPSILON), nn.LayerNorm(dim, eps=EPSILON)
        self.out_layer = Pointwise(dim, dim)
        self.drop = nn.Dropout(dropout)

    def forward(self, x: Tensor, mask: Tensor | None) -> Tensor:
        """(B, T, D) to (B, T, D); frames where ``mask`` (B, T) is 0 are not attended to."""
        y = self.drop(self.layer_norm1(x))
        q, k, v = (self._split(part(y)) for part in (self.query, self.key, self.value))
        bias = None
        if mask is not None:  # half precision has no -1e30
            bias = ((1 - mask) * max(MASKED, torch.finfo(q.dtype).min))[:, None, None, :].to(q.dtype)
        dropout = self.dropout if self.training else 0.0
        attended = functional.scaled_dot_product_attention(q, k, v, bias, dropout)
        r = x + self.drop(attended.transpose(1, 2).flatten(2))
        joined: Tensor = r + self.drop(self.out_layer(self.drop(self.layer_norm2(r))))
        return joined

    def _split(self, x: Tensor) -> Tensor:
        """(B, T, D) to (B, heads, T, D / heads)."""
        return x.reshape(*x.shape[:2], self.heads, -1).transpose(1, 2)


class FrameEncoder(nn.Module):
    """Position, convolutions, attention over the frames of a video.

    Args:
        dim: D.
        frames: the most frames.
        heads: of the attention.
        layers: convolutions.
        kernel: of a convolution, odd.
        dropout: everywhere.
        zero_padding: convolutions read 0 where the mask is 0, so that padding changes nothing. Published: False, they
            read padded frames as they are, of which the last real ones see up to three per layer.
    """

    def __init__(
        self, dim: int, frames: int, heads: int, layers: int, kernel: int, dropout: float, zero_padding: bool = False
    ) -> None:
        super().__init__()
        self.pos_embedding = PositionTable(frames, dim)
        self.conv_block = ConvolutionBlock(dim, kernel, layers, dropout)
        self.attention_block = AttentionBlock(dim, heads, dropout)
        self.zero_padding = zero_padding

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """(B, T, D) with T up to the most frames, mask (B, T); the same shape. What stands at padding has no sense."""
        x = x + self.pos_embedding(x.shape[1])
        x = self.conv_block(x, mask if self.zero_padding else None)
        encoded: Tensor = self.attention_block(x, mask)
        return encoded


class ConditionedPredictor(nn.Module):
    """Start and end over the frames; what says the end has seen what says the start."""

    def __init__(self, encoder: FrameEncoder, dim: int) -> None:
        super().__init__()
        self.encoder = encoder
        self.start_layer_norm, self.end_layer_norm = nn.LayerNorm(dim, eps=EPSILON), nn.LayerNorm(dim, eps=EPSILON)
        self.start_block = nn.Sequential(Pointwise(2 * dim, dim), nn.ReLU(), Pointwise(dim, 1))
        self.end_block = nn.Sequential(Pointwise(2 * dim, dim), nn.ReLU(), Pointwise(dim, 1))

    def forward(self, x: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """(B, T, D) and mask (B, T) to start and end logits, (B, T) each, about -1e30 on padding."""
        s = self.encoder(x, mask)
        e = self.encoder(s, mask)  # the same weights, position added once more
        start = self.start_block(torch.cat([self.start_layer_norm(s), x], dim=2))[:, :, 0]
        end = self.end_block(torch.cat([self.end_layer_norm(e), x], dim=2))[:, :, 0]
        return mask_add(start, mask), mask_add(end, mask)


def best_pair(start: Tensor, end: Tensor) -> tuple[Tensor, Tensor]:
    """Rows i <= j whose product of start and end probability is largest.

    Args:
        start: logits (B, T).
        end: logits (B, T).

    Returns:
        i and j, (B,) each; the first of equal ones by i, then by j.
    """
    product = torch.softmax(start, dim=1)[:, :, None] * torch.softmax(end, dim=1)[:, None, :]
    flat = torch.triu(product).flatten(1).argmax(dim=1)
    return flat // start.shape[1], flat % start.shape[1]
