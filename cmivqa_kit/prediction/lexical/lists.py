"""Lists of answers made of the scores of one question, by pure functions.

A list holds positions of windows. Ties are always broken by position, that is by video id, then by start.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from cmivqa_kit.data.span import Span
from cmivqa_kit.prediction.lexical.settings import ListSettings

Scores = NDArray[np.float64]
Positions = NDArray[np.int64]
ENTRIES = 50  # what Tracks 2 and 3 read of a list


def best_first(scores: Scores) -> Positions:
    """Positions ordered by falling score, equal ones by position."""
    return np.argsort(-scores, kind="stable")


def ordered(scores: Scores, block: int = 1024) -> Iterator[int]:
    """The positions of `best_first`, one after the other: only as many blocks are sorted as are looked at."""
    remaining = np.arange(len(scores))
    while len(remaining) > block:
        values = scores[remaining]
        least = np.partition(values, len(values) - block)[len(values) - block]
        above = remaining[values > least]
        yield from above[best_first(scores[above])].tolist()
        yield from remaining[values == least].tolist()  # as many as there are: they are in order already
        remaining = remaining[values < least]
    yield from remaining[best_first(scores[remaining])].tolist()


def video_scores(windows: Scores, whole: Scores, first: Positions, weight: float) -> Scores:
    """The score of each video: its best window plus ``weight`` times the whole video.

    Scores of short and long documents differ in scale, so each kind is divided by its best score of this question.

    Args:
        windows: score of every window, shape (windows,).
        whole: score of every video as one document, shape (videos,).
        first: shape (videos + 1,); the windows of video v are ``first[v]`` to ``first[v + 1] - 1``, at least one.
        weight: of the whole video.
    """
    return _relative(np.maximum.reduceat(windows, first[:-1])) + weight * _relative(whole)


def best_window(windows: Scores, first: Positions, video: int) -> int:
    """The best window of a video, the earliest of equal ones."""
    start = int(first[video])
    return start + int(np.argmax(windows[start : int(first[video + 1])]))


def distinct(
    order: Iterable[int], spans: Sequence[Span], video_of: Mapping[int, int] | Positions, overlap: float, per_video: int
) -> Iterator[int]:
    """The windows of ``order`` without near-duplicates; the first of each video always stays.

    Left out is a window whose IoU with one already taken of its video is above ``overlap``, and every window of a video
    that has ``per_video`` already.
    """
    taken: dict[int, list[Span]] = {}
    for window in order:
        span = spans[window]
        others = taken.setdefault(int(video_of[window]), [])
        if len(others) < per_video and all(span.iou(other) <= overlap for other in others):
            others.append(span)
            yield int(window)


def list_for_track1(
    windows: Scores, spans: Sequence[Span], first: Positions, video: int, overlap: float, limit: int
) -> list[int]:
    """At most ``limit`` windows of one video, best first, without near-duplicates."""
    start, end = int(first[video]), int(first[video + 1])
    order = start + best_first(windows[start:end])
    return list(islice(distinct(order, spans, dict.fromkeys(range(start, end), video), overlap, end - start), limit))


def list_for_track2(windows: Scores, videos: Scores, first: Positions) -> list[int]:
    """The best videos, each once with its best window: a repeated video would take the place of another."""
    return [best_window(windows, first, int(video)) for video in best_first(videos)[:ENTRIES]]


def list_for_track3(
    windows: Scores, spans: Sequence[Span], video_of: Positions, overlap: float, per_video: int
) -> list[int]:
    """The best windows of the corpus, whichever video they are in: only one of the 50 has to overlap the answer."""
    return list(islice(distinct(ordered(windows), spans, video_of, overlap, per_video), ENTRIES))


def list_for_both(
    windows: Scores,
    videos: Scores,
    spans: Sequence[Span],
    first: Positions,
    video_of: Positions,
    settings: ListSettings,
) -> list[int]:
    """One list for Tracks 2 and 3: the head videos once each, then further spans of these, then further videos.

    Track 2 reads which videos are among the first 1, 10 and 50; Track 3 needs good spans of the right one, which is
    most often a head video. Where the corpus has too few videos to fill the list, further spans fill it.
    """
    once = list_for_track2(windows, videos, first)
    head, tail = once[: settings.head_videos], once[settings.head_videos :]
    members = np.concatenate([np.arange(first[v], first[v + 1]) for v in video_of[head]])
    members.sort()  # ties go by position, not by the rank of the video
    order = members[best_first(windows[members])]
    different = distinct(order, spans, video_of, settings.overlap, settings.spans_per_video)
    first_spans = frozenset(head)
    further = list(islice((window for window in different if window not in first_spans), ENTRIES))
    count = settings.further_spans
    return [*head, *further[:count], *tail, *further[count:]][:ENTRIES]


def _relative(scores: Scores) -> Scores:
    best = scores.max(initial=0.0)
    return scores / best if best > 0 else scores
