"""Feature rows for the visual branch, by video id: at most M of them, then padded. Source: specs/ccgs.md, section 2.4.

One row of a file is one second. The reference pads every video to M = 768 rows; here a batch is padded to its longest
video, which gives the same scores: padded rows have no part in any sum. It also keeps features in the order of the
folder and loses the place when a video is skipped (5.1); here they are looked up by id.
"""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from threading import Lock
from typing import Generic, Protocol, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from cmivqa_kit.data.features import FeatureStore, sample, sample_bounds
from cmivqa_kit.errors import UserError

log = logging.getLogger(__name__)
T = TypeVar("T")

Features = NDArray[np.float32]
Floats = NDArray[np.float64]
MOST_BYTES = 2**28  # of videos kept in memory: 256 MiB
WHERE = (
    "Put <video_id>.npy files, one row per second, into video_feature/ beside the questions; or make rows of what is "
    "said, in training: --set features=subtitle-embedding; or use the text variant."
)


class SpokenTimes(Protocol):
    """Starts and ends of lines in seconds, each (n,): `baselines.ccgs.decode.Times`, or a part of it."""

    @property
    def start(self) -> Floats:
        """When each line starts."""
        ...

    @property
    def end(self) -> Floats:
        """When each line ends."""
        ...


def row_edges(rows: int, most: int) -> Floats:
    """Where in seconds each row that `sample` makes of ``rows`` rows begins, and where the last one ends."""
    if rows <= most:
        return np.arange(rows + 1, dtype=np.float64)
    return np.append(sample_bounds(rows, most)[:-1], rows).astype(np.float64)


def pad(features: Features, rows: int) -> tuple[Features, NDArray[np.int64]]:
    """(T, F) with T <= ``rows`` to (``rows``, F) with zero rows behind, and the mask (``rows``,): 1 on real rows."""
    padded = np.zeros((rows, features.shape[1]), np.float32)
    padded[: len(features)] = features
    mask = np.zeros(rows, np.int64)
    mask[: len(features)] = 1
    return padded, mask


def line_rows(edges: Floats, times: SpokenTimes) -> Features:
    """The share of each feature row in the seconds of each line, (n, T); a line's shares sum to 1.

    A line with no length, or after the last row, has no rows: its shares are 0.

    Args:
        edges: of the rows (`row_edges`), (T + 1,).
        times: of the lines.
    """
    last, first = np.minimum(times.end[:, None], edges[1:]), np.maximum(times.start[:, None], edges[:-1])
    shared = np.maximum(last - first, 0.0)
    whole = shared.sum(axis=1, keepdims=True)
    shares: Features = np.divide(shared, whole, out=np.zeros_like(shared), where=whole > 0).astype(np.float32)
    return shares


class Kept(Generic[T]):
    """What was made of videos lately, up to a number of bytes; safe for threads that prefetch."""

    def __init__(self, most: int) -> None:
        self.most, self.size = most, 0
        self._kept: OrderedDict[str, tuple[T, int]] = OrderedDict()
        self._lock = Lock()

    def get(self, video_id: str) -> T | None:
        """What is kept of a video."""
        with self._lock:
            if video_id not in self._kept:
                return None
            self._kept.move_to_end(video_id)
            return self._kept[video_id][0]

    def put(self, video_id: str, value: T, size: int) -> None:
        """Keep something of so many bytes; what was used longest ago makes room."""
        with self._lock:
            self.size += size - self._kept.pop(video_id, (value, 0))[1]
            self._kept[video_id] = value, size
            while self.size > self.most and self._kept:
                self.size -= self._kept.popitem(last=False)[1][1]


