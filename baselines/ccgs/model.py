"""The network: a cross-encoder over question and subtitles, and a global span head. Tensors in, tensors out.

One row is the sequence of `baselines.ccgs.examples`: question, then every subtitle line, each closed by a separator.
The hidden vectors at those separators are the boundaries b_0 .. b_n; cell (i, j) of the result scores the span from the
start of line i (boundary i) to the end of line j (boundary j + 1). Source: docs/spec/ccgs.md, sections 3.1 to 3.5. The
names of the modules are those of the official checkpoints.
"""

from __future__ import annotations

from typing import Any, cast

import torch
from torch import Tensor, nn

from baselines.ccgs.visual import (
    DROPOUT,
    ConcatenateQuestion,
    CrossAttention,
    Highlight,
    LineFusion,
    VideoProjection,
    time_over_channels,
)
from cmivqa_kit.neural.encoders import new_encoder


class GlobalSpanModel(nn.Module):
    """Encoder, span head and the branch for video features that the text variant keeps but never calls.

    Both variants are this class: the visual one is called with features.

    Args:
        encoder_config: a Hugging Face configuration; the encoder is built from it with random weights.
        inner_dim: D, size of the query and of the key of a boundary.
        dim: C, size of the visual branch.
        visual_dim: F, size of a feature row.
        mask_lower: cells with j < i, which are no spans, get -inf. Published: False, they are scored like others.
        rope: rotate queries and keys by the number of their boundary, as the paper says. The published code turns by
            the angle 0 (the position runs over an axis of size 1), so every official checkpoint needs False.
        pooled: how features reach the boundaries. Published: False, scores over time are added to channels
            (`time_over_channels`). True: by the seconds of the lines (`LineFusion`), which has weights of its own.
    """

    def __init__(
        self,
        encoder_config: Any,
        inner_dim: int,
        dim: int,
        visual_dim: int,
        mask_lower: bool = False,
        rope: bool = False,
        pooled: bool = False,
    ) -> None:
        super().__init__()
        self.video_affine = VideoProjection(visual_dim, dim, DROPOUT)
        self.cq_attention = CrossAttention(dim, DROPOUT)
        self.cq_concat = ConcatenateQuestion(dim)
        self.highlight_layer = Highlight(dim)
        self.P_Encoder = new_encoder(encoder_config)
        self.dense = nn.Linear(encoder_config.hidden_size, 2 * inner_dim)
        self.fusion = LineFusion(encoder_config.hidden_size) if pooled else None
        self.mask_lower = mask_lower
        self.rope = rope

    def forward(
        self,
        input_ids: Tensor,
        attention_mask: Tensor,
        token_types: Tensor,
        vfeats: Tensor | None = None,
        vfeats_mask: Tensor | None = None,
        line_rows: Tensor | None = None,
        video: Tensor | None = None,
    ) -> Tensor:
        """Span logits of a batch of rows that may have different numbers of lines.

        Args:
            input_ids: (B, L) token ids.
            attention_mask: (B, L), 1 on tokens, 0 on padding.
            token_types: (B, L), 1 on the n + 1 boundaries of a row, 0 elsewhere.
            vfeats: (B, T, F) features, for the visual variant only; with the published fusion T is at most H.
            vfeats_mask: (B, T), 1 on real feature rows. A row of zeros is a video without features: it is scored by its
                text, as nothing is added to its boundaries.
            line_rows: (B, N, T), the share of each feature row in the seconds of each line, for the kit's fusion only
                (`baselines.ccgs.features.line_rows`).
            video: (B, T, C), ``vfeats`` as `project` makes them: it depends on no question, so that prediction does it
                once per video.

        Returns:
            (B, N, N) in float32, N the largest n of the batch, -inf in the cells beyond a row's own n.
        """
        hidden = self.encode(input_ids, attention_mask)
        if video is None and vfeats is not None:
            video = self.project(vfeats)
        scores = None
        if video is not None and vfeats_mask is not None:
            scores = self.highlight(video, vfeats_mask, hidden, attention_mask)
        with torch.autocast(hidden.device.type, enabled=False):  # unscaled products overflow in half precision
            added = self.fuse(scores.float(), line_rows) if scores is not None else None
            return self.head(hidden.float(), token_types, added)

    def encode(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """Hidden vectors (B, L, H) of the encoder; what stands at padding is without meaning."""
        output = self.P_Encoder(input_ids=input_ids, attention_mask=attention_mask)
        return cast(Tensor, output.last_hidden_state)

    def project(self, vfeats: Tensor) -> Tensor:
        """Features (B, T, F) to the size of the branch, (B, T, C)."""
        return cast(Tensor, self.video_affine(vfeats))

    def highlight(self, video: Tensor, vfeats_mask: Tensor, hidden: Tensor, attention_mask: Tensor) -> Tensor:
        """The rest of the visual branch: a score in (0, 1) per row of (B, T, C), (B, T); exactly 0 on padding."""
        mixed = self.cq_attention(video, hidden, vfeats_mask, attention_mask)
        joined = self.cq_concat(mixed, hidden, attention_mask)
        return cast(Tensor, self.highlight_layer(joined, vfeats_mask))

    def fuse(self, scores: Tensor, line_rows: Tensor | None) -> Tensor:
        """From scores over time (B, T) to what is added to the boundaries: (B, M, H), or (B, 1, H) as published."""
        if self.fusion is None:
            return time_over_channels(scores, self.dense.in_features)
        if line_rows is None:
            raise ValueError("this network's fusion needs line_rows")
        return cast(Tensor, self.fusion(scores, line_rows.float()))

    def head(self, hidden: Tensor, token_types: Tensor, added: Tensor | None = None) -> Tensor:
        """From hidden vectors (B, L, H) and boundary marks (B, L) to span logits (B, N, N).

        ``added``: what the visual branch adds to the boundaries (`fuse`).
        """
        boundaries, count = gather_boundaries(hidden, token_types)
        if added is not None:
            boundaries = boundaries + added
        queries, keys = self.dense(boundaries).chunk(2, dim=-1)
        if self.rope:
            queries, keys = rotate(queries), rotate(keys)
        logits = (queries @ keys.transpose(1, 2))[:, :-1, 1:]  # the last boundary starts no span, the first ends none
        line = torch.arange(logits.shape[1], device=logits.device)
        beyond = line >= (count - 1)[:, None]
        unwanted = beyond[:, :, None] | beyond[:, None, :]
        if self.mask_lower:
            unwanted = unwanted | (line[None, :] < line[:, None])
        scored: Tensor = logits.masked_fill(unwanted, -torch.inf)
        return scored


def gather_boundaries(hidden: Tensor, token_types: Tensor) -> tuple[Tensor, Tensor]:
    """The vectors at the marks of each row, in order.

    Args:
        hidden: (B, L, H).
        token_types: (B, L), 1 on marks.

    Returns:
        (B, M, H), M the largest number of marks, and the number of marks per row (B,). Behind a row's own marks stand
        vectors of other positions; the caller masks them.
    """
    count = token_types.sum(dim=1)
    order = torch.argsort(token_types, dim=1, descending=True, stable=True)  # marks first, in their order
    marked = order[:, : int(count.max())]
    return hidden.gather(1, marked[:, :, None].expand(-1, -1, hidden.shape[2])), count


def rotate(vectors: Tensor) -> Tensor:
    """Rotary position embedding by boundary number: pair t of vector p turns by p * 10000^(-2t / D).

    ``vectors``: (B, M, D) with even D; so is the result.
    """
    _, length, size = vectors.shape
    position = torch.arange(length, device=vectors.device, dtype=vectors.dtype)
    pair = torch.arange(size // 2, device=vectors.device, dtype=vectors.dtype)
    angle = position[:, None] * 10000 ** (-2 * pair / size)
    sin, cos = angle.sin().repeat_interleave(2, dim=1), angle.cos().repeat_interleave(2, dim=1)
    turned: Tensor = torch.stack((-vectors[..., 1::2], vectors[..., ::2]), dim=-1).flatten(-2)
    rotated: Tensor = vectors * cos + turned * sin
    return rotated
