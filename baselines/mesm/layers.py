"""Blocks of the network: projections, positions, and the layers of the encoders.

Letters: B queries, K keys, Q rows that ask, D channels, H heads. Masks are True on valid positions. The names of the
modules are those of the official checkpoints. Source: docs/spec/mesm.md, section 2.1.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

TEMPERATURE = 10_000.0  # of sine positions


class LinearLayer(nn.Module):
    """Layer norm, dropout, linear map, and ``relu`` if asked."""

    def __init__(self, inputs: int, outputs: int, dropout: float, relu: bool) -> None:
        super().__init__()
        self.LayerNorm = nn.LayerNorm(inputs)
        self.net = nn.Sequential(nn.Dropout(dropout), nn.Linear(inputs, outputs))
        self.relu = relu

    def forward(self, rows: Tensor) -> Tensor:
        """(..., inputs) -> (..., outputs)."""
        rows = self.net(self.LayerNorm(rows))
        return functional.relu(rows) if self.relu else rows


def projection(inputs: int, dim: int, layers: int, dropout: float) -> nn.Sequential:
    """``layers`` linear layers to ``dim`` channels, ReLU after all but the last."""
    widths = [inputs, *[dim] * layers]
    return nn.Sequential(*(LinearLayer(widths[i], widths[i + 1], dropout, relu=i + 1 < layers) for i in range(layers)))


class MLP(nn.Module):
    """Linear maps with ReLU between."""

    def __init__(self, inputs: int, hidden: int, outputs: int, layers: int) -> None:
        super().__init__()
        widths = [inputs, *[hidden] * (layers - 1), outputs]
        self.layers = nn.ModuleList(nn.Linear(widths[i], widths[i + 1]) for i in range(layers))

    def forward(self, rows: Tensor) -> Tensor:
        """(..., inputs) -> (..., outputs)."""
        for layer in self.layers[:-1]:
            rows = functional.relu(layer(rows))
        result: Tensor = self.layers[-1](rows)
        return result


def sine_table(angles: Tensor, dim: int) -> Tensor:
    """(...) angles -> (..., D): even channels are sines, odd ones cosines, of ever slower waves."""
    channels = torch.arange(dim, dtype=torch.float32, device=angles.device)
    waves = angles[..., None] / TEMPERATURE ** (2 * (channels // 2) / dim)
    return torch.stack((waves[..., 0::2].sin(), waves[..., 1::2].cos()), dim=-1).flatten(-2)


def sine_positions(mask: Tensor, dim: int) -> Tensor:
    """(B, L) mask -> (B, L, D): how much of the sequence lies behind; padding keeps what the last position has."""
    count = mask.cumsum(1, dtype=torch.float32)
    return sine_table(count / (count[:, -1:] + 1e-6) * 2 * math.pi, dim)


class TextPositions(nn.Module):
    """Learned positions of words: content and position, normalised (``use_txt_pos``, in no official checkpoint)."""

    def __init__(self, positions: int, dim: int, dropout: float) -> None:
        super().__init__()
        self.position_embeddings = nn.Embedding(positions, dim)
        self.LayerNorm = nn.LayerNorm(dim)
        self.dropout = nn.Dropout(dropout)

    def forward(self, rows: Tensor) -> Tensor:
        """(B, L, D) -> (B, L, D)."""
        table = self.position_embeddings.weight[: rows.shape[1]]
        positions: Tensor = self.dropout(self.LayerNorm(rows + table))
        return positions


def crossed_padding(query_mask: Tensor, key_mask: Tensor, heads: int) -> Tensor:
    """The mis-tiled mask of the published code: head h of query b hides what is padded in another query.

    Where both a row that asks and a key are padding in query (b * H + h) mod B, they are hidden from each other in
    query b. Source: docs/spec/mesm.md, section 7, Q1.

    Args:
        query_mask: (B, Q), or (B, B, Q): for each query, which of its rows the others have too.
        key_mask: (B, K).
        heads: H.

    Returns:
        (B * H, Q, K), True where hidden.
    """
    size = len(key_mask)
    other = torch.arange(size * heads, device=key_mask.device) % size
    own = torch.arange(size, device=key_mask.device).repeat_interleave(heads)
    rows = query_mask[own, other] if query_mask.dim() == 3 else query_mask[other]
    return ~rows[:, :, None] & ~key_mask[other][:, None, :]


class CrossLayer(nn.Module):
    """Rows that ask attend to keys: T2V, after QD-DETR. Its first norm is of the feed-forward branch alone.

    Args:
        dim: D.
        heads: H.
        hidden: width of the feed-forward branch.
        dropout: everywhere.
        branches: 2 gives it a second feed-forward branch, which the masked words go through.
    """

    def __init__(self, dim: int, heads: int, hidden: int, dropout: float, branches: int = 1) -> None:
        super().__init__()
        self.self_attn = nn.MultiheadAttention(dim, heads, dropout=dropout, batch_first=True)
        self.activation = nn.PReLU()
        self.dropout = nn.Dropout(dropout)
        self.suffixes = ("", "_1")[:branches]
        for suffix in self.suffixes:
            self.add_module(f"linear1{suffix}", nn.Linear(dim, hidden))
            self.add_module(f"linear2{suffix}", nn.Linear(hidden, dim))
            self.add_module(f"norm1{suffix}", nn.LayerNorm(dim))
            self.add_module(f"norm2{suffix}", nn.LayerNorm(dim))

    def forward(
        self, rows: Tensor, keys: Tensor, key_mask: Tensor, hidden: Tensor | None = None,
        row_positions: Tensor | None = None, key_positions: Tensor | None = None, branch: int = 0,
    ) -> Tensor:  # fmt: skip
        """(B, Q, D) rows after attending to (B, K, D) keys; ``hidden`` is `crossed_padding`."""
        suffix = self.suffixes[min(branch, len(self.suffixes) - 1)]
        linear1, linear2, norm1, norm2 = (
            self.get_submodule(f"{name}{suffix}") for name in ("linear1", "linear2", "norm1", "norm2")
        )
        query, key = _plus(rows, row_positions), _plus(keys, key_positions)
        attended, _ = self.self_attn(query, key, keys, key_padding_mask=~key_mask, attn_mask=hidden, need_weights=False)
        rows = rows + self.dropout(attended)
        change = linear2(self.dropout(self.activation(linear1(norm1(rows)))))
        result: Tensor = norm2(rows + self.dropout(change))
        return result


class CrossLayers(nn.Module):
    """`CrossLayer` several times over, all with the same keys and positions.

    ``correct`` hides padded keys and nothing else; else the published mask is made too (`crossed_padding`).
    """

    def __init__(
        self, layers: int, dim: int, heads: int, hidden: int, dropout: float, correct: bool, branches: int = 1
    ) -> None:
        super().__init__()
        self.layers = nn.ModuleList(CrossLayer(dim, heads, hidden, dropout, branches) for _ in range(layers))
        self.heads, self.correct = heads, correct

    def forward(
        self, rows: Tensor, row_mask: Tensor, keys: Tensor, key_mask: Tensor,
        row_positions: Tensor | None = None, key_positions: Tensor | None = None, branch: int = 0,
    ) -> Tensor:  # fmt: skip
        """(B, Q, D) -> (B, Q, D); ``row_mask`` is (B, Q), or as in `crossed_padding`."""
        hidden = None if self.correct else crossed_padding(row_mask, key_mask, self.heads)
        for layer in self.layers:
            rows = layer(rows, keys, key_mask, hidden, row_positions, key_positions, branch)
        return rows


class CrossEncoder(nn.Module):
    """`CrossLayers` under the name that official checkpoints give them."""

    def __init__(self, layers: CrossLayers) -> None:
        super().__init__()
        self.t2v_encoder = layers

    def forward(self, *rows: Tensor | None, branch: int = 0) -> Tensor:
        """As `CrossLayers`."""
        result: Tensor = self.t2v_encoder(*rows, branch=branch)
        return result


class EncoderLayer(nn.Module):
    """A layer of DETR's encoder: rows attend to each other, then feed-forward, each with a norm behind."""

    def __init__(self, dim: int, heads: int, hidden: int, dropout: float) -> None:
        super().__init__()
        self.self_attn = nn.MultiheadAttention(dim, heads, dropout=dropout, batch_first=True)
        self.linear1, self.linear2 = nn.Linear(dim, hidden), nn.Linear(hidden, dim)
        self.norm1, self.norm2 = nn.LayerNorm(dim), nn.LayerNorm(dim)
        self.activation = nn.PReLU()
        self.dropout = nn.Dropout(dropout)

    def forward(self, rows: Tensor, mask: Tensor, positions: Tensor) -> Tensor:
        """(B, L, D) -> (B, L, D); rows outside ``mask`` are seen by none."""
        query = rows + positions
        attended, _ = self.self_attn(query, query, rows, key_padding_mask=~mask, need_weights=False)
        rows = self.norm1(rows + self.dropout(attended))
        change = self.linear2(self.dropout(self.activation(self.linear1(rows))))
        result: Tensor = self.norm2(rows + self.dropout(change))
        return result


def _plus(rows: Tensor, positions: Tensor | None) -> Tensor:
    return rows if positions is None else rows + positions
