"""The windows of a corpus: runs of consecutive subtitles, and the spans they cover, as arrays."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate, chain
from typing import overload

import numpy as np
from numpy.typing import NDArray

from cmivqa_kit.data.span import Span
from cmivqa_kit.data.types import Subtitle, Video
from cmivqa_kit.data.usual_span import UsualSpan

Ints = NDArray[np.int64]
Seconds = NDArray[np.float64]


class Spans(Sequence[Span]):
    """Spans kept as two arrays of seconds: a corpus has hundreds of thousands of them, a list shows fifty."""

    def __init__(self, start: Seconds, end: Seconds) -> None:
        self.start, self.end = start, end

    def __len__(self) -> int:
        return len(self.start)

    @overload
    def __getitem__(self, at: int) -> Span: ...

    @overload
    def __getitem__(self, at: slice) -> Spans: ...

    def __getitem__(self, at: int | slice) -> Span | Spans:
        if isinstance(at, slice):
            return Spans(self.start[at], self.end[at])
        return Span(float(self.start[at]), float(self.end[at]))


@dataclass(frozen=True, slots=True, eq=False)
class Windows:
    """All windows of a corpus, by video, then by start.

    Attributes:
        spans: of each window, seconds.
        line: the first line of each, shape (windows,); lines are counted through the whole corpus.
        stop: the line behind its last, shape (windows,); as ``line`` where the video says nothing.
        first: shape (videos + 1,); the windows of video v are ``first[v]`` to ``first[v + 1] - 1``, at least one.
        first_line: shape (videos + 1,), likewise of the lines.
    """

    spans: Spans
    line: Ints
    stop: Ints
    first: Ints
    first_line: Ints

    @classmethod
    def of(
        cls,
        videos: Sequence[Video],
        lines: Sequence[Sequence[Subtitle]],
        lengths: Sequence[float],
        step: float,
        usual: UsualSpan,
    ) -> Windows:
        """The windows of ``videos``.

        Args:
            videos: the corpus.
            lines: of each video.
            lengths: of windows, in seconds.
            step: between windows, as a part of the length.
            usual: the span of a video that has no usable line; its window holds all of its lines.
        """
        first_line = np.fromiter(accumulate(map(len, lines), initial=0), np.int64, len(lines) + 1)
        runs = [windows(spoken, lengths, step) for spoken in lines]
        video = np.repeat(np.arange(len(videos)), [len(run) for run in runs])
        line, stop = np.array(list(chain.from_iterable(runs)), np.int64).reshape(-1, 2).T + first_line[video]
        start, end = _covered(lines, line, stop)
        # Exact ends cut windows; a duration that was estimated does not.
        limits = [v.duration if v.duration is not None and v.duration_is_exact else np.inf for v in videos]
        end = np.minimum(end, np.array(limits, np.float64)[video])
        usable = np.isfinite(end) & (start < end)
        without = np.setdiff1d(np.arange(len(videos)), video[usable])
        spans = [usual.span(videos[v].duration) for v in without.tolist()]
        video = np.append(video[usable], without)
        start = np.append(start[usable], [span.start for span in spans])
        end = np.append(end[usable], [span.end for span in spans])
        line, stop = np.append(line[usable], first_line[without]), np.append(stop[usable], first_line[without + 1])
        order = np.lexsort((stop, line, end, start, video))
        # Two windows that differ only beyond the exact end of the video are one: the later one.
        same = np.ones(max(0, len(order) - 1), np.bool_)
        for column in (video, start, end):
            same &= column[order[1:]] == column[order[:-1]]
        chosen = order[np.append(~same, np.ones(min(1, len(order)), np.bool_))]
        first = np.searchsorted(video[chosen], np.arange(len(videos) + 1))
        return cls(Spans(start[chosen], end[chosen]), line[chosen], stop[chosen], first.astype(np.int64), first_line)


def windows(lines: Sequence[Subtitle], lengths: Sequence[float], step: float) -> list[tuple[int, int]]:
    """Runs ``lines[i:j]`` whose length is as near as possible to one of ``lengths`` (seconds).

    Windows of one length start at least ``step`` times that length apart, so that a corpus of two-second lines has
    about as many windows as one of ten-second sentences; the last of a length reaches the last line. Sorted, each once.
    """
    runs: set[tuple[int, int]] = set()
    for length in lengths:
        next_start = -np.inf
        j = 0
        for i, line in enumerate(lines):
            if line.start < next_start:
                continue
            next_start = line.start + step * length
            j = max(j, i + 1)
            while j < len(lines) and lines[j - 1].end - line.start < length:
                j += 1
            # One line too many may be further off than one too few.
            short = j > i + 1 and length - (lines[j - 2].end - line.start) < lines[j - 1].end - line.start - length
            runs.add((i, j - 1 if short else j))
            if j == len(lines) and not short:
                break
    return sorted(runs)


def _covered(lines: Iterable[Iterable[Subtitle]], first: Ints, stop: Ints) -> tuple[Seconds, Seconds]:
    """From first start to last end of each run of lines, never before 0, in milliseconds' precision.

    Rounded line by line, by Python's exact rounding: the least of rounded numbers is the rounded least.
    """
    if not len(first):
        return np.zeros(0), np.zeros(0)
    spoken = list(chain.from_iterable(lines))
    start = np.array([*(max(0.0, round(line.start, 3)) for line in spoken), 0.0])  # one more: a run may end behind all
    end = np.array([*(round(line.end, 3) for line in spoken), 0.0])
    runs = np.column_stack((first, stop)).ravel()
    return np.minimum.reduceat(start, runs)[::2], np.maximum.reduceat(end, runs)[::2]
