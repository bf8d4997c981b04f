"""Feature rows of videos for a network: at most so many of a video, looked up by its id, cached, padded to batches.

A row of a file is so many seconds as its store says, one as published. A longer video is averaged down. Letters: B
videos of a batch, T rows, F numbers in a row.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from operator import attrgetter
from threading import Lock

import numpy as np
import torch
from cachetools import LRUCache, cachedmethod
from numpy.typing import NDArray
from torch import Tensor

from cmivqa_kit.data.feature_sampling import sample, sample_bounds
from cmivqa_kit.data.features import SplitFeatures
from cmivqa_kit.errors import UserError

log = logging.getLogger(__name__)
Features = NDArray[np.float32]
Floats = NDArray[np.float64]
CACHE_BYTES = 2**28  # 256 MiB of rows; the files stay mapped in any case
HOW_TO_GIVE = (
    "Put <video_id>.npy files, one row per second, into video_feature/ beside the questions; or make rows of what is "
    "said: --set features=subtitle-embedding"
)


class VideoRows:
    """The feature rows of a split's videos as a network takes them; safe for threads that prefetch.

    Args:
        store: the split's features.
        most: the most rows of a video; longer ones are averaged down.
        width: F of the network.
        setting: the setting that gives F, which an error about other features names; empty: the features give it.
        cache_bytes: of rows that stay in memory; what was used longest ago makes room.
    """

    def __init__(
        self, store: SplitFeatures, most: int, width: int, setting: str = "visual.visual_dim",
        cache_bytes: int = CACHE_BYTES,
    ) -> None:  # fmt: skip
        self.store, self.most, self.width, self.setting = store, most, width, setting
        self._counts: dict[str, int] = {}
        self._cache: LRUCache[str, Features] = LRUCache(cache_bytes, getsizeof=attrgetter("nbytes"))
        self._lock = Lock()

    @property
    def seconds_per_row(self) -> float:
        """Seconds of a row of the files, before any are averaged."""
        return self.store.seconds_per_row

    def __contains__(self, video_id: object) -> bool:
        return video_id in self.store

    def count(self, video_id: str) -> int | None:
        """Rows in the file of a video, before any are averaged; ``None`` where it has none. Reads a header at most.

        Raises:
            UserError: the file is damaged.
        """
        if video_id not in self._counts:
            shape = self.store.shape(video_id)
            if shape is None:
                return None
            self._counts[video_id] = shape[0]
        return self._counts[video_id]

    def get(self, video_id: str) -> Features | None:
        """The rows of a video as the network sees them, (T, F) with T <= ``most``; ``None`` where it has no file.

        Raises:
            UserError: the file is damaged, has rows of another width, or holds numbers that are not finite.
        """
        if video_id not in self.store:
            return None
        rows: Features = self._read(video_id)
        return rows

    def edges(self, video_id: str) -> Floats | None:
        """Where in seconds each row of `get` begins and the last one ends, (T + 1,); ``None`` where it has no file.

        Raises:
            UserError: the file is damaged.
        """
        count = self.count(video_id)
        return None if count is None else row_edges(count, self.most) * self.seconds_per_row

    def batch(self, video_ids: Sequence[str], rows: int | None = None) -> tuple[Tensor, Tensor]:
        """The rows of several videos, padded (`pad`); one id may stand there several times.

        Args:
            video_ids: B of them; a video without features is all padding.
            rows: T; ``None``: those of the longest video, at least 1.

        Raises:
            UserError: a damaged file.
        """
        videos = [self.get(video_id) for video_id in video_ids]
        arrays = [np.zeros((0, self.width), np.float32) if video is None else video for video in videos]
        return pad(arrays, rows or max(1, *map(len, arrays)))

    def require(self, video_ids: Iterable[str], reason: str, without: str, fix: str = HOW_TO_GIVE) -> None:
        """Say how many videos have no features; the others are held against the width of the network.

        Args:
            video_ids: whose features are asked for.
            reason: why, of an error: "the visual variant needs features".
            without: what becomes of videos that have none, of a warning: "are left out".
            fix: what an error advises.

        Raises:
            UserError: not one of them has features, a file is damaged, or rows are of another width than F.
        """
        wanted = list(video_ids)
        missing = [video_id for video_id in wanted if video_id not in self]
        if missing and len(missing) == len(wanted):
            raise UserError(f"{reason}, and no video of this split has any", fix)
        if missing:
            log.warning("%d of %d videos have no features and %s, the first: %s",
                        len(missing), len(wanted), without, missing[0])  # fmt: skip
        self.require_width(wanted)

    def require_width(self, video_ids: Iterable[str]) -> None:
        """Refuse files whose rows are of another width than F, all of them at once; headers are read at most.

        Raises:
            UserError: there are some, or a file is damaged.
        """
        files = {video_id: shape for video_id in video_ids if (shape := self.store.shape(video_id)) is not None}
        odd = {video_id: shape[1] for video_id, shape in files.items() if shape[1] != self.width}
        if not odd:
            return
        first = next(iter(odd))
        several = f" (so in {len(odd)} of {len(files)} files)" if len(files) > 1 else ""
        raise self._other_width(first, odd[first], several)

    def _other_width(self, video_id: str, width: int, several: str = "") -> UserError:
        setting = f": --set {self.setting}={width}" if self.setting else ""
        return UserError(
            f"{self.store.location(video_id)}: rows of {width} numbers; "
            f"this network takes rows of {self.width}{several}",
            f"Give the features it was trained with; or train on these{setting}",
        )

    @cachedmethod(attrgetter("_cache"), lock=attrgetter("_lock"))
    def _read(self, video_id: str) -> Features:
        array = self.store.get(video_id)
        if array is None or array.shape[1] != self.width:
            raise self._other_width(video_id, 0 if array is None else array.shape[1])
        values = np.array(array, np.float32)
        if not np.isfinite(values).all():
            raise UserError(
                f"{self.store.location(video_id)}: holds numbers that are not finite (NaN or infinite)",
                "Extract the features of this video again, or delete the file.",
            )
        return sample(values, self.most)


def pad(videos: Sequence[Features], rows: int) -> tuple[Tensor, Tensor]:
    """Videos (T, F) with T <= ``rows`` as one tensor (B, ``rows``, F) with zeros behind them, and its mask.

    Returns:
        The features in float32, and (B, ``rows``) int64, 1 on what is a row.
    """
    padded = torch.zeros(len(videos), rows, videos[0].shape[1])
    mask = torch.zeros(len(videos), rows, dtype=torch.int64)
    for number, video in enumerate(videos):
        padded[number, : len(video)] = torch.from_numpy(np.ascontiguousarray(video))
        mask[number, : len(video)] = 1
    return padded, mask


def row_edges(count: int, most: int) -> Floats:
    """Where each row that `sample` makes of ``count`` rows begins, and where the last one ends, in rows of the file."""
    if count <= most:
        return np.arange(count + 1, dtype=np.float64)
    return np.append(sample_bounds(count, most)[:-1], count).astype(np.float64)
