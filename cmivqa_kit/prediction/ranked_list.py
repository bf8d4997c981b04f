"""The videos of one question with a retriever's scores, best first, each once: from scores, or from a list."""

from __future__ import annotations

import math
import sys
from collections.abc import Collection, Iterable
from itertools import pairwise

from cmivqa_kit.errors import UserError
from cmivqa_kit.plugin.types import Candidate
from cmivqa_kit.prediction.types import Ranking

MOST = sys.float_info.max


def in_order(videos: Iterable[tuple[str, float]]) -> Ranking:
    """The ranking of videos with scores: best first, ties by id; every id once, by its best score.

    An infinite score is as high or low as numbers go.

    Raises:
        UserError: a score is NaN.
    """
    best: dict[str, float] = {}
    for video, given in videos:
        score = float(given)
        if math.isnan(score):
            raise UserError(
                f"--retriever: its score of video {video!r} is no number",
                "Train it again, or give another --retriever.",
            )
        best[video] = max(min(max(score, -MOST), MOST), best.get(video, -MOST))
    return tuple(sorted(best.items(), key=lambda entry: (-entry[1], entry[0])))


def of_list(candidates: Iterable[Candidate]) -> Ranking:
    """The ranking of the videos of a list, by the score of their first appearance.

    Scores that do not order the list (all equal, or rising somewhere) say nothing: minus the rank stands for them.
    """
    first: dict[str, float] = {}
    for candidate in candidates:
        first.setdefault(candidate.video_id, candidate.score)
    scores = list(first.values())
    ordered = all(earlier >= later for earlier, later in pairwise(scores))
    if not ordered or (len(scores) > 1 and scores[0] == scores[-1]):
        return by_rank(first)
    return in_order(first.items())


def by_rank(videos: Iterable[str]) -> Ranking:
    """The ranking of videos without scores: each has minus its rank among different videos, from 1."""
    return tuple((video, -float(rank)) for rank, video in enumerate(dict.fromkeys(videos), 1))


def within(ranking: Ranking, corpus: Collection[str], count: int) -> Ranking:
    """The best ``count`` videos that the corpus has; none where it has none of them."""
    return tuple(entry for entry in ranking if entry[0] in corpus)[:count]
