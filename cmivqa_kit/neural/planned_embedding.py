"""Subtitle embeddings as a dry run needs them: the rows' shapes, and how long the real ones would take."""

from __future__ import annotations

import time
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from cmivqa_kit.data.feature_clock import Shape
from cmivqa_kit.data.features import SplitFeatures
from cmivqa_kit.data.types import Split, Video
from cmivqa_kit.neural.subtitle_embedding import SubtitleEmbedding, distinct_texts, seconds_of

SAMPLE = 24  # videos whose lines are looked at, fewer than are embedded together
MEASURED = 1024  # tokens of each measured batch, padding included
QUANTILES = (0.0, 0.5, 1.0)  # of the rows' lengths


class PlannedRows(SplitFeatures):
    """The files of a store, and zeros of the right shape for videos whose file is still to be made."""

    def __init__(self, store: SplitFeatures, lacking: Mapping[str, Video], size: int) -> None:
        super().__init__(store.folders)
        self._made = dict(store.entries)
        self._lacking, self._size = lacking, size

    def get(self, video_id: str) -> NDArray[np.float32] | None:
        """The (seconds, size) rows of a video; networks take as long for zeros."""
        video = self._lacking.get(video_id)
        return super().get(video_id) if video is None else np.zeros((seconds_of(video), self._size), np.float32)

    def shape(self, video_id: str) -> Shape | None:
        """The shape of these rows."""
        video = self._lacking.get(video_id)
        return super().shape(video_id) if video is None else (seconds_of(video), self._size)


class PlannedEmbedding:
    """The source of a training that is only planned: `SubtitleEmbedding` that embeds a few lines and nothing else.

    Args:
        embedding: what the training itself would use.
    """

    def __init__(self, embedding: SubtitleEmbedding) -> None:
        self.embedding = embedding
        self._lacking: dict[str, Video] = {}  # by file: videos of several splits are embedded once

    @property
    def size(self) -> int:
        """The numbers in a row."""
        return self.embedding.size

    def features(self, split: Split) -> SplitFeatures:
        """Rows of the shapes that the features of ``split`` will have; what is in the cache already is taken."""
        store = self.embedding.store(split)
        lacking = {name: split.videos[name] for name in self.embedding.lacking(split)}
        lacking |= {name: split.videos[name] for name, path in store.files.items() if str(path) in self._lacking}
        self._lacking |= {str(store.files[name]): video for name, video in lacking.items()}
        return PlannedRows(store, lacking, self.size)

    def seconds(self) -> float:
        """How long embedding what was asked for and is not in the cache will take, measured on a few of its lines.

        Raises:
            RunFailed: not even these fit into memory.
        """
        videos = [self._lacking[path] for path in sorted(self._lacking)]
        if not videos:
            return 0.0
        sample = videos[:: -(-len(videos) // SAMPLE)]
        rows = [part for text in distinct_texts(sample) for part in self.embedding.parts(text)]
        rows.sort(key=len)
        lengths = np.array([self.embedding.padded(len(row)) for row in rows])
        chosen = [round(quantile * (len(rows) - 1)) for quantile in QUANTILES]
        at = {int(lengths[number]): number for number in chosen}
        with self.embedding.at_work():
            per_row = [self._measured(rows, number, length) for length, number in at.items()]
        spent = float(np.interp(lengths, list(at), per_row).sum())
        return spent * len(videos) / len(sample)

    def _measured(self, rows: list[tuple[int, ...]], number: int, length: int) -> float:
        """Seconds per row of a batch of rows around ``number``, all padded to ``length`` tokens."""
        count = max(1, MEASURED // length)
        batch = [rows[number]] * count
        self.embedding.sums(batch[:1])  # warms up
        begin = time.perf_counter()
        self.embedding.sums(batch)  # ends on the CPU: nothing is under way any more
        return (time.perf_counter() - begin) / count
