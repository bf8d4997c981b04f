"""Annotated moments become examples: which clips they are, in which order, and what is to be learnt of them.

Letters: L clips, V width of a clip's features. Source: docs/spec/mesm.md, section 1.3.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from cmivqa_kit.bench.tasks.moments.types import MomentQuery, Window

RELATIVE = -1.0  # clips have no length in seconds: they divide a video
MOST_WINDOWS = 5  # of a query in training
DRAWN = 2  # positive and negative clips of a query

Rows = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class ClipRules:
    """How the rows of a video become clips.

    Attributes:
        seconds: of a clip, or `RELATIVE`.
        longest: clips of a video; of a longer one neighbours are averaged.
        cut: a longer one is cut off instead, as QVHighlights is.
        temporal: two channels say where in the video a clip begins and ends.
    """

    seconds: float
    longest: int
    cut: bool = False
    temporal: bool = True


def clips(rows: Rows, rules: ClipRules) -> Rows:
    """(rows, width) of a video, each of length 1 -> (L, V).

    The averages are those of the published code: the last row of a video that is averaged has no part (Q8).
    """
    if len(rows) > rules.longest:
        rows = rows[: rules.longest] if rules.cut else averaged(rows, rules.longest)
    if not rules.temporal:
        return rows
    edges = np.arange(len(rows) + 1, dtype=np.float32) / np.float32(len(rows))
    return np.concatenate((rows, edges[:-1, None], edges[1:, None]), axis=1)


def averaged(rows: Rows, count: int) -> Rows:
    """``count`` rows, each a mean of neighbours."""
    bounds = np.round(np.arange(count + 1, dtype=np.float32) / count * len(rows)).astype(np.int64)
    bounds = bounds.clip(max=len(rows) - 1)
    means = [rows[a:b].mean(axis=0) if a < b else rows[a] for a, b in pairwise(bounds)]
    return np.stack(means).astype(np.float32)


def clip_range(window: Window, duration: float, seconds: float, count: int) -> tuple[int, int]:
    """First and last of ``count`` clips of a window, both within the moment.

    Clips of a length in seconds are counted in seconds even where a video was averaged (Q7).
    """
    start, end = window
    first, last = (int(t / duration * count) if seconds == RELATIVE else int(t / seconds) for t in (start, end))
    last = min(last, count - 1)
    return min(first, last), last


@dataclass(frozen=True, slots=True, eq=False)
class Target:
    """What is to be learnt of a query.

    Attributes:
        windows: (n, 2), start and end in shares of the video.
        clips: (L,), True on the clips of the moment.
        relevance: (L,), how relevant each clip is.
        positives: `DRAWN` numbers of relevant clips.
        negatives: as many of clips that are less so.
    """

    windows: NDArray[np.float32]
    clips: NDArray[np.bool_]
    relevance: NDArray[np.float32]
    positives: NDArray[np.int64]
    negatives: NDArray[np.int64]


def moment_target(query: MomentQuery, count: int, seconds: float, random: np.random.Generator) -> Target:
    """The target of a query with one window.

    A moment of the whole video has no other clips: its negatives are its positives, which teach nothing (Q9).

    Args:
        query: with its window.
        count: L.
        seconds: of a clip, or `RELATIVE`.
        random: draws clips.
    """
    first, last = clip_range(query.windows[0], query.duration, seconds, count)
    inside = np.zeros(count, dtype=np.bool_)
    inside[first : last + 1] = True
    positives, others = _drawn(np.flatnonzero(inside), random), np.flatnonzero(~inside)
    return Target(
        np.array(query.windows[:1], dtype=np.float32) / np.float32(query.duration), inside,
        inside.astype(np.float32), positives, _drawn(others, random) if len(others) else positives,
    )  # fmt: skip


def highlight_target(query: MomentQuery, count: int, seconds: float, random: np.random.Generator) -> Target:
    """The target of a query with several windows and annotated clips (QVHighlights).

    Windows are shares of the clips, not of the duration (Q22). Clips beyond the features have no part (Q20).

    Args:
        query: with its windows and its saliency.
        count: L.
        seconds: of a clip.
        random: draws clips, and windows of more than `MOST_WINDOWS`.
    """
    windows = list(query.windows)
    if len(windows) > MOST_WINDOWS:
        windows = [windows[number] for number in random.permutation(len(windows))[:MOST_WINDOWS]]
    relevance = np.zeros(count, dtype=np.float32)
    numbers, sums = np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
    if query.saliency is not None:
        there = query.saliency.clips < count
        numbers, sums = query.saliency.clips[there], query.saliency.scores[there].sum(axis=1)
        relevance[numbers] = sums
    inside = relevance != 0
    if not inside.any():  # nothing that is annotated as relevant lies in the features
        first, last = clip_range(windows[0], query.duration, seconds, count)
        inside[first : last + 1] = True
        numbers, sums = np.arange(first, last + 1), np.zeros(last + 1 - first, dtype=np.int64)
    order = np.argsort(sums)
    highest, lowest = numbers[order[-1]], numbers[order[0]]
    others = np.setdiff1d(np.arange(count), numbers)
    positives = [highest, random.choice(numbers) if len(others) else highest]
    negatives = [lowest, random.choice(others) if len(others) else lowest]
    shares = np.array(windows, dtype=np.float32) / np.float32(count * seconds)
    return Target(shares, inside, relevance, np.array(positives), np.array(negatives))


def _drawn(numbers: NDArray[np.int64], random: np.random.Generator) -> NDArray[np.int64]:
    drawn: NDArray[np.int64] = random.choice(numbers, DRAWN, replace=len(numbers) < DRAWN)
    return drawn


@dataclass(frozen=True, slots=True)
class VideoQueries:
    """The queries about a source, the earliest moment (QVHighlights: segment) first: what a batch counts."""

    source: str
    queries: tuple[MomentQuery, ...]


def by_video(queries: Sequence[MomentQuery], seconds: float) -> list[VideoQueries]:
    """Queries by source, in the order in which the sources appear; within one by the beginning of their moments.

    Args:
        queries: of a split.
        seconds: of a clip, or `RELATIVE`.
    """
    sources: dict[str, list[MomentQuery]] = {}
    for query in queries:
        sources.setdefault(query.source or query.video, []).append(query)
    return [
        VideoQueries(source, tuple(sorted(own, key=lambda q: _begin(q, seconds)))) for source, own in sources.items()
    ]


def gathered(videos: Sequence[VideoQueries], most: int, random: np.random.Generator) -> list[VideoQueries]:
    """Videos with more than ``most`` queries as several, which are shuffled first; 0: as they are."""
    if not most:
        return list(videos)
    items: list[VideoQueries] = []
    for video in videos:
        order = random.permutation(len(video.queries)) if len(video.queries) > most else np.arange(len(video.queries))
        for start in range(0, len(order), most):
            own = sorted(order[start : start + most])  # numbers within a video are in order of time
            items.append(VideoQueries(video.source, tuple(video.queries[number] for number in own)))
    return items


def _begin(query: MomentQuery, seconds: float) -> float:
    """What queries are sorted by."""
    if query.source and query.source != query.video:
        return float(query.video[len(query.source) + 1 :].partition("_")[0])
    if not query.windows:
        return 0.0
    start = query.windows[0][0]
    return start / query.duration if seconds == RELATIVE else float(int(start / seconds))
