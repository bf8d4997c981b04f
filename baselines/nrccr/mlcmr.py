"""MLCMR: videos by a recurrent network and convolutions, texts of both languages by one pretrained encoder.

Source: docs/spec/nrccr.md, appendix A.
"""

from __future__ import annotations

from collections.abc import Mapping as Batch
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from baselines.nrccr.layers import Bert, Mapping, largest_over, mean_over


class MultiLevelEncoder(nn.Module):
    """Three levels of a video side by side: recurrent, convolved, and the mean of all its frames.

    Args:
        width: D.
        hidden: of the recurrent network, per direction.
        kernels: filters per size of kernel.
        sizes: of the kernels, in frames.
        pooling: "mean" or "max" of the recurrent level.
        dropout: of the first two levels.
        masked: the recurrent network does not run over padding.
    """

    def __init__(
        self, width: int, hidden: int, kernels: int, sizes: tuple[int, ...], pooling: str, dropout: float, masked: bool
    ) -> None:  # fmt: skip
        super().__init__()
        self.pooling, self.masked = pooling, masked
        self.rnn = nn.GRU(width, hidden, batch_first=True, bidirectional=True)
        self.convs1 = nn.ModuleList(nn.Conv2d(1, kernels, (size, 2 * hidden), padding=(size - 1, 0)) for size in sizes)
        self.dropout = nn.Dropout(dropout)

    def forward(self, frames: Tensor, mask: Tensor, mean: Tensor) -> Tensor:
        """(N, L, D), (N, L), (N, D) -> (N, 2 * hidden + kernels * sizes + D)."""
        rows = self._recurrent(frames, mask)
        shown = rows * mask[:, :, None]
        recurrent = mean_over(rows, mask, True) if self.pooling == "mean" else largest_over(shown, mask, False)
        convolved = [self._largest(torch.relu(conv(shown[:, None])).squeeze(3), mask) for conv in self.convs1]
        return torch.cat((self.dropout(recurrent), self.dropout(torch.cat(convolved, dim=1)), mean), dim=1)

    def _largest(self, convolved: Tensor, mask: Tensor) -> Tensor:
        """(N, kernels, L + size - 1), (N, L) -> (N, kernels): the largest over time, of what sees a frame at all."""
        if self.masked:
            beyond = convolved.shape[2] - mask.shape[1]
            seen = nn.functional.pad(mask, (beyond, 0), value=1.0)
            convolved = convolved * seen[:, None]
        return convolved.amax(dim=2)

    def _recurrent(self, frames: Tensor, mask: Tensor) -> Tensor:
        """(N, L, D) -> (N, L, 2 * hidden)."""
        if not self.masked:
            return self.rnn(frames)[0]  # type: ignore[no-any-return]
        lengths = mask.sum(dim=1).long().cpu()
        packed = pack_padded_sequence(frames, lengths, batch_first=True, enforce_sorted=False)
        return pad_packed_sequence(self.rnn(packed)[0], batch_first=True, total_length=frames.shape[1])[0]


class MeanTextEncoder(nn.Module):
    """Token ids (N, L) -> the mean of the pretrained encoder's last hidden states (N, width)."""

    def __init__(self, bert: Any, masked: bool) -> None:
        super().__init__()
        self.masked = masked
        self.text_bert = Bert(bert)

    def forward(self, ids: Tensor, mask: Tensor) -> Tensor:
        """(N, L), (N, L) -> (N, width)."""
        return mean_over(self.text_bert(ids, mask), mask, self.masked)


class MLCMR(nn.Module):
    """Both encoders with their mappings into the common space.

    Args:
        bert: configuration of the pretrained text encoder.
        visual_encoder: of videos.
        visual_mapping: widths in and out; the second is that of the common space.
        text_mapping: the same for texts.
        dropout: of the mappings.
        masked: padding has no part in means.
    """

    def __init__(
        self, bert: Any, visual_encoder: MultiLevelEncoder, visual_mapping: tuple[int, int],
        text_mapping: tuple[int, int], dropout: float, masked: bool,
    ) -> None:  # fmt: skip
        super().__init__()
        self.video_encoder = visual_encoder
        self.text_encoder = MeanTextEncoder(bert, masked)
        self.visual_mapping = Mapping(*visual_mapping, dropout)
        self.text_mapping = Mapping(*text_mapping, dropout)

    def videos(self, frames: Tensor, mask: Tensor, mean: Tensor) -> Tensor:
        """Frames (N, L, D), their mask (N, L) and the mean of all frames (N, D) -> unit rows (N, C)."""
        rows: Tensor = self.visual_mapping(self.video_encoder(frames, mask, mean))
        return rows

    def texts(self, ids: Tensor, mask: Tensor) -> Tensor:
        """Texts of either language, (N, L) ids and mask -> unit rows (N, C)."""
        rows: Tensor = self.text_mapping(self.text_encoder(ids, mask))
        return rows

    def views(self, batch: Batch[str, Tensor]) -> dict[str, Tensor]:
        """Videos and texts of a batch and their masked views, unit rows (N, C) by name.

        In this order, each with batch statistics of its own: ``video``, ``video_mask``; ``source``, ``translation``,
        ``source_mask``, ``translation_mask``. A text that the batch does not have is left out.
        """
        views = {
            "video": self.videos(batch["frames"], batch["frame_mask"], batch["mean"]),
            "video_masked": self.videos(batch["kept_frames"], batch["kept_frame_mask"], batch["kept_mean"]),
        }
        for name in ("source", "translation", "source_masked", "translation_masked"):
            if f"{name}_ids" in batch:
                views[name] = self.texts(batch[f"{name}_ids"], batch[f"{name}_mask"])
        return views
