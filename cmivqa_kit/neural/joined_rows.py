"""Rows of stored features beside the embedded subtitles of the same seconds; zeros where one of the two is missing.

Source: docs/spec/features.md, section 5.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cmivqa_kit.data.feature_clock import Shape
from cmivqa_kit.data.features import SplitFeatures
from cmivqa_kit.data.types import Video
from cmivqa_kit.errors import UserError
from cmivqa_kit.neural.subtitle_embedding import seconds_of

Rows = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Widths:
    """The numbers of a row that are stored, and those that are embedded."""

    stored: int
    embedded: int


class JoinedRows(SplitFeatures):
    """The videos that have stored features or say something.

    Args:
        stored: features of a split, all of whose rows have the width ``widths.stored``; perhaps none.
        embedded: subtitles embedded per second.
        videos: of the split.
        widths: of both parts.
        seconds: of a row.
    """

    def __init__(
        self,
        stored: SplitFeatures,
        embedded: SplitFeatures,
        videos: Mapping[str, Video],
        widths: Widths,
        seconds: float,
    ) -> None:
        super().__init__(assumed=seconds)
        self.stored, self.embedded, self.spoken, self.widths = stored, embedded, videos, widths
        self._made = dict(sorted({**embedded.entries, **stored.entries}.items()))

    def get(self, video_id: str) -> Rows | None:
        """The rows of a video, (rows, stored + embedded); ``None`` where it has neither part.

        Raises:
            UserError: the stored features cannot be used.
        """
        shape = self.shape(video_id)
        if shape is None:
            return None
        joined = np.zeros(shape, np.float32)
        stored, embedded = self.stored.get(video_id), self.embedded.get(video_id)
        if stored is not None:
            joined[:, : self.widths.stored] = stored
        if embedded is not None:
            joined[:, self.widths.stored :] = at_rows(np.asarray(embedded), len(joined), self.seconds_per_row)
        return joined

    def shape(self, video_id: str) -> Shape | None:
        """Rows and width of a video, as `get` gives them; no more than headers are read."""
        width = self.widths.stored + self.widths.embedded
        stored = self.stored.shape(video_id)
        if stored is not None:
            return stored[0], width
        if video_id not in self.embedded:
            return None
        return max(1, math.ceil(seconds_of(self.spoken[video_id]) / self.seconds_per_row)), width

    def _shape(self, video_id: str) -> Shape | UserError | None:
        try:
            return self.shape(video_id)
        except UserError as error:
            return error


def at_rows(embedded: Rows, rows: int, seconds: float) -> Rows:
    """Embedded seconds (S, E) as ``rows`` rows of so many ``seconds``: zeros behind the last second.

    A row is the mean of the seconds that lie in it by half or more; of one that holds none, the second around its
    middle.
    """
    if seconds == 1:
        whole = embedded[:rows]
        return np.pad(whole, ((0, rows - len(whole)), (0, 0)))
    edges = np.floor(np.arange(rows + 1) * seconds + 0.5).astype(np.int64)
    middles = np.floor((np.arange(rows) + 0.5) * seconds).astype(np.int64)
    begins = np.where(edges[1:] > edges[:-1], edges[:-1], middles)
    ends = np.where(edges[1:] > edges[:-1], edges[1:], middles + 1)
    last = max(int(ends.max()), len(embedded))
    sums = np.zeros((last + 1, embedded.shape[1]), np.float64)  # of what comes before each second
    sums[1 : len(embedded) + 1] = np.cumsum(embedded, axis=0, dtype=np.float64)
    sums[len(embedded) + 1 :] = sums[len(embedded)]
    means: Rows = ((sums[ends] - sums[begins]) / (ends - begins)[:, None]).astype(np.float32)
    return means
