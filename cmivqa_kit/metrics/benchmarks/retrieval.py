"""Retrieval in both directions between captions and videos: ranks, and the measures made of them.

``t2v`` asks for the video of a caption, ``v2t`` for the captions of a video, of which there may be several or none.
Among equal scores the lower index goes first, as with a stable sort; the published programs leave it to chance.

Source: docs/spec/nrccr.md, section 4.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cmivqa_kit.metrics.base import Metric
from cmivqa_kit.metrics.ranks_and_ious import Values
from cmivqa_kit.metrics.reducer import MEDIAN, average_precision
from cmivqa_kit.metrics.scale import Scale

CUTOFFS = (1, 5, 10)
BLOCK_ROWS = 256  # captions at once: 256 x 12,000 float64 are 25 MB
RANK = Scale("ranks", higher_is_better=False, bounds=(1.0, None))
Rows = Callable[[int, int], Values]  # begin, end -> (end - begin, m) errors, lower is better


@dataclass(frozen=True, slots=True, eq=False)
class Errors:
    """A matrix of errors, n captions x m videos, lower is better, of which no more than some rows are made at once.

    ``rows(begin, end)`` must give the same numbers for the same rows each time.
    """

    captions: int
    videos: int
    rows: Rows

    def blocks(self) -> Iterator[tuple[int, Values]]:
        """The first caption and the (rows, m) errors of each block, always the same blocks."""
        for begin in range(0, self.captions, BLOCK_ROWS):
            yield begin, self.rows(begin, min(begin + BLOCK_ROWS, self.captions))


@dataclass(frozen=True, slots=True, eq=False)
class RetrievalRanks:
    """Ranks from 1 in both directions.

    Attributes:
        of_videos: (n,) rank of each caption's video; m + 1 where it has none among the m.
        of_captions: (m,) best rank of a caption of each video; n + 1 where it has none.
        precision: (m,) average precision of each video over its captions; 0 where it has none.
    """

    of_videos: NDArray[np.int64]
    of_captions: NDArray[np.int64]
    precision: Values


def of_matrix(errors: NDArray[np.floating]) -> Errors:
    """A matrix that is at hand."""
    captions, videos = errors.shape
    return Errors(captions, videos, lambda begin, end: np.asarray(errors[begin:end], dtype=np.float64))


def of_embeddings(captions: NDArray[np.floating], videos: NDArray[np.floating]) -> Errors:
    """Errors -cos of (n, D) captions and (m, D) videos, in float64; a row of zeros is as far from all."""
    left, right = _unit(captions), _unit(videos)
    return Errors(len(left), len(right), lambda begin, end: -(left[begin:end] @ right.T))


def normalised(errors: Errors) -> Errors:
    """Errors stretched to -1 (the best of the whole matrix) .. 0 (its worst); NaN where all are equal."""
    lowest, highest = np.inf, -np.inf
    for _, block in errors.blocks():
        lowest, highest = min(lowest, float(block.min())), max(highest, float(block.max()))

    def rows(begin: int, end: int) -> Values:
        # In the order of the published program, so that the last digits agree: s = -E; s -= min(s); s /= max(s).
        with np.errstate(invalid="ignore"):
            return -((-errors.rows(begin, end) - -highest) / (-lowest - -highest))

    return Errors(errors.captions, errors.videos, rows)


def mixed(first: Errors, second: Errors, weight: float) -> Errors:
    """``weight`` times the first plus ``1 - weight`` times the second."""
    return Errors(
        first.captions,
        first.videos,
        lambda begin, end: weight * first.rows(begin, end) + (1 - weight) * second.rows(begin, end),
    )


def retrieval_ranks(errors: Errors, video_of: NDArray[np.intp]) -> RetrievalRanks:
    """Ranks in both directions, in two passes over the blocks; memory is a few blocks.

    Args:
        errors: n captions x m videos; NaN counts as the largest.
        video_of: (n,) column of each caption's video; -1 where it is not among them.
    """
    captions, videos = errors.captions, errors.videos
    of_videos = np.full(captions, videos + 1, dtype=np.int64)
    own = np.full(captions, np.inf)  # error of each caption with its own video
    for begin, raw in errors.blocks():
        block = _finite(raw)
        columns = video_of[begin : begin + len(block)]
        there = np.flatnonzero(columns >= 0)
        own[begin + there] = block[there, columns[there]]
        mine = own[begin + there][:, None]
        before = (block[there] < mine).sum(axis=1)
        equal = (block[there] == mine) & (np.arange(videos) < columns[there][:, None])
        of_videos[begin + there] = 1 + before + equal.sum(axis=1)
    asked = np.flatnonzero(video_of >= 0)
    caption_rank = np.ones(len(asked), dtype=np.int64)  # of each caption among all, for its own video
    for begin, raw in errors.blocks():
        block = _finite(raw)[:, video_of[asked]]
        numbers = np.arange(begin, begin + len(block))[:, None]
        caption_rank += (block < own[asked]).sum(axis=0)
        caption_rank += ((block == own[asked]) & (numbers < asked)).sum(axis=0)
    return RetrievalRanks(of_videos, *_per_video(video_of[asked], caption_rank, captions, videos))


def _per_video(
    video: NDArray[np.intp], ranks: NDArray[np.int64], captions: int, videos: int
) -> tuple[NDArray[np.int64], Values]:
    """Best rank and average precision of each video, from the ranks of its captions."""
    best = np.full(videos, captions + 1, dtype=np.int64)
    precision = np.zeros(videos)
    order = np.lexsort((ranks, video))
    video, ranks = video[order], ranks[order]
    begins = np.flatnonzero(np.diff(video, prepend=-1))
    for begin, end in zip(begins, [*begins[1:], len(video)][: len(begins)], strict=True):
        best[video[begin]] = ranks[begin]
        precision[video[begin]] = average_precision(ranks[begin:end], end - begin)
    return best, precision


def _finite(block: Values) -> Values:
    return np.where(np.isnan(block), np.inf, block)


def _unit(rows: NDArray[np.floating]) -> Values:
    rows = np.asarray(rows, dtype=np.float64)
    norms = np.linalg.norm(rows, axis=1, keepdims=True)
    return rows / np.where(norms == 0, 1.0, norms)


def _direction(name: str, asked: str) -> tuple[Metric, ...]:
    recalls = tuple(
        Metric(f"{name}:R@{k}", f"{asked} is among the first {k}", values=None, position=10 + k) for k in CUTOFFS
    )
    return (
        *recalls,
        Metric(f"{name}:MedR", f"median rank of {asked}", position=30, scale=RANK, reducer=MEDIAN),
        Metric(f"{name}:MeanR", f"mean rank of {asked}", position=31, scale=RANK),
        Metric(f"{name}:mAP", f"average precision of {asked}", position=32),
    )


T2V = _direction("t2v", "the video of a caption")
V2T = _direction("v2t", "a caption of a video")
SUM = Metric(
    "SumR",
    "sum of all recalls in both directions",
    parts=(*T2V[: len(CUTOFFS)], *V2T[: len(CUTOFFS)]),
    scale=Scale(bounds=(0.0, 2.0 * len(CUTOFFS))),
)
METRICS = (SUM, *T2V, *V2T)


def retrieval_values(ranks: RetrievalRanks) -> dict[str, Values]:
    """(n + m,) values per metric, captions first, then videos; NaN in the other direction."""
    captions, videos = len(ranks.of_videos), len(ranks.of_captions)
    one, other = np.full(videos, np.nan), np.full(captions, np.nan)
    values = {}
    for metrics, found, precision in (
        (T2V, ranks.of_videos, np.where(ranks.of_videos <= videos, 1.0 / ranks.of_videos, 0.0)),
        (V2T, ranks.of_captions, ranks.precision),
    ):
        rank = found.astype(np.float64)
        columns = [*((rank <= k).astype(np.float64) for k in CUTOFFS), rank, rank, precision]
        for metric, column in zip(metrics, columns, strict=True):
            values[metric.name] = np.concatenate((column, one) if metrics is T2V else (other, column))
    return values
