"""The network: question and subtitles through a text encoder, frames through a visual branch, two predictors.

Letters: B examples, L text tokens, Q question tokens, T frames, V width of a feature row, D width of the branch. The
names of the modules are those of the official checkpoints. Source: docs/spec/mutualsl.md, sections 2.1, 2.3 and 2.4.
"""

from __future__ import annotations

import inspect
from typing import Any, NamedTuple, cast

import torch
from torch import Tensor, nn

from baselines.mutualsl.layers import ConditionedPredictor, FrameEncoder
from cmivqa_kit.neural.context_query import (
    ContextQueryAttention,
    ContextQueryConcat,
    Highlight,
    VideoProjection,
    mask_add,
)
from cmivqa_kit.neural.encoders import new_encoder


class Output(NamedTuple):
    """Logits of both predictors in float32; the visual part is ``None`` where no features were given.

    ``start_logits`` and ``end_logits``: (B, L), the textual predictor, from which answers are read. ``start_rows`` and
    ``end_rows``: (B, T), the visual predictor. ``highlight``: (B, T), in (0, 1). Padding has logits of about -1e30 and
    a highlight of 0.
    """

    start_logits: Tensor
    end_logits: Tensor
    start_rows: Tensor | None = None
    end_rows: Tensor | None = None
    highlight: Tensor | None = None


