"""The frames of the visual branch: feature rows, and what is said of videos without or with too many of them.

One row of a file is one second as published; of other features so many as the run says. A longer video is averaged
down. Source: docs/spec/mutualsl.md, section 1.3.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence

from torch import Tensor

from baselines.mutualsl.network import Network
from cmivqa_kit.data.features import SplitFeatures
from cmivqa_kit.neural.video_rows import VideoRows

log = logging.getLogger(__name__)
STAND_IN = 2  # rows of zeros that stand for a missing file in the published code


def frames_of(network: Network, features: SplitFeatures) -> VideoRows:
    """The features of a split as the network takes them."""
    return VideoRows(features, network.max_pos_len, network.visual_dim)


def frame_inputs(frames: VideoRows, video_ids: Sequence[str], padded: bool) -> dict[str, Tensor]:
    """The videos of a batch.

    Args:
        frames: of the split.
        video_ids: one per row.
        padded: as many rows as the network takes, as published, instead of those of the longest video.

    Returns:
        ``features`` (B, T, V) and ``frame_mask`` (B, T) float32, T at least 1.

    Raises:
        UserError: a damaged file.
    """
    features, mask = frames.batch(video_ids, frames.most if padded else None)
    return {"features": features, "frame_mask": mask.float()}


def require_frames(frames: VideoRows, video_ids: Iterable[str], misaligned: bool) -> None:
    """Say how many videos have no features, and how many are so long that their labels are off.

    Args:
        frames: of the split.
        video_ids: what is trained on.
        misaligned: labels stay in seconds where rows were averaged down, as published.

    Raises:
        UserError: not one of them has features, or a file is damaged.
    """
    asked = list(video_ids)
    frames.require(asked, "mutualsl learns from features too", "teach the text predictor alone")
    counts = {video_id: frames.count(video_id) or 0 for video_id in asked}
    long = [video_id for video_id, count in counts.items() if count > frames.most]
    if long and misaligned:
        log.warning("%d of %d videos have more than %d rows, and their labels do not match what is left of them "
                    "(train.rescale = false), the first: %s",
                    len(long), len(asked), frames.most, long[0])  # fmt: skip
