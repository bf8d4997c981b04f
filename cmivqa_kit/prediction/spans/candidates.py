"""The spans that may be answers: every run of consecutive subtitle lines within limits, video by video.

Lines are counted through the whole corpus. What a span sums over its lines is a difference of two prefix sums, so a
corpus keeps its lines alone; spans are made block by block, and kept where they are few.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from cmivqa_kit.data.types import Split, Subtitle, Video
from cmivqa_kit.data.usual_span import UsualSpan

Ints = NDArray[np.int64]
Seconds = NDArray[np.float64]
BLOCK = 1_000_000  # spans that are made together
KEPT = 4_000_000  # spans of a corpus that are kept in memory; those of a larger one are made again for every question


@dataclass(frozen=True, slots=True)
class SpanLimits:
    """The limits of a span.

    Attributes:
        lines: of a span at most.
        seconds: from its start to its end at most; a single line is a span however long it is.
        shortest: seconds below which a single line is none, unless it is the last of its video.
        per_video: most spans of a video; starts of one with more are snapped to a grid of lines.
    """

    lines: int = 24
    seconds: float = 130.0
    shortest: float = 6.0
    per_video: int = 4000

    @classmethod
    def learnt(cls, train: Split, quantile: float, per_video: int) -> SpanLimits:
        """The limits that hold ``quantile`` of the training answers, rounded outwards; the defaults without any.

        Seconds are rounded up to tens, those of single lines down to even ones.
        """
        seconds, lines = [], []
        for question in train.questions:
            video = train.videos.get(question.video_id or "")
            answer = question.answer
            if video is None or answer is None or not answer.valid:
                continue
            spoken = usable_lines(video.subtitles_in(question.language))
            inside = sum(min(line.end, answer.end) - max(line.start, answer.start) > 0 for line in spoken)
            seconds.append(answer.length)
            lines.append(max(1, inside))
        if not seconds:
            return cls(per_video=per_video)
        longest = 10.0 * math.ceil(float(np.quantile(seconds, quantile)) / 10)
        shortest = 2.0 * math.floor(float(np.quantile(seconds, 1 - quantile)) / 2)
        most = math.ceil(float(np.quantile(lines, quantile)))
        return cls(most, longest, shortest, per_video)


def usable_lines(subtitles: Sequence[Subtitle]) -> tuple[Subtitle, ...]:
    """The lines that say something at a possible time, ordered by start."""
    usable = (
        line
        for line in subtitles
        if line.text.strip() and math.isfinite(line.start) and math.isfinite(line.end) and line.end > max(0, line.start)
    )
    return tuple(sorted(usable, key=lambda line: (line.start, line.end)))


@dataclass(frozen=True, slots=True, eq=False)
class SpanBlock:
    """The spans of neighbouring videos of a corpus, by video, then by first line, then by length.

    Attributes:
        begin: number of the first video.
        first: the first line of each span, shape (spans,).
        stop: the line behind its last; as ``first`` for the one span of a video without lines.
        start: seconds.
        end: seconds.
        offset: shape (videos + 1,); the spans of video ``begin + v`` are ``offset[v]`` to ``offset[v + 1] - 1``.
    """

    begin: int
    first: Ints
    stop: Ints
    start: Seconds
    end: Seconds
    offset: Ints

    def __len__(self) -> int:
        return len(self.first)

    def only(self, chosen: NDArray[np.bool_]) -> SpanBlock:
        """The block with some of its spans; a video may have none then."""
        counts = np.bincount(self.video[chosen], minlength=len(self.offset) - 1)
        offset = np.append(0, np.cumsum(counts))
        return SpanBlock(
            self.begin, self.first[chosen], self.stop[chosen], self.start[chosen], self.end[chosen], offset
        )

    @property
    def video(self) -> Ints:
        """The number of each span's video, counted from `begin`."""
        return np.repeat(np.arange(len(self.offset) - 1), np.diff(self.offset))


