"""Windows of a few lines, which an encoder reads as one text each, and the window that is nearest to a span."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
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
        firsts, stops, total = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)], 0
        offset = np.zeros((len(corpus), len(sizes)), np.int64)
        count = np.zeros_like(offset)
        for video, spoken in enumerate(corpus.lines):
            low = int(corpus.first_line[video])
            for column, size in enumerate(sizes):
                starts = np.array(window_starts(len(spoken), size), np.int64)
                offset[video, column], count[video, column] = total, len(starts)
                firsts.append(low + starts)
                stops.append(low + np.minimum(len(spoken), starts + size))
                total += len(starts)
        return cls(tuple(sizes), np.concatenate(firsts), np.concatenate(stops), offset, count)

    def texts(self, corpus: SpanCorpus) -> Mapping[str, Sequence[str]]:
        """What is said in the windows of each video, by its id, in their order; joined when it is asked for."""
        return _WindowTexts(self, corpus)

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


class _WindowTexts(Mapping[str, Sequence[str]]):
    def __init__(self, windows: LineWindows, corpus: SpanCorpus) -> None:
        self._windows, self._corpus = windows, corpus
        self._numbers = {video.id: number for number, video in enumerate(corpus.videos)}

    def __getitem__(self, name: str) -> list[str]:
        number, windows = self._numbers[name], self._windows
        begin = int(windows.offset[number, 0])
        some = slice(begin, begin + int(windows.count[number].sum()))
        low, lines = int(self._corpus.first_line[number]), self._corpus.lines[number]
        runs = zip((windows.first[some] - low).tolist(), (windows.stop[some] - low).tolist(), strict=True)
        return [" ".join(line.text for line in lines[first:stop]) for first, stop in runs]

    def __iter__(self) -> Iterator[str]:
        return iter(self._numbers)

    def __len__(self) -> int:
        return len(self._numbers)


def window_starts(lines: int, size: int) -> list[int]:
    """The first lines of windows of ``size`` lines, half a window apart; the last reaches the last line."""
    if not lines:
        return []
    last = max(0, lines - size)
    return [*range(0, last, _step(size)), last]


def _step(size: int) -> int:
    """Lines between windows of a size."""
    return -(-size // 2)
