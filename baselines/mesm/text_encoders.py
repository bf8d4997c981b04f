"""What words become: given vectors, rows of a GloVe table, or the states of a text encoder. Nothing here trains.

Letters: B queries, W word positions, T channels. Source: docs/spec/mesm.md, section 2.2.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Any, NamedTuple, Self

import torch
from torch import Tensor, nn
from torch.nn import functional

LEAST_NORM = 1e-5


class TextFeatures(NamedTuple):
    """The words of queries.

    Attributes:
        words: (B, W, T), zeros on padding.
        mask: (B, W), True on words.
        sentences: (B, T), a mean over the words. The published network projects them and then covers each with a
            learned token; no prediction depends on them (Q3).
    """

    words: Tensor
    mask: Tensor
    sentences: Tensor


def given_features(words: Tensor, normalize: bool) -> TextFeatures:
    """(B, W, T) vectors of words as they are; a row that sums to 0 is padding."""
    words = _unit(words) if normalize else words
    mask = words.sum(-1) != 0
    return _features(words, mask, words, normalize=False, normalize_sentences=normalize)


class WordTable(nn.Module):
    """A frozen table of word vectors, looked up by ids; id 0 is padding."""

    def __init__(self, words: int, width: int) -> None:
        super().__init__()
        self.emb = nn.Embedding(words, width)
        self.requires_grad_(False)

    def encode(self, ids: Tensor, count: int, normalize: bool) -> TextFeatures:
        """(B, W) ids; ``count`` positions of them are used."""
        ids = ids[:, :count]
        words = self.emb(ids)
        return _features(words, ids != 0, words, normalize, normalize)


class PretrainedText(nn.Module):
    """A frozen pretrained encoder: the states of a question's own tokens.

    Args:
        encoder: of transformers.
    """

    def __init__(self, encoder: nn.Module) -> None:
        super().__init__()
        self.encoder = encoder
        self.requires_grad_(False)
        self.train(False)

    def train(self, mode: bool = True) -> Self:
        """It does not learn: no dropout, whatever is asked for."""
        return super().train(False)

    def encode(self, ids: Tensor, count: int, normalize: bool) -> TextFeatures:
        """(B, 2 + W) ids with their special tokens in front and behind, -1 is padding; ``count`` words at most."""
        mask = ids >= 0
        states: Any = self.encoder(input_ids=ids.clamp(min=0), attention_mask=mask.long())
        words = states.last_hidden_state.float()[:, 1:-1]
        return _features(words[:, :count], mask[:, 2:][:, :count], words[:, :count], normalize, normalize)


class ClipText(nn.Module):
    """CLIP's text transformer; the names are those of OpenAI's file.

    Args:
        embed_dim: of images and texts together; its projection is kept for the names' sake and used by nothing (Q27).
        context_length: positions.
        vocab_size: tokens.
        width: channels.
        heads: of attention; officially one for 64 channels.
        layers: of the transformer.
    """

    def __init__(
        self, embed_dim: int, context_length: int, vocab_size: int, width: int, heads: int, layers: int
    ) -> None:
        super().__init__()
        self.token_embedding = nn.Embedding(vocab_size, width)
        self.positional_embedding = nn.Parameter(torch.randn(context_length, width) * 0.01)
        blocks = [ClipBlock(width, heads) for _ in range(layers)]
        self.transformer = nn.ModuleDict({"resblocks": nn.ModuleList(blocks)})
        self.ln_final = nn.LayerNorm(width)
        self.text_projection = nn.Parameter(torch.randn(width, embed_dim) * width**-0.5)
        self.requires_grad_(False)

    def forward(self, ids: Tensor) -> Tensor:
        """(B, W) ids -> (B, W, T), where no token sees a later one."""
        length = ids.shape[1]
        hidden = torch.ones(length, length, dtype=torch.bool, device=ids.device).triu(1)
        rows = self.token_embedding(ids) + self.positional_embedding[:length]
        blocks: nn.Module = self.transformer["resblocks"]
        for block in blocks.children():
            rows = block(rows, hidden)
        result: Tensor = self.ln_final(rows)
        return result

    def encode(self, ids: Tensor, count: int, normalize: bool) -> TextFeatures:
        """(B, W) ids, 0 is padding; the first ``count`` positions become words."""
        words, mask = self(ids)[:, :count], (ids != 0)[:, :count]
        return _features(words, mask, words, normalize, normalize)


class ClipBlock(nn.Module):
    """A pre-norm block of CLIP's text transformer."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.attn = nn.MultiheadAttention(width, heads, batch_first=True)
        self.ln_1, self.ln_2 = nn.LayerNorm(width), nn.LayerNorm(width)
        layers = {"c_fc": nn.Linear(width, 4 * width), "gelu": QuickGELU(), "c_proj": nn.Linear(4 * width, width)}
        self.mlp = nn.Sequential(OrderedDict(layers))

    def forward(self, rows: Tensor, hidden: Tensor) -> Tensor:
        """(B, W, T) -> (B, W, T)."""
        query = self.ln_1(rows)
        rows = rows + self.attn(query, query, query, attn_mask=hidden, need_weights=False)[0]
        result: Tensor = rows + self.mlp(self.ln_2(rows))
        return result


class QuickGELU(nn.Module):
    """The activation of CLIP."""

    def forward(self, rows: Tensor) -> Tensor:
        """Of any shape."""
        return rows * torch.sigmoid(1.702 * rows)


def _features(
    words: Tensor, mask: Tensor, averaged: Tensor, normalize: bool, normalize_sentences: bool
) -> TextFeatures:
    words, averaged = (rows * mask[..., None] for rows in (words, averaged))
    sentences = averaged.sum(1) / mask.sum(1, keepdim=True).clamp(min=1)
    return TextFeatures(
        _unit(words) if normalize else words, mask, _unit(sentences) if normalize_sentences else sentences
    )


def _unit(rows: Tensor) -> Tensor:
    return functional.normalize(rows, dim=-1, eps=LEAST_NORM)
