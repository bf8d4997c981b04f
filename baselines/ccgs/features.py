"""Feature rows for the visual branch, and which of them are seen while each line is said.

Source: docs/spec/ccgs.md, 2.4.

One row of a file is one second, unless `VideoRows.seconds_per_row` says otherwise. The reference pads every video to
M = 768 rows; here a batch is padded to its longest video, which gives the same scores: padded rows have no part in
any sum. It also keeps features in the order of the folder and loses the place when a video is skipped (5.1); here
they are looked up by id.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from cmivqa_kit.neural.video_rows import Features, Floats, VideoRows

HOW_TO_GIVE = (
    "Put <video_id>.npy files, one row per second, into video_feature/ beside the questions; or make rows of what is "
    "said, in training: --set features=subtitle-embedding; or use the text variant."
)


class SpokenTimes(Protocol):
    """Starts and ends of lines in seconds, each (n,): `cmivqa_kit.prediction.types.Times`, or a part of it."""

    @property
    def start(self) -> Floats:
        """When each line starts."""
        ...

    @property
    def end(self) -> Floats:
        """When each line ends."""
        ...


def line_rows(edges: Floats, times: SpokenTimes) -> Features:
    """The share of each feature row in the seconds of each line, (n, T); a line's shares sum to 1.

    A line with no length, or after the last row, has no rows: its shares are 0.

    Args:
        edges: of the rows (`cmivqa_kit.neural.video_rows.row_edges`), (T + 1,).
        times: of the lines.
    """
    last, first = np.minimum(times.end[:, None], edges[1:]), np.maximum(times.start[:, None], edges[:-1])
    shared = np.maximum(last - first, 0.0)
    whole = shared.sum(axis=1, keepdims=True)
    shares: Features = np.divide(shared, whole, out=np.zeros_like(shared), where=whole > 0).astype(np.float32)
    return shares


def visual_inputs(
    rows: VideoRows, video_ids: Sequence[str], times: Sequence[SpokenTimes] | None = None
) -> dict[str, Tensor]:
    """The videos of a batch of rows, on the CPU; one id may stand in several rows.

    Args:
        rows: of the split's videos.
        video_ids: one per row; a video without features has a mask of zeros, which adds nothing to its text.
        times: the lines of each row, for the kit's fusion.

    Returns:
        ``vfeats`` (B, T, F) float32 and what `visual_masks` gives.

    Raises:
        UserError: a damaged file.
    """
    masks = visual_masks(rows, video_ids, times)
    vfeats, _ = rows.batch(video_ids, masks["vfeats_mask"].shape[1])
    return {"vfeats": vfeats, **masks}


def visual_masks(
    rows: VideoRows, video_ids: Sequence[str], times: Sequence[SpokenTimes] | None = None
) -> dict[str, Tensor]:
    """The masks that `visual_inputs` gives, without the features themselves.

    Returns:
        ``vfeats_mask`` (B, T) int64, T the longest video (at least 1), and with ``times`` ``line_rows`` (B, N, T)
        float32, N the largest number of lines.
    """
    edges = [rows.edges(video_id) for video_id in video_ids]
    longest = max(1, *(len(ends) - 1 if ends is not None else 0 for ends in edges))
    mask = torch.zeros(len(edges), longest, dtype=torch.int64)
    for number, ends in enumerate(edges):
        mask[number, : len(ends) - 1 if ends is not None else 0] = 1
    if times is None:
        return {"vfeats_mask": mask}
    shares = torch.zeros(len(edges), max(len(spoken.start) for spoken in times), longest)
    for number, (ends, spoken) in enumerate(zip(edges, times, strict=True)):
        if ends is not None:
            lines = torch.from_numpy(line_rows(ends, spoken))
            shares[number, : lines.shape[0], : lines.shape[1]] = lines
    return {"vfeats_mask": mask, "line_rows": shares}
