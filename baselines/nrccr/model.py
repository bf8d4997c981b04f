"""NRCCR: videos (or images) and texts of two languages in one space.

A text is read in up to four views: the source, its translation, the translation back, and the cross view, in which the
source attends to the translation. All go through one encoder; only source and translation are used to answer.

Source: docs/spec/nrccr.md, section 2.
"""

from __future__ import annotations

from collections.abc import Mapping as Batch
from typing import Any

import torch
from torch import Tensor, nn

from baselines.nrccr.discriminators import LanguageDiscriminator
from baselines.nrccr.layers import Attention, Bert, LinearLayer, Mapping, Position, largest_over, mean_over

VIDEO_POSITIONS = 80  # rows of the position table of videos; 64 frames are ever shown
TEXT_POSITIONS = 250  # of texts: the most tokens of one
POSITION_TABLE = "pos_embed_layer.position_embeddings.weight"  # of either encoder


class VideoEncoder(nn.Module):
    """Frames (N, L, D) with their mask (N, L) -> (N, H)."""

    def __init__(self, width: int, hidden: int, heads: int, pooling: str, masked: bool) -> None:
        super().__init__()
        self.pool, self.masked = mean_over if pooling == "mean" else largest_over, masked
        self.input_proj_layer = LinearLayer(width, hidden)
        self.pos_embed_layer = Position(VIDEO_POSITIONS, hidden)
        self.encoder_layer = Attention(hidden, heads)

    def forward(self, frames: Tensor, mask: Tensor) -> Tensor:
        """(N, L, D), (N, L) -> (N, H)."""
        rows = self.pos_embed_layer(self.input_proj_layer(frames))
        return self.pool(self.encoder_layer(rows, rows, mask, mask), mask, self.masked)


class ImageEncoder(nn.Module):
    """Feature rows of images, each a video of one frame (N, 1, D) -> (N, outputs)."""

    def __init__(self, width: int, outputs: int, active: bool) -> None:
        super().__init__()
        self.active = active
        self.proj = nn.Linear(width, outputs)

    def forward(self, frames: Tensor, mask: Tensor) -> Tensor:
        """(N, 1, D) -> (N, outputs); rows of CLIP are projected alone, others go through a ReLU behind it."""
        rows: Tensor = self.proj(frames[:, 0])
        return torch.relu(rows) if self.active else rows


class TextEncoder(nn.Module):
    """Token ids to the views of a text, (N, H) each."""

    def __init__(self, bert: Any, hidden: int, heads: int, masked: bool) -> None:
        super().__init__()
        self.masked = masked
        self.text_bert = Bert(bert)
        self.input_proj_layer = LinearLayer(bert.hidden_size, hidden)
        self.pos_embed_layer = Position(TEXT_POSITIONS, hidden)
        self.encoder_layer = Attention(hidden, heads)

    def rows(self, states: Tensor) -> Tensor:
        """Hidden states of the pretrained encoder (N, L, width) -> (N, L, H), before any attention."""
        rows: Tensor = self.pos_embed_layer(self.input_proj_layer(states))
        return rows

    def alone(self, rows: Tensor, mask: Tensor) -> Tensor:
        """The view of one text: (N, L, H), (N, L) -> (N, H)."""
        return mean_over(self.encoder_layer(rows, rows, mask, mask), mask, self.masked)

    def crossed(self, source: Tensor, translation: Tensor, source_mask: Tensor, translation_mask: Tensor) -> Tensor:
        """The cross view: the source over the translation, and behind it in time the translation as it is -> (N, H)."""
        over = self.encoder_layer(source, translation, source_mask, translation_mask, cross=True)
        rows, mask = torch.cat((over, translation), dim=1), torch.cat((source_mask, translation_mask), dim=1)
        return mean_over(rows, mask, self.masked)


