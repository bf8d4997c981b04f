"""The detection transformer behind the encoders: an encoder over clips, and a decoder whose slots move windows.

DAB-DETR with one dimension: every slot has a reference window (centre, width) that each layer corrects. Letters: B
queries, L clips, S slots, D channels, H heads. The names of the modules are those of the official checkpoints. Source:
docs/spec/mesm.md, section 2.3, steps 5 and 6.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from baselines.mesm.layers import MLP, EncoderLayer, sine_table

EDGE = 1e-3  # by which a share is kept from 0 and 1 before its logit is taken


class Memory(NamedTuple):
    """What the encoder makes of the clips: (B, L, D), and of the whole video: (B, D)."""

    clips: Tensor
    video: Tensor


class Slots(NamedTuple):
    """What the decoder makes of the slots.

    Attributes:
        states: (layers, B, S, D).
        references: (layers, B, S, 2), centre and width in (0, 1) as each layer was given them.
    """

    states: Tensor
    references: Tensor


def logit(shares: Tensor) -> Tensor:
    """The inverse of the sigmoid, of values in [0, 1]."""
    shares = shares.clamp(0, 1)
    return torch.log(shares.clamp(min=EDGE) / (1 - shares).clamp(min=EDGE))


def sine_windows(windows: Tensor, dim: int) -> Tensor:
    """(..., 2) centres and widths -> (..., D): the first half of the channels is about the centre."""
    return sine_table(windows * 2 * math.pi, dim // 2).flatten(-2)


class OutputProjection(nn.Module):
    """What is left of an attention module whose inputs are projected outside it."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.out_proj = nn.Linear(dim, dim)


class DecoderLayer(nn.Module):
    """Slots attend to each other, then to the clips: once by content, once by the place of their windows.

    Only the ``first`` layer adds the projected position to the query's content as well.
    """

    def __init__(self, dim: int, heads: int, hidden: int, dropout: float, first: bool) -> None:
        super().__init__()
        self.heads, self.first, self.rate = heads, first, dropout
        for name in ("qcontent", "qpos", "kcontent", "kpos", "v"):
            self.add_module(f"sa_{name}_proj", nn.Linear(dim, dim))
        self.self_attn = OutputProjection(dim)
        for name in ("qcontent", "qpos", "kcontent", "kpos", "v", "qpos_sine"):
            if first or name != "qpos":
                self.add_module(f"ca_{name}_proj", nn.Linear(dim, dim))
        self.cross_attn = OutputProjection(dim)
        self.linear1, self.linear2 = nn.Linear(dim, hidden), nn.Linear(hidden, dim)
        self.norm1, self.norm2, self.norm3 = nn.LayerNorm(dim), nn.LayerNorm(dim), nn.LayerNorm(dim)
        self.activation = nn.PReLU()
        self.dropout = nn.Dropout(dropout)

    def forward(
        self, slots: Tensor, positions: Tensor, sines: Tensor, clips: Tensor, mask: Tensor, clip_positions: Tensor
    ) -> Tensor:
        """(B, S, D) slots -> (B, S, D).

        Args:
            slots: their content.
            positions: (B, S, D), of their windows, learned.
            sines: (B, S, D), of their windows, `sine_windows` scaled.
            clips: (B, L, D).
            mask: (B, L), True on valid clips.
            clip_positions: (B, L, D).
        """
        query = self._map("sa_qcontent", slots) + self._map("sa_qpos", positions)
        key = self._map("sa_kcontent", slots) + self._map("sa_kpos", positions)
        attended = self._attend(self._split(query), self._split(key), self._split(self._map("sa_v", slots)), None)
        slots = self.norm1(slots + self.dropout(self.self_attn.out_proj(attended)))

        query, key = self._map("ca_qcontent", slots), self._map("ca_kcontent", clips)
        places = self._map("ca_kpos", clip_positions)
        if self.first:
            query, key = query + self._map("ca_qpos", positions), key + places
        queries = torch.cat((self._split(query), self._split(self._map("ca_qpos_sine", sines))), dim=-1)
        keys = torch.cat((self._split(key), self._split(places)), dim=-1)
        attended = self._attend(queries, keys, self._split(self._map("ca_v", clips)), mask[:, None, None, :])
        slots = self.norm2(slots + self.dropout(self.cross_attn.out_proj(attended)))

        change = self.linear2(self.dropout(self.activation(self.linear1(slots))))
        result: Tensor = self.norm3(slots + self.dropout(change))
        return result

    def _map(self, name: str, rows: Tensor) -> Tensor:
        mapped: Tensor = self.get_submodule(f"{name}_proj")(rows)
        return mapped

    def _split(self, rows: Tensor) -> Tensor:
        """(B, N, D) -> (B, H, N, D / H)."""
        return rows.reshape(*rows.shape[:2], self.heads, -1).transpose(1, 2)

    def _attend(self, query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None) -> Tensor:
        """Attention by heads, (B, N, D); keys may be wider than values."""
        scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])
        if mask is not None:
            scores = scores.masked_fill(~mask, -torch.inf)
        weights = functional.dropout(scores.softmax(-1), self.rate, self.training)
        return (weights @ value).transpose(1, 2).flatten(-2)