@dataclass(frozen=True, eq=False)
class SpanCorpus:
    """The lines of a corpus in one language.

    Attributes:
        videos: ordered by id.
        lines: of each video, usable ones, by start.
        first_line: shape (videos + 1,); the lines of video v are ``first_line[v]`` to ``first_line[v + 1] - 1``.
        start: of each line, seconds, never before 0.
        end: of each line, cut where the video is known to end.
        limits: of the spans.
        usual: the span of a video without lines.
    """

    videos: tuple[Video, ...]
    lines: tuple[tuple[Subtitle, ...], ...]
    first_line: Ints
    start: Seconds
    end: Seconds
    limits: SpanLimits
    usual: UsualSpan

    @classmethod
    def of(cls, videos: Sequence[Video], language: str | None, limits: SpanLimits, usual: UsualSpan) -> SpanCorpus:
        """The corpus of ``videos`` by their subtitles in ``language``."""
        lines = tuple(usable_lines(video.subtitles_in(language)) for video in videos)
        first_line = np.append(0, np.cumsum([len(spoken) for spoken in lines])).astype(np.int64)
        exact = [v.duration if v.duration is not None and v.duration_is_exact else np.inf for v in videos]
        most = np.repeat(np.array(exact, float), np.diff(first_line))
        start = np.array([max(0.0, round(line.start, 3)) for spoken in lines for line in spoken], float)
        end = np.array([round(line.end, 3) for spoken in lines for line in spoken], float)
        return cls(tuple(videos), lines, first_line, start, np.minimum(end, most), limits, usual)

    def __len__(self) -> int:
        return len(self.videos)

    @cached_property
    def kept(self) -> bool:
        """True where all spans are kept in memory."""
        return int(self._most.sum()) <= KEPT

    def blocks(self) -> Iterator[SpanBlock]:
        """All spans, in blocks of whole videos; made once where they are `kept`."""
        return iter(self._blocks) if self.kept else (self.block(*bounds) for bounds in self._bounds())

    @cached_property
    def _blocks(self) -> list[SpanBlock]:
        return [self.block(*bounds) for bounds in self._bounds()]

    @cached_property
    def _most(self) -> Ints:
        """How many spans each video has at most, apart from those at the end of a grid."""
        spans: Ints = np.minimum(np.diff(self.first_line) * self.limits.lines, self.limits.per_video) + 1
        return spans

    def block(self, begin: int, stop: int) -> SpanBlock:
        """The spans of videos ``begin`` to ``stop - 1``."""
        bounds = self.first_line[begin : stop + 1]
        low, high = int(bounds[0]), int(bounds[-1])
        video = np.repeat(np.arange(stop - begin), np.diff(bounds))
        room = bounds[1:][video] - np.arange(low, high)  # lines up to the end of the video
        start, end = self.start[low:high], self.end[low:high]
        columns = min(self.limits.lines, int(room.max(initial=0)))
        ends = np.full((high - low, columns), -np.inf)
        for more in range(columns):
            count = high - low - more
            before = ends[:count, more - 1] if more else -np.inf
            ends[:count, more] = np.maximum(end[more:], before)
        size = np.arange(1, columns + 1)
        length = ends - start[:, None]
        allowed = (size <= room[:, None]) & (length > 0) & ((length <= self.limits.seconds) | (size == 1))
        allowed &= (size > 1) | (length >= self.limits.shortest) | (room[:, None] == 1)
        self._snap(allowed, bounds - low)
        row, column = np.nonzero(allowed)
        counts = np.bincount(video[row], minlength=stop - begin)
        first, last = row + low, row + low + column + 1
        starts, ended, owner = start[row], ends[row, column], video[row]
        without = np.flatnonzero(counts == 0)
        if len(without):
            usual = [self.usual.span(self.videos[begin + v].duration) for v in without.tolist()]
            at = np.searchsorted(owner, without)
            first = np.insert(first, at, bounds[without])
            last = np.insert(last, at, bounds[without + 1])
            starts = np.insert(starts, at, [span.start for span in usual])
            ended = np.insert(ended, at, [span.end for span in usual])
            counts[without] = 1
        offset = np.append(0, np.cumsum(counts))
        return SpanBlock(begin, first, last, starts, ended, offset)

    def _snap(self, allowed: NDArray[np.bool_], bounds: Ints) -> None:
        """Leave the spans of videos with too many to those that start on a grid of lines; the last line stays."""
        before = np.append(0, np.cumsum(allowed.sum(axis=1)))
        counts = before[bounds[1:]] - before[bounds[:-1]]
        for video in np.flatnonzero(counts > self.limits.per_video).tolist():
            rows = np.arange(bounds[video + 1] - bounds[video])
            step = -(-int(counts[video]) // self.limits.per_video)
            allowed[bounds[video] : bounds[video + 1]][(rows % step > 0) & (rows < rows[-1])] = False

    def _bounds(self) -> Iterator[tuple[int, int]]:
        """The videos of each block."""
        begin, total = 0, 0
        for video, spans in enumerate(self._most.tolist()):
            if total and total + spans > BLOCK:
                yield begin, video
                begin, total = video, 0
            total += spans
        if total:
            yield begin, len(self.videos)
