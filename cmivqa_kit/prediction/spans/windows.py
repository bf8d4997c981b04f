"""Windows of a few lines, which an encoder reads as one text each, and the window that is nearest to a span."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cmivqa_kit.prediction.spans.candidates import SpanBlock, SpanCorpus

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class LineWindows:
    """Windows of fixed numbers of lines, video by video; the starts of one size lie half a window apart.

    Attributes:
        sizes: lines of a window; a video with fewer is one window.
        first: shape (windows,), the first line of each; lines are counted through the whole corpus.
        stop: the line behind its last.
        offset: shape (videos, sizes), where the windows of a size begin in these.
        count: likewise, how many there are.
    """

    sizes: tuple[int, ...]
    first: Ints
    stop: Ints
    offset: Ints
    count: Ints

    @classmethod
    def of(cls, corpus: SpanCorpus, sizes: Sequence[int]) -> LineWindows:
        """The windows of a corpus."""
        runs: list[tuple[int, int]] = []
        offset = np.zeros((len(corpus), len(sizes)), np.int64)
        count = np.zeros_like(offset)
        for video, spoken in enumerate(corpus.lines):
            low = int(corpus.first_line[video])
            for column, size in enumerate(sizes):
                starts = window_starts(len(spoken), size)
                offset[video, column], count[video, column] = len(runs), len(starts)
                runs += [(low + start, low + min(len(spoken), start + size)) for start in starts]
        first, stop = np.array(runs, np.int64).reshape(-1, 2).T
        return cls(tuple(sizes), first, stop, offset, count)

    def texts(self, corpus: SpanCorpus) -> dict[str, list[str]]:
        """What is said in the windows of each video, by its id, in their order."""
        said = [line.text for spoken in corpus.lines for line in spoken]
        texts: dict[str, list[str]] = {}
        for video, counts, offset in zip(corpus.videos, self.count, self.offset, strict=True):
            low = int(offset[0])
            runs = zip(self.first[low : low + counts.sum()], self.stop[low : low + counts.sum()], strict=True)
            texts[video.id] = [" ".join(said[first:stop]) for first, stop in runs]
        return texts

    def nearest(self, corpus: SpanCorpus, block: SpanBlock) -> Ints:
        """The window that shares most lines with each span, by IoU; -1 in a video without lines."""
        video = block.video + block.begin
        begin, lines = corpus.first_line[:-1][video], np.diff(corpus.first_line)[video]
        best, nearest = np.full(len(block), -1.0), np.full(len(block), -1, np.int64)
        for column, size in enumerate(self.sizes):
            last = self.count[video, column] - 1  # it ends with the video, so it lies on no grid
            centred = (block.first + block.stop - np.minimum(size, lines)) / 2 - begin
            number = np.clip(np.rint(centred / _step(size)).astype(np.int64), 0, np.maximum(last, 0))
            for tried in (number, last):
                at = np.where(lines > 0, self.offset[video, column] + tried, -1)
                first, stop = np.append(self.first, 0)[at], np.append(self.stop, 0)[at]
                common = np.minimum(stop, block.stop) - np.maximum(first, block.first)
                hull = np.maximum(stop, block.stop) - np.minimum(first, block.first)
                iou = common / np.maximum(hull, 1)
                better = (iou > best) & (lines > 0)
                best, nearest = np.where(better, iou, best), np.where(better, at, nearest)
        return nearest


def window_starts(lines: int, size: int) -> list[int]:
    """The first lines of windows of ``size`` lines, half a window apart; the last reaches the last line."""
    if not lines:
        return []
    last = max(0, lines - size)
    return [*range(0, last, _step(size)), last]


def _step(size: int) -> int:
    """Lines between windows of a size."""
    return -(-size // 2)