class VideoFeatures:
    """Features by video id, ready for the network.

    Args:
        store: the split's features.
        rows: M, the most rows of a video; longer ones are averaged down.
        size: F, the numbers in a row.
        most_bytes: of videos kept in memory; the files stay mapped in any case.
    """

    def __init__(self, store: FeatureStore, rows: int, size: int, most_bytes: int = MOST_BYTES) -> None:
        self.store, self.rows, self.size = store, rows, size
        self._kept: Kept[Features] = Kept(most_bytes)
        self._lengths: dict[str, int] = {}

    def __contains__(self, video_id: object) -> bool:
        return video_id in self.store

    def get(self, video_id: str) -> Features | None:
        """The rows of a video as the network sees them, (T, F) with T <= M; ``None`` where it has no feature file.

        Raises:
            UserError: its file is damaged, has rows of another size, or holds numbers that are not finite.
        """
        rows = self._kept.get(video_id)
        if rows is None:
            array = self.store.get(video_id)
            if array is None:
                return None
            rows = sample(self._checked(video_id, array), self.rows)
            self._kept.put(video_id, rows, rows.nbytes)
        return rows

    def edges(self, video_id: str) -> Floats | None:
        """Where in seconds each row of `get` begins and the last one ends, (T + 1,); reads no more than a header.

        Raises:
            UserError: the file is damaged.
        """
        if video_id not in self._lengths:
            array = self.store.get(video_id)
            if array is None:
                return None
            self._lengths[video_id] = len(array)
        return row_edges(self._lengths[video_id], self.rows)

    def batch(self, video_ids: Sequence[str], times: Sequence[SpokenTimes] | None = None) -> dict[str, Tensor]:
        """The videos of a batch of rows, on the CPU; one id may stand in several rows.

        Args:
            video_ids: one per row; a video without features has a mask of zeros, which adds nothing to its text.
            times: the lines of each row, for the kit's fusion.

        Returns:
            ``vfeats`` (B, T, F) float32 and what `places` gives.

        Raises:
            UserError: a damaged file.
        """
        batch = self.places(video_ids, times)
        vfeats = torch.zeros(*batch["vfeats_mask"].shape, self.size)
        for number, video_id in enumerate(video_ids):
            rows = self.get(video_id)
            if rows is not None:
                vfeats[number, : len(rows)] = torch.from_numpy(rows)
        return {"vfeats": vfeats, **batch}

    def places(self, video_ids: Sequence[str], times: Sequence[SpokenTimes] | None = None) -> dict[str, Tensor]:
        """As `batch`, without the features themselves.

        Returns:
            ``vfeats_mask`` (B, T) int64, T the longest video (at least 1), and with ``times`` ``line_rows`` (B, N, T)
            float32, N the largest number of lines.
        """
        edges = [self.edges(video_id) for video_id in video_ids]
        longest = max(1, *(len(one) - 1 if one is not None else 0 for one in edges))
        mask = torch.zeros(len(edges), longest, dtype=torch.int64)
        shares = None if times is None else torch.zeros(len(edges), max(len(one.start) for one in times), longest)
        for number, found in enumerate(edges):
            if found is not None:
                mask[number, : len(found) - 1] = 1
                if times is not None and shares is not None:
                    lines = torch.from_numpy(line_rows(found, times[number]))
                    shares[number, : lines.shape[0], : lines.shape[1]] = lines
        return {"vfeats_mask": mask} if shares is None else {"vfeats_mask": mask, "line_rows": shares}

    def require(self, video_ids: Iterable[str], without: str) -> None:
        """Look at which videos have features; how many have none is said, with what is done ``without`` them.

        Raises:
            UserError: not one of them has features.
        """
        wanted = list(video_ids)
        missing = [video_id for video_id in wanted if video_id not in self]
        if missing and len(missing) == len(wanted):
            raise UserError("the visual variant needs features, and no video of this split has any", WHERE)
        if missing:
            log.warning("%d of %d videos have no features and are %s, the first: %s",
                        len(missing), len(wanted), without, missing[0])  # fmt: skip

    def _checked(self, video_id: str, array: Features) -> Features:
        path = self.store.files[video_id]
        if array.shape[1] != self.size:
            raise UserError(
                f"{path}: rows of {array.shape[1]} numbers; this network takes rows of {self.size}",
                f"Give the features it was trained with; or train on these: --set encoder.visual_dim={array.shape[1]}",
            )
        values = np.array(array, np.float32)
        if not np.isfinite(values).all():
            raise UserError(
                f"{path}: holds numbers that are not finite (NaN or infinite)",
                "Extract the features of this video again, or delete the file.",
            )
        return values
