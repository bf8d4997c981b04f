"""The layers that NRCCR and MLCMR are built of; their names are those of the official checkpoints.

N rows of a batch, L their length, H hidden size, D width of a feature row. Masks are float, 1 on rows that are there
and 0 on padding. With ``masked`` padding has no part in any mean; as published it is averaged like all else.

Source: docs/spec/nrccr.md, sections 2.1 and 2.3.
"""

from __future__ import annotations

from typing import Any, cast

import torch
from torch import Tensor, nn

from cmivqa_kit.neural.encoders import new_encoder

DROPOUT = 0.1  # of all layers but the mappings to the common space
QUERY_WIDTH = 512  # of queries and keys, all heads together, whatever the hidden size
FAR = -10000.0  # added to the scores of what may not be attended to


class LinearLayer(nn.Module):
    """A projection of normalised rows: (N, L, inputs) -> (N, L, outputs)."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.LayerNorm = nn.LayerNorm(inputs)
        self.net = nn.Sequential(nn.Dropout(DROPOUT), nn.Linear(inputs, outputs))

    def forward(self, x: Tensor) -> Tensor:
        """(N, L, inputs) -> (N, L, outputs)."""
        return torch.relu(self.net(self.LayerNorm(x)))


class Position(nn.Module):
    """Learned positions added to rows: (N, L, H) -> (N, L, H)."""

    def __init__(self, rows: int, hidden: int) -> None:
        super().__init__()
        self.position_embeddings = nn.Embedding(rows, hidden)
        self.LayerNorm = nn.LayerNorm(hidden)
        self.dropout = nn.Dropout(DROPOUT)

    def forward(self, x: Tensor) -> Tensor:
        """(N, L, H) -> (N, L, H); L is at most the rows of the table."""
        positions = torch.arange(x.shape[1], device=x.device)
        return cast(Tensor, self.dropout(self.LayerNorm(x + self.position_embeddings(positions))))


class Attention(nn.Module):
    """One block of attention without a feed-forward layer behind it.

    The scale is that of a head's values (H / heads), although queries and keys are `QUERY_WIDTH` wide: as published.
    """

    def __init__(self, hidden: int, heads: int) -> None:
        super().__init__()
        self.heads, self.scale = heads, (hidden / heads) ** 0.5
        self.self = nn.ModuleDict(
            {
                "query": nn.Linear(hidden, QUERY_WIDTH),
                "key": nn.Linear(hidden, QUERY_WIDTH),
                "value": nn.Linear(hidden, hidden),
            }
        )
        self.output = nn.ModuleDict({"dense": nn.Linear(hidden, hidden), "LayerNorm": nn.LayerNorm(hidden)})
        self.dropout = nn.Dropout(DROPOUT)

    def forward(
        self, queries: Tensor, keys: Tensor, query_mask: Tensor, key_mask: Tensor, cross: bool = False
    ) -> Tensor:
        """(N, Lq, H) over (N, Lk, H), with masks (N, Lq) and (N, Lk) -> (N, Lq, H).

        The mask is an outer product, so that a padded query attends to everything, padding included. ``cross``: the
        queries are not added to what they found.
        """
        query, key, value = (
            self._by_head(self.self[name](rows)) for name, rows in (("query", queries), ("key", keys), ("value", keys))
        )
        scores = query @ key.transpose(2, 3) / self.scale  # (N, heads, Lq, Lk)
        seen = query_mask[:, None, :, None] * key_mask[:, None, None, :]
        scores = scores.float() + (1 - seen) * FAR  # additive and in float32: the published rounding near -10000
        share = self.dropout(torch.softmax(scores, dim=3)).to(value.dtype)
        context = (share @ value).transpose(1, 2).flatten(2)  # (N, Lq, H)
        context = self.dropout(self.output["dense"](context))
        return cast(Tensor, self.output["LayerNorm"](context if cross else context + queries))

    def _by_head(self, rows: Tensor) -> Tensor:
        """(N, L, width) -> (N, heads, L, width / heads)."""
        return rows.reshape(*rows.shape[:2], self.heads, -1).transpose(1, 2)


class Mapping(nn.Module):
    """The way into the common space: (N, inputs) -> (N, outputs), rows of length 1."""

    def __init__(self, inputs: int, outputs: int, dropout: float) -> None:
        super().__init__()
        fc1 = nn.Linear(inputs, outputs)
        bound = (6 / (inputs + outputs)) ** 0.5
        nn.init.uniform_(fc1.weight, -bound, bound)
        nn.init.zeros_(fc1.bias)
        self.mapping = nn.ModuleDict({"fc1": fc1, "bn_1": nn.BatchNorm1d(outputs)})
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        """(N, inputs) -> (N, outputs)."""
        x = self.dropout(self.mapping["bn_1"](self.mapping["fc1"](x)))
        norm: Tensor = torch.linalg.vector_norm(x, dim=1, keepdim=True)
        return x / norm


class Bert(nn.Module):
    """The pretrained text encoder: token ids (N, L) -> last hidden states (N, L, width)."""

    def __init__(self, config: Any) -> None:
        super().__init__()
        self.text_bert = new_encoder(config)

    def forward(self, ids: Tensor, mask: Tensor) -> Tensor:
        """(N, L) ids and mask -> (N, L, width)."""
        return cast(Tensor, self.text_bert(input_ids=ids, attention_mask=mask.long()).last_hidden_state)


def mean_over(rows: Tensor, mask: Tensor, masked: bool) -> Tensor:
    """(N, L, H) -> (N, H): the mean of the rows, of all of them or of those that ``mask`` (N, L) marks."""
    if not masked:
        return rows.mean(dim=1)
    return (rows * mask[:, :, None]).sum(dim=1) / mask.sum(dim=1, keepdim=True).clamp(min=1)


def largest_over(rows: Tensor, mask: Tensor, masked: bool) -> Tensor:
    """(N, L, H) -> (N, H): the largest of the rows, of all of them or of those that ``mask`` (N, L) marks."""
    return (rows.masked_fill(mask[:, :, None] == 0, FAR) if masked else rows).amax(dim=1)
