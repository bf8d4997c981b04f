"""The kit's own attention for DeBERTa-v2; `cmivqa_kit.neural.deberta` says what it saves and puts it in place.

Letters: B rows, L tokens, H heads, D size of a head, S half the rows of a table of positions.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention
from transformers.models.deberta_v2.modeling_deberta_v2 import make_log_bucket_position

GROWTH = 128  # the index grows by so many tokens, so that few lengths make it anew
CELLS = 2**22  # biases of one step on a CPU, 16 MiB: larger tensors leave its caches, and their pages are new


class Positions:
    """Which row of a table of positions stands for the distance of two tokens; one object for all layers."""

    def __init__(self, attention: Any) -> None:
        self.relative: bool = attention.relative_attention
        self.device: torch.device = attention.query_proj.weight.device
        self.half: int = attention.pos_ebd_size if self.relative else 0  # S
        self.buckets: int = attention.position_buckets if self.relative else 0
        self.most: int = attention.max_relative_positions if self.relative else 0
        self._index = torch.zeros((0, 0), dtype=torch.long)
        self._rows: list[int] = []
        self._last: tuple[int, tuple[Tensor, int, int]] | None = None

    def at(self, length: int) -> tuple[Tensor, int, int]:
        """Index (L, L) and the rows ``first`` to ``stop`` it refers to: cell (i, j) is the row for i - j, from first.

        Kept for the longest length so far and for the last one asked for. While torch compiles, nothing is kept.
        """
        if torch.compiler.is_compiling():
            return _distances(self._by_distance(length), length), 0, 2 * self.half
        if self._last is None or self._last[0] != length:
            self._last = length, self._cut(length)
        return self._last[1]

    def _cut(self, length: int) -> tuple[Tensor, int, int]:
        if length > len(self._index):
            longest = -(-length // GROWTH) * GROWTH
            rows = self._by_distance(longest)
            self._index, self._rows = _distances(rows, longest), rows.tolist()
        middle = len(self._index) - 1  # where distance 0 is
        first, stop = self._rows[middle - length + 1], self._rows[middle + length - 1] + 1
        index = self._index[:length, :length]
        return (index - first if first else index), first, stop

    def _by_distance(self, length: int) -> Tensor:
        """(2L - 1,) int64: the row for the distances -(L - 1) to L - 1; it never falls."""
        distance = torch.arange(1 - length, length, device=self.device)
        if self.buckets > 0 and self.most > 0:
            distance = make_log_bucket_position(distance, self.buckets, self.most).to(torch.long)
        return (distance + self.half).clamp(0, 2 * self.half - 1)


class CachedAttention:
    """`forward` of one `DisentangledSelfAttention` with its tables of positions projected once.

    Args:
        attention: the layer.
        table: embeddings of relative positions as the layer gets them, (2S, hidden) or more rows; ``None`` without.
        positions: of the encoder.
    """

    def __init__(self, attention: Any, table: Tensor | None, positions: Positions) -> None:
        self.attention, self.positions = attention, positions
        self.original = attention.forward
        self.heads: int = attention.num_attention_heads
        self.scale = 1 / math.sqrt(
            attention.attention_head_size * (1 + len({"c2p", "p2c"} & {*attention.pos_att_type}))
        )
        shared = attention.share_att_key
        self.pos_key = self._projected("c2p", "key_proj" if shared else "pos_key_proj", table)
        self.pos_query = self._projected("p2c", "query_proj" if shared else "pos_query_proj", table)

    def forward(
        self,
        hidden_states: Tensor,
        attention_mask: Tensor,
        output_attentions: bool = False,
        query_states: Tensor | None = None,
        relative_pos: Tensor | None = None,
        rel_embeddings: Tensor | None = None,
    ) -> tuple[Tensor, Tensor | None]:
        """As `DisentangledSelfAttention.forward`: (B, L, hidden) of the layer's input, and ``None``."""
        special = output_attentions or query_states is not None or relative_pos is not None
        if special or not at_inference(self.attention):
            output: tuple[Tensor, Tensor | None] = self.original(
                hidden_states, attention_mask, output_attentions, query_states, relative_pos, rel_embeddings
            )
            return output
        query = self._by_head(self.attention.query_proj(hidden_states))
        key = self._by_head(self.attention.key_proj(hidden_states))
        value = self._by_head(self.attention.value_proj(hidden_states))
        batch, _, length, _ = query.shape
        mask = attention_mask.bool().expand(batch, -1, -1, -1)
        step = batch
        if query.device.type == "cpu" and not torch.compiler.is_compiling():
            step = max(1, CELLS // (self.heads * length * length))
        if step >= batch:
            context = self._attend(query, key, value, mask)
        else:
            parts = zip(*(torch.split(whole, step) for whole in (query, key, value, mask)), strict=True)
            context = torch.cat([self._attend(*part) for part in parts])
        return context.transpose(1, 2).reshape(batch, length, -1), None

    def _attend(self, query: Tensor, key: Tensor, value: Tensor, mask: Tensor) -> Tensor:
        """(B, H, L, D) of queries, keys and values (B, H, L, D) and a mask (B, 1, L or 1, L), True on real keys."""
        bias = self._bias(query, key)
        # The lowest number and not -inf: a row without any token must not give NaN.
        lowest = torch.finfo(query.dtype).min
        if bias is None:
            bias = torch.zeros_like(mask, dtype=query.dtype).masked_fill_(~mask, lowest)
            bias = bias.expand(-1, -1, query.shape[2], -1)
        else:
            bias.masked_fill_(~mask, lowest)
        return scaled_dot_product_attention(query, key, value, attn_mask=bias, scale=self.scale)

    def _bias(self, query: Tensor, key: Tensor) -> Tensor | None:
        """(B, H, L, L), what the positions add to the scaled product of query i and key j; ``None`` without positions.

        Both terms look the distance i - j up: content i against the position's key, content j against its query.
        """
        if self.pos_key is None and self.pos_query is None:
            return None
        batch, _, length, _ = query.shape
        index, first, stop = self.positions.at(length)
        everywhere = index.expand(batch, self.heads, length, length)  # a view
        bias = None
        if self.pos_query is not None:
            by_row = self.pos_query[:, first:stop].to(key.dtype) @ key.transpose(-1, -2)
            bias = by_row.gather(-2, everywhere)  # along the rows: nothing has to be transposed
        if self.pos_key is not None:
            by_column = query @ self.pos_key[:, first:stop].to(query.dtype).transpose(-1, -2)
            term = by_column.gather(-1, everywhere)
            bias = term if bias is None else bias.add_(term)
        return bias

    def _by_head(self, projected: Tensor) -> Tensor:
        batch, length, _ = projected.shape
        return projected.view(batch, length, self.heads, -1).transpose(1, 2)

    def _projected(self, kind: str, projection: str, table: Tensor | None) -> Tensor | None:
        """(H, 2S, D), divided by the scale; ``None`` where the attention has no such term."""
        if table is None or kind not in self.attention.pos_att_type:
            return None
        module: nn.Module = getattr(self.attention, projection)
        with torch.no_grad(), torch.autocast(table.device.type, enabled=False):
            rows: Tensor = module(table[: 2 * self.positions.half])
            return (rows.view(len(rows), self.heads, -1).transpose(0, 1) * self.scale).contiguous()


class Masks:
    """What the encoder prepares for all layers: the mask without its copy per query, no index of positions."""

    def __init__(self, encoder: Any) -> None:
        self.encoder = encoder
        self.mask, self.rel_pos = encoder.get_attention_mask, encoder.get_rel_pos

    def get_attention_mask(self, attention_mask: Tensor) -> Tensor:
        """(B, L) to (B, 1, 1, L); masks of other shapes as the encoder does it."""
        if attention_mask.dim() == 2 and at_inference(self.encoder):
            return attention_mask[:, None, None, :]
        made: Tensor = self.mask(attention_mask)
        return made

    def get_rel_pos(
        self, hidden_states: Tensor, query_states: Tensor | None = None, relative_pos: Tensor | None = None
    ) -> Tensor | None:
        """``None``, so that each layer finds its own, unless someone gave positions."""
        if relative_pos is None and query_states is None and at_inference(self.encoder):
            return None
        given: Tensor | None = self.rel_pos(hidden_states, query_states, relative_pos)
        return given


def at_inference(module: nn.Module) -> bool:
    """True where a module is in evaluation mode and no gradients are wanted."""
    return not module.training and not torch.is_grad_enabled()


def _distances(rows: Tensor, length: int) -> Tensor:
    """From (2L - 1,) by distance to (L, L): cell (i, j) is the entry for i - j."""
    position = torch.arange(length, device=rows.device)
    return rows[position[:, None] - position[None, :] + length - 1]