class MutualSL(nn.Module):
    """Text encoder with a span predictor over tokens, and a visual branch with a span predictor over frames.

    The text encoder learns from the losses on the tokens alone: its pass over the question, which the visual branch
    reads, has no gradient. The visual branch learns from the losses on frames and highlight. With ``text_fusion`` a way
    leads back from the tokens through the mean of the frames into the visual branch (not into highlight and visual
    predictor). But what is added is the same for all tokens and the predictor behind it is linear: it moves all logits
    of an example alike, which neither softmax nor argmax notices, and the gradient that comes back is 0 but for
    rounding. What then trains otherwise than without is the projection.

    Args:
        encoder_config: a Hugging Face configuration; the encoder is built from it with random weights.
        visual_dim: V.
        dim: D.
        max_pos_len: the most frames of a video.
        encoder_heads: of the frame encoder.
        predictor_heads: of the frame encoder inside the visual predictor.
        encoder_conv_layers: convolutions of the frame encoder.
        predictor_conv_layers: of the one inside the predictor.
        kernel_size: of the convolutions, odd.
        drop_rate: of the visual branch.
        frame_mask: padded frames take no part. Published: False, they count as frames like all others.
        text_fusion: as the paper's figure shows, the tokens are projected to D, and the mean of the fused frames is
            added to each of them before the textual predictor; the network then needs features. Published: False.
    """

    def __init__(
        self,
        encoder_config: Any,
        visual_dim: int,
        dim: int,
        max_pos_len: int,
        encoder_heads: int,
        predictor_heads: int,
        encoder_conv_layers: int,
        predictor_conv_layers: int,
        kernel_size: int,
        drop_rate: float,
        frame_mask: bool = False,
        text_fusion: bool = False,
    ) -> None:
        super().__init__()
        self.deberta = new_encoder(encoder_config)
        self.video_affine = VideoProjection(visual_dim, dim, drop_rate)
        self.query_linear = nn.Linear(encoder_config.hidden_size, dim)
        self.feature_encoder = FrameEncoder(
            dim, max_pos_len, encoder_heads, encoder_conv_layers, kernel_size, drop_rate, frame_mask
        )
        self.cq_attention = ContextQueryAttention(dim, drop_rate)
        self.cq_concat = ContextQueryConcat(dim)
        self.highlight_layer = Highlight(dim)
        inner = FrameEncoder(
            dim, max_pos_len, predictor_heads, predictor_conv_layers, kernel_size, drop_rate, frame_mask
        )
        self.predictor = ConditionedPredictor(inner, dim)
        size = encoder_config.hidden_size
        self.text_projection = nn.Linear(size, dim) if text_fusion else None
        self.qa_outputs = nn.Linear(dim if text_fusion else size, 2)
        self.frame_mask, self.text_fusion = frame_mask, text_fusion
        self.typed = "token_type_ids" in inspect.signature(self.deberta.forward).parameters
        spread = getattr(encoder_config, "initializer_range", 0.02)
        for module in (self.query_linear, self.qa_outputs, self.text_projection):
            if module is not None:
                nn.init.normal_(module.weight, std=spread)
                nn.init.zeros_(module.bias)
        for encoder in (self.feature_encoder, inner):
            nn.init.normal_(encoder.pos_embedding.position_embeddings.weight, std=spread)

    def forward(
        self,
        input_ids: Tensor,
        attention_mask: Tensor,
        token_type_ids: Tensor,
        features: Tensor | None = None,
        frame_mask: Tensor | None = None,
    ) -> Output:
        """Logits of a batch of rows ``[CLS] question [SEP] line [SEP] line [SEP] ...``.

        Args:
            input_ids: (B, L) token ids, padded on the right.
            attention_mask: (B, L), 1 on tokens, 0 on padding.
            token_type_ids: (B, L), 0 over the question and its separator and on padding, 1 over the lines.
            features: (B, T, V), T at most ``max_pos_len``. None: the textual predictor alone, which needs none but with
                ``text_fusion``.
            frame_mask: (B, T), 1 on frames, 0 on padding; None: no padding. Not looked at in a network without mask.

        Raises:
            ValueError: no features for a network with ``text_fusion``.
        """
        states = self.encode(input_ids, attention_mask, token_type_ids)
        if features is None:
            return Output(*self.over_tokens(states, attention_mask))
        question, question_mask = asked(input_ids, attention_mask, token_type_ids)
        with torch.no_grad():  # the visual branch does not teach the text encoder
            query_states = self.encode(question, question_mask, None)
        seen = features.new_ones(features.shape[:2])
        if self.frame_mask and frame_mask is not None:
            seen = frame_mask.to(features.dtype)
        fused = self.fuse(features, seen, self.query_linear(query_states), question_mask.to(features.dtype))
        highlight = self.highlight_layer(fused, seen)
        start_rows, end_rows = self.predictor(fused * highlight[:, :, None], seen)
        start, end = self.over_tokens(states, attention_mask, mean(fused, seen) if self.text_fusion else None)
        return Output(start, end, start_rows.float(), end_rows.float(), highlight.float())

    def encode(self, input_ids: Tensor, attention_mask: Tensor, token_type_ids: Tensor | None) -> Tensor:
        """Hidden vectors (B, L, H) of the text encoder; what stands at padding is without meaning."""
        types = {"token_type_ids": token_type_ids} if self.typed and token_type_ids is not None else {}
        output = self.deberta(input_ids=input_ids, attention_mask=attention_mask, **types)
        return cast(Tensor, output.last_hidden_state)

    def over_tokens(self, states: Tensor, attention_mask: Tensor, added: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """The textual predictor: start and end logits (B, L) of hidden vectors (B, L, H).

        Args:
            states: of the whole rows.
            attention_mask: (B, L).
            added: (B, D), goes to every token of a network with ``text_fusion``, which needs it.
        """
        if self.text_projection is not None:
            if added is None:
                raise ValueError("this network's textual predictor needs features")
            states = self.text_projection(states) + added[:, None, :]
        start, end = mask_add(self.qa_outputs(states).float(), attention_mask[:, :, None]).unbind(dim=2)
        return start, end

    def fuse(self, features: Tensor, seen: Tensor, query: Tensor, query_mask: Tensor) -> Tensor:
        """Frames that have read the question: (B, T, V) and (B, Q, D) with their masks to (B, T, D)."""
        frames = self.feature_encoder(self.video_affine(features), seen)
        mixed = self.cq_attention(frames, query, seen, query_mask)
        return cast(Tensor, self.cq_concat(mixed, query, query_mask))


def mean(frames: Tensor, seen: Tensor) -> Tensor:
    """The mean of the frames (B, T, D) where ``seen`` (B, T) is 1, (B, D); 0 where no frame is seen."""
    return (frames * seen[:, :, None]).sum(dim=1) / seen.sum(dim=1, keepdim=True).clamp(min=1)


def asked(input_ids: Tensor, attention_mask: Tensor, token_type_ids: Tensor) -> tuple[Tensor, Tensor]:
    """The question's part of each row: ids (B, Q) and mask (B, Q), Q the longest question of the batch."""
    lengths = (attention_mask * (1 - token_type_ids)).sum(dim=1)
    longest = int(lengths.max())
    mask = (torch.arange(longest, device=lengths.device) < lengths[:, None]).to(attention_mask.dtype)
    return input_ids[:, :longest], mask
