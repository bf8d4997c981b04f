"""The rows of a chunk, in batches: every question with every window of every video, longest first.

A row is five integers and not an object, so that millions of them fit into memory; texts are put together only when
their batch is. Batches hold at most so many tokens, padding included.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cmivqa_kit.neural.windows import Window, windows
from cmivqa_kit.prediction.types import EncodedVideo, Row, TokenIds

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


class Corpus:
    """The videos that questions are asked of, with their windows for every length of question.

    Args:
        videos: at least one.
        limit: the most tokens of a row, or ``None``.
        special_tokens: tokens of a row beside question, lines and their separators.
        overlap: of windows.
    """

    def __init__(self, videos: Sequence[EncodedVideo], limit: int | None, special_tokens: int, overlap: float) -> None:
        self.videos, self.limit, self.special_tokens, self.overlap = videos, limit, special_tokens, overlap
        self._longest = max(len(video.tokens) + len(video) for video in videos)
        self._tables: OrderedDict[int | None, WindowTable] = OrderedDict()

    def fitting(self, question: TokenIds) -> TokenIds:
        """Shorten a question: one that would leave no room for subtitles keeps the tokens of half a row."""
        return question if self.limit is None else question[: self.limit // 2]

    def table(self, length: int) -> WindowTable:
        """The windows that fit beside a question of ``length`` tokens."""
        room = None if self.limit is None else self.limit - self.special_tokens - length
        if room is not None and room >= self._longest:
            room = None  # nothing is read in windows: one table serves all such questions
        if room in self._tables:
            self._tables.move_to_end(room)
        else:
            self._tables[room] = self._build(room)
            if len(self._tables) > _TABLES:
                self._tables.popitem(last=False)
        return self._tables[room]

    def _build(self, room: int | None) -> WindowTable:
        video, size, lines = [], [], []
        for number, encoded in enumerate(self.videos):
            lengths = encoded.lengths
            for window in windows(lengths, room, self.overlap):
                begin, end = window.part or (-1, -1)
                video.append(number)
                tokens = end - begin if window.part else sum(lengths[window.first : window.stop])
                size.append(tokens + window.stop - window.first)
                lines.append((window.first, window.stop, begin, end))
        return WindowTable(
            np.array(video, np.int32), np.array(size, np.int32), np.array(lines, np.int32).reshape(-1, 4)
        )

    def rows(self, questions: Sequence[TokenIds], chosen: Sequence[Ints] | None = None) -> RowTable:
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

    def count(self, questions: Sequence[TokenIds]) -> tuple[int, int]:
        """The number of rows and tokens of all windows beside all ``questions``."""
        lengths, times = np.unique([len(self.fitting(question)) for question in questions], return_counts=True)
        rows = tokens = 0
        for length, often in zip(lengths.tolist(), times.tolist(), strict=True):
            table = self.table(length)
            rows += often * len(table.size)
            tokens += often * (int(table.size.sum(dtype=np.int64)) + len(table.size) * (self.special_tokens + length))
        return rows, tokens

    def row(self, rows: RowTable, at: int, questions: Sequence[TokenIds]) -> Row:
        """Row ``at`` of ``rows`` with its texts."""
        first, stop, begin, end = rows.window[at].tolist()
        window = Window(first, stop, (begin, end) if begin >= 0 else None)
        return Row(questions[rows.question[at]], self.videos[rows.video[at]], window)


def batches(sizes: Ints, tokens: int) -> Iterator[slice]:
    """Neighbouring rows of at most ``tokens`` padded tokens; ``sizes`` fall. A longer row is a batch of its own."""
    begin = 0
    while begin < len(sizes):
        stop = min(len(sizes), begin + max(1, tokens // int(sizes[begin])))
        yield slice(begin, stop)
        begin = stop
