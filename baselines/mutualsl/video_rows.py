"""Feature rows for the visual branch, by video id: at most N of them, then padded. Source: specs/mutualsl.md, 1.3.

One row of a file is one second, always. A longer video is averaged down to N rows.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from cmivqa_kit.data.features import FeatureStore, sample
from cmivqa_kit.errors import UserError

log = logging.getLogger(__name__)
Features = NDArray[np.float32]
STAND_IN = 2  # rows of zeros that stand for a missing file in the published code
WHERE = (
    "Put <video_id>.npy files, one row per second, into video_feature/ beside the questions; or make rows of what is "
    "said: --set features=subtitle-embedding"
)


def pad(videos: Sequence[Features], rows: int) -> tuple[Tensor, Tensor]:
    """Videos (n, V) with n <= ``rows`` as one tensor (B, rows, V) with zeros behind, and its mask (B, rows) float32."""
    padded = torch.zeros(len(videos), rows, videos[0].shape[1])
    mask = torch.zeros(len(videos), rows)
    for number, one in enumerate(videos):
        padded[number, : len(one)] = torch.from_numpy(np.ascontiguousarray(one))
        mask[number, : len(one)] = 1
    return padded, mask


class VideoRows:
    """Features by video id, ready for the network.

    Args:
        store: the split's features.
        most: N, the most rows of a video.
        size: V, the numbers in a row.
    """

    def __init__(self, store: FeatureStore, most: int, size: int) -> None:
        self.store, self.most, self.size = store, most, size

    def rows(self, video_id: str) -> int | None:
        """Rows in the file of a video; ``None`` where it has none.

        Raises:
            UserError: the file is damaged.
        """
        array = self.store.get(video_id)
        return None if array is None else len(array)

    def get(self, video_id: str) -> Features:
        """The rows of a video as the network sees them, (n, V) with n <= N; none of them where it has no file.

        Raises:
            UserError: the file is damaged, has rows of another size, or holds numbers that are not finite.
        """
        array = self.store.get(video_id)
        if array is None:
            return np.zeros((0, self.size), np.float32)
        path = self.store.files[video_id]
        if array.shape[1] != self.size:
            raise UserError(
                f"{path}: rows of {array.shape[1]} numbers; this network takes rows of {self.size}",
                f"Give the features it was trained with; or train on these: --set visual.visual_dim={array.shape[1]}",
            )
        values = np.array(array, np.float32)
        if not np.isfinite(values).all():
            raise UserError(
                f"{path}: holds numbers that are not finite (NaN or infinite)",
                "Extract the features of this video again, or delete the file.",
            )
        return sample(values, self.most)

    def batch(self, video_ids: Sequence[str], padded: bool) -> dict[str, Tensor]:
        """The videos of a batch.

        Args:
            video_ids: one per row.
            padded: all N rows, as published, instead of those of the longest video.

        Returns:
            ``features`` (B, T, V) and ``frame_mask`` (B, T), T at least 1.

        Raises:
            UserError: a damaged file.
        """
        videos = [self.get(video_id) for video_id in video_ids]
        rows = self.most if padded else max(1, *(len(one) for one in videos))
        features, mask = pad(videos, rows)
        return {"features": features, "frame_mask": mask}

    def require(self, video_ids: Iterable[str], misaligned: bool) -> None:
        """Say how many videos have no features, and how many are so long that their labels are off.

        Args:
            video_ids: what is trained on.
            misaligned: labels stay in seconds where rows were averaged down, as published.

        Raises:
            UserError: not one of them has features.
        """
        rows = {video_id: self.rows(video_id) for video_id in video_ids}
        missing = [video_id for video_id, found in rows.items() if found is None]
        if len(missing) == len(rows):
            raise UserError("mutualsl learns from features too, and no video of this split has any", WHERE)
        if missing:
            log.warning("%d of %d videos have no features and teach the text predictor alone, the first: %s",
                        len(missing), len(rows), missing[0])  # fmt: skip
        long = [video_id for video_id, found in rows.items() if found is not None and found > self.most]
        if long and misaligned:
            log.warning("%d of %d videos have more than %d rows, and their labels do not match what is left of them "
                        "(train.rescale = false), the first: %s",
                        len(long), len(rows), self.most, long[0])  # fmt: skip