class NRCCR(nn.Module):
    """Both encoders with their mappings into the common space, and the discriminator that training runs against.

    Args:
        bert: configuration of the pretrained text encoder.
        visual_encoder: of videos or of images.
        text_hidden: H of texts; for the discriminator it has to be the width of the pretrained encoder.
        text_heads: of the attention over texts.
        visual_mapping: widths in and out; the second is that of the common space.
        text_mapping: the same for texts.
        disc_type: ``weak``, ``not-so-weak`` or ``strong``.
        dropout: of the mappings.
        masked: padding has no part in means.
    """

    def __init__(
        self, bert: Any, visual_encoder: nn.Module, text_hidden: int, text_heads: int, visual_mapping: tuple[int, int],
        text_mapping: tuple[int, int], disc_type: str, dropout: float, masked: bool,
    ) -> None:  # fmt: skip
        super().__init__()
        self.video_encoder = visual_encoder
        self.text_encoder = TextEncoder(bert, text_hidden, text_heads, masked)
        self.visual_mapping = Mapping(*visual_mapping, dropout)
        self.text_mapping = Mapping(*text_mapping, dropout)
        self.discriminator = LanguageDiscriminator(disc_type, text_hidden, masked)

    def videos(self, frames: Tensor, mask: Tensor, mean: Tensor | None = None) -> Tensor:
        """Frames (N, L, D) with their mask (N, L) -> unit rows (N, C); ``mean`` (N, D) has no part in it."""
        rows: Tensor = self.visual_mapping(self.video_encoder(frames, mask))
        return rows

    def texts(self, ids: Tensor, mask: Tensor) -> Tensor:
        """Texts of either language, (N, L) ids and mask -> unit rows (N, C)."""
        encoder = self.text_encoder
        rows: Tensor = self.text_mapping(encoder.alone(encoder.rows(encoder.text_bert(ids, mask)), mask))
        return rows

    def views(self, batch: Batch[str, Tensor]) -> dict[str, Tensor]:
        """Everything that the losses of a batch are made of, by name.

        The text views go through their mapping one by one in the order source, translation, cross, back: in training
        each has batch statistics of its own. What the batch has no texts for is left out.

        Returns:
            ``video``, ``source`` and, where there are texts, ``translation``, ``cross`` and ``back``, (N, C) unit rows
            each; beside a translation ``source_states`` and ``translation_states`` (N, L, width) for the discriminator.
        """
        encoder, views = self.text_encoder, {"video": self.videos(batch["frames"], batch["frame_mask"])}
        names = [name for name in ("source", "translation", "back") if f"{name}_ids" in batch]
        masks = {name: batch[f"{name}_mask"] for name in names}
        states = {name: encoder.text_bert(batch[f"{name}_ids"], masks[name]) for name in names}
        rows = {name: encoder.rows(states[name]) for name in names}
        pooled = {name: encoder.alone(rows[name], masks[name]) for name in names}
        if "translation" in names:
            both = ("source", "translation")
            pooled["cross"] = encoder.crossed(*(rows[name] for name in both), *(masks[name] for name in both))
            views |= {f"{name}_states": states[name] for name in both}
        for name in ("source", "translation", "cross", "back"):
            if name in pooled:
                views[name] = self.text_mapping(pooled[name])
        return views


def begin(model: NRCCR, positions: float, alike: bool) -> None:
    """Change the random weights of a new network.

    Args:
        model: its tables of positions are drawn with a standard deviation of 1, as published.
        positions: the standard deviation that they get.
        alike: the videos' encoder and mapping become copies of the texts', where all sizes are the same.
    """
    video, text = model.video_encoder, model.text_encoder
    tables = [module.position_embeddings for module in model.modules() if isinstance(module, Position)]
    with torch.no_grad():
        for table in tables:
            table.weight.mul_(positions)
    if not alike or not isinstance(video, VideoEncoder):
        return
    states, mapping = text.state_dict(), model.text_mapping.state_dict()
    states[POSITION_TABLE] = states[POSITION_TABLE][:VIDEO_POSITIONS]
    own = {name: states[name] for name in video.state_dict()}
    if _sizes(own) == _sizes(video.state_dict()) and _sizes(mapping) == _sizes(model.visual_mapping.state_dict()):
        video.load_state_dict(own)
        model.visual_mapping.load_state_dict(mapping)


def _sizes(state: Batch[str, Tensor]) -> dict[str, torch.Size]:
    return {name: tensor.shape for name, tensor in state.items()}