class Decoder(nn.Module):
    """The layers, and what moves the windows between them."""

    def __init__(self, layers: int, dim: int, heads: int, hidden: int, dropout: float) -> None:
        super().__init__()
        self.layers = nn.ModuleList(DecoderLayer(dim, heads, hidden, dropout, i == 0) for i in range(layers))
        self.norm = nn.LayerNorm(dim)
        self.query_scale = MLP(dim, dim, dim, 2)
        self.ref_point_head = MLP(dim, dim, dim, 2)
        self.bbox_embed = MLP(dim, dim, 2, 3)
        self.ref_anchor_head = MLP(dim, dim, 1, 2)
        self.dim = dim

    def forward(self, windows: Tensor, clips: Tensor, mask: Tensor, clip_positions: Tensor) -> Slots:
        """Slots that begin at ``windows``, (S, 2) before the sigmoid."""
        references = windows.sigmoid().expand(len(clips), -1, -1)
        slots = clips.new_zeros((*references.shape[:2], self.dim))
        states: list[Tensor] = []
        seen: list[Tensor] = []
        for number, layer in enumerate(self.layers):
            seen.append(references)
            if number:  # the heads teach what moved the windows, this layer does not
                references = references.detach()
            sines = sine_windows(references, self.dim)
            positions = self.ref_point_head(sines)
            if number:
                sines = sines * self.query_scale(slots)
            sines = sines * (self.ref_anchor_head(slots).sigmoid() / references[..., 1:])
            slots = layer(slots, positions, sines, clips, mask, clip_positions)
            references = (self.bbox_embed(slots) + logit(references)).sigmoid()
            states.append(self.norm(slots))
        return Slots(torch.stack(states), torch.stack(seen))


class Encoder(nn.Module):
    """The layers of DETR's encoder; no norm behind."""

    def __init__(self, layers: int, dim: int, heads: int, hidden: int, dropout: float) -> None:
        super().__init__()
        self.layers = nn.ModuleList(EncoderLayer(dim, heads, hidden, dropout) for _ in range(layers))


class DetectionTransformer(nn.Module):
    """Encoder and decoder."""

    def __init__(self, encoder: Encoder, decoder: Decoder) -> None:
        super().__init__()
        self.encoder, self.decoder = encoder, decoder

    def encode(self, clips: Tensor, mask: Tensor, positions: Tensor, token: Tensor, token_position: Tensor) -> Memory:
        """The clips, and a token that collects the video.

        The token is masked as if it were padding: it sees the clips, and nothing sees it, not even itself (Q2).

        Args:
            clips: (B, L, D).
            mask: (B, L), True on valid clips.
            positions: (B, L, D).
            token: (D,).
            token_position: (D,).
        """
        size = len(clips)
        rows = torch.cat((token.expand(size, 1, -1), clips), dim=1)
        places = torch.cat((token_position.expand(size, 1, -1), positions), dim=1)
        visible = functional.pad(mask, (1, 0), value=False)
        for layer in self.encoder.layers:
            rows = layer(rows, visible, places)
        return Memory(rows[:, 1:], rows[:, 0])
