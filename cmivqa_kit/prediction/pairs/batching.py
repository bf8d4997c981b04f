"""The rows of a chunk, in batches: every question with every window of every video, longest first.

A row is five integers and not an object, so that millions of them fit into memory; texts are put together only when
their batch is. Batches hold at most so many tokens, padding included.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cmivqa_kit.prediction.types import EncodedQuestion, EncodedVideo, VideoInput

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from cmivqa_kit.prediction.pairs.engine import TopK
    from cmivqa_kit.prediction.pairs.line_times import LineTimes
    from cmivqa_kit.prediction.pairs.ranking import Collector, Ranked

Ints = NDArray[np.int32]
_TABLES = 32  # lengths of questions whose windows are remembered


@dataclass(frozen=True, slots=True, eq=False)
class WindowTable:
    """All windows of a corpus for one room: arrays of one length.

    ``video`` is the index in the corpus; ``size`` the tokens of the window with a separator per line; ``window`` is
    (W, 4): first line, stop line, and the part of a single line (-1, -1: no part).
    """

    video: Ints
    size: Ints
    window: Ints


@dataclass(frozen=True, slots=True, eq=False)
class RowTable:
    """The rows to be scored, as arrays of one length. ``size`` is in tokens, ``question`` counts within the chunk."""

    size: Ints
    question: Ints
    video: Ints
    window: Ints

    def __len__(self) -> int:
        return len(self.size)


class BestSpans(NamedTuple):
    """The best spans of each row of a batch, best first, on the device.

    Attributes:
        score: (B, C) float32, -inf where there are no more.
        start, end: (B, C) what the corpus' collector takes: lines of the row's window, or seconds.
        unsound: (B,) bool, True where a score is NaN or +inf, or a time of a span is no number.
    """

    score: Tensor
    start: Tensor
    end: Tensor
    unsound: Tensor

    def cpu(self) -> BestSpans:
        """The same in memory of the CPU."""
        return BestSpans(*(values.cpu() for values in self))


class Corpus(ABC):
    """The videos that questions are asked of, as rows of a scorer, and what its batches give.

    Args:
        videos: at least one.

    Attributes:
        special_tokens: tokens of a row beside question and window.
        limit: the most tokens of a row, or ``None``.
    """

    special_tokens: int = 0
    limit: int | None = None

    def __init__(self, videos: Sequence[EncodedVideo | VideoInput]) -> None:
        self.videos = videos
        self._tables: OrderedDict[int | None, WindowTable] = OrderedDict()

    @property
    @abstractmethod
    def device(self) -> torch.device:
        """The device of the scorer."""

    @property
    @abstractmethod
    def largest(self) -> int:
        """The index of the video that takes most of a batch."""

    @abstractmethod
    def batch(self, rows: RowTable, part: slice, questions: Sequence[EncodedQuestion]) -> Mapping[str, Tensor]:
        """The batch of some rows, on the CPU."""

    @abstractmethod
    def best(self, batch: Mapping[str, Tensor], count: int) -> BestSpans:
        """The ``count`` best spans of each row of a batch that is on the device."""

    @abstractmethod
    def collector(self, rows: RowTable, questions: int, top_k: TopK) -> Collector[Any]:
        """What takes the best spans of all batches of a chunk of so many questions."""

    def in_seconds(self, ranked: Any) -> Ranked:
        """What the collector made, in seconds."""
        seconds: Ranked = ranked
        return seconds

    @property
    def line_times(self) -> LineTimes | None:
        """The seconds of lines that are kept beside a pass; ``None`` where spans are in seconds already."""
        return None

    def fitting(self, question: EncodedQuestion) -> EncodedQuestion:
        """Shorten a question: one that would leave no room for subtitles keeps the tokens of half a row."""
        return question if self.limit is None else question[: self.limit // 2]

    def table(self, length: int) -> WindowTable:
        """The windows that fit beside a question of ``length`` tokens."""
        room = self._room(length)
        if room in self._tables:
            self._tables.move_to_end(room)
        else:
            self._tables[room] = self._build(room)
            if len(self._tables) > _TABLES:
                self._tables.popitem(last=False)
        return self._tables[room]

    def _room(self, length: int) -> int | None:
        """The tokens that are left for a window; ``None`` where every video is read at once."""
        return None

    @abstractmethod
    def _build(self, room: int | None) -> WindowTable:
        """The windows of all videos for such a room."""

    def rows(self, questions: Sequence[EncodedQuestion], chosen: Sequence[Ints] | None = None) -> RowTable:
        """All rows of some questions, the longest first, so that a lack of memory shows at once.

        Args:
            questions: their tokens, `fitting`.
            chosen: per question the videos to score, by default all.
        """
        parts = []
        for number, question in enumerate(questions):
            table = self.table(len(question))
            among = slice(None) if chosen is None else np.flatnonzero(np.isin(table.video, chosen[number]))
            video = table.video[among]
            sizes = table.size[among] + np.int32(self.special_tokens + len(question))
            parts.append((sizes, np.full(len(video), number, np.int32), video, table.window[among]))
        size, question_of, video, window = (np.concatenate(column) for column in zip(*parts, strict=True))
        order = np.lexsort((window[:, 2], window[:, 0], video, question_of, -size))
        return RowTable(size[order], question_of[order], video[order], window[order])

    def count(self, questions: Sequence[EncodedQuestion]) -> tuple[int, int]:
        """The number of rows and tokens of all windows beside all ``questions``."""
        lengths, times = np.unique([len(self.fitting(question)) for question in questions], return_counts=True)
        rows = tokens = 0
        for length, often in zip(lengths.tolist(), times.tolist(), strict=True):
            table = self.table(length)
            rows += often * len(table.size)
            tokens += often * (int(table.size.sum(dtype=np.int64)) + len(table.size) * (self.special_tokens + length))
        return rows, tokens


def batches(sizes: Ints, tokens: int) -> Iterator[slice]:
    """Neighbouring rows of at most ``tokens`` padded tokens; ``sizes`` fall. A longer row is a batch of its own."""
    begin = 0
    while begin < len(sizes):
        stop = min(len(sizes), begin + max(1, tokens // int(sizes[begin])))
        yield slice(begin, stop)
        begin = stop
