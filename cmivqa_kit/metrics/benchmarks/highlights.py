"""Highlights: how the scores that a system gives to the clips of a video agree with three annotators' scores.

Source: docs/spec/moments.md, section 2.4.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cmivqa_kit.metrics.base import Metric

LEVELS = {"Fair": 2, "Good": 3, "VeryGood": 4}  # the lowest score of a clip that counts as a highlight


@dataclass(frozen=True, slots=True, eq=False)
class HighlightValues:
    """Values of n queries at m levels, each by a annotators.

    Attributes:
        precision: (n, m, a) average precision of the clips' scores.
        hit: (n, m) 1.0 where an annotator calls the clip of the highest score a highlight, else 0.0.
    """

    precision: NDArray[np.float64]
    hit: NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class ClipScores:
    """What a annotators say of the clips of a video: of how many there are, numbers (m,) and scores (m, a) of some.

    The others have 0.
    """

    count: int
    clips: NDArray[np.int64]
    scores: NDArray[np.int64]


def highlight_values(
    predicted: Sequence[NDArray[np.float64]],
    right: Sequence[ClipScores],
    levels: Sequence[int] = tuple(LEVELS.values()),
) -> HighlightValues:
    """Average precision and hit of every query.

    Args:
        predicted: per query the scores of its clips, from the first on; those beyond the video do not count, those
            that are not there are 0. A query without any has 0 in everything.
        right: per query what the annotators say; the same number of them in all.
        levels: the lowest scores of a highlight.
    """
    annotators = right[0].scores.shape[1] if right else 0
    precision = np.zeros((len(right), len(levels), annotators))
    hit = np.zeros((len(right), len(levels)))
    counts = np.array([len(scores) and query.count for scores, query in zip(predicted, right, strict=True)])
    for count in np.unique(counts[counts > 0]).tolist():
        rows = np.flatnonzero(counts == count).tolist()
        given, truths = [predicted[row] for row in rows], [right[row] for row in rows]
        scores = np.zeros((len(rows), count))
        scores[np.arange(count) < np.array([len(saliency) for saliency in given])[:, None]] = np.concatenate(
            [saliency[:count] for saliency in given]
        )
        table = np.zeros((len(rows), count, annotators), dtype=np.int8)
        owner = np.repeat(np.arange(len(rows)), [len(truth.clips) for truth in truths])
        clips = np.concatenate([truth.clips for truth in truths])
        table[owner, clips] = np.concatenate([truth.scores for truth in truths])
        ranked, last = _ranked(scores, table)
        for level, floor in enumerate(levels):
            precision[rows, level] = _precisions(ranked >= floor, last)
        top = np.array([saliency.argmax() for saliency in given])
        inside = top < count
        hit[np.array(rows)[inside]] = table[inside, top[inside]].max(axis=1)[:, None] >= np.asarray(levels)
    return HighlightValues(precision, hit)


def _ranked(scores: NDArray[np.float64], table: NDArray[np.int8]) -> tuple[NDArray[np.int8], NDArray[np.bool_]]:
    """Annotators' scores (q, a, c) in the order of the predicted ones; which clips end a run of equals (q, 1, c)."""
    order = np.argsort(-scores, axis=1, kind="stable")
    ordered = np.take_along_axis(scores, order, axis=1)
    last = np.ones(scores.shape, dtype=bool)
    last[:, :-1] = ordered[:, 1:] != ordered[:, :-1]
    given = np.take_along_axis(table, order[..., None], axis=1)
    return np.ascontiguousarray(given.swapaxes(1, 2)), last[:, None, :]


def _precisions(highlights: NDArray[np.bool_], last: NDArray[np.bool_]) -> NDArray[np.float64]:
    """(q, a) average precision, given which clips are highlights, (q, a, c), the best scored one first.

    Clips of equal score come together; precision at a recall is the highest at that recall or above. The mean runs over
    the steps of recall, not weighted by how much each adds. Without a highlight it is 0.
    """
    positives = np.cumsum(highlights, axis=2, dtype=np.float64)
    positives *= last  # 0 within a run of equal scores
    before = np.maximum.accumulate(positives, axis=2)
    steps = positives > 0
    steps[..., 1:] &= positives[..., 1:] > before[..., :-1]
    positives /= np.arange(1, positives.shape[2] + 1)
    ceiling = np.maximum.accumulate(positives[..., ::-1], axis=2)[..., ::-1]
    return np.asarray(np.einsum("qac,qac->qa", ceiling, steps) / np.maximum(steps.sum(axis=2), 1))


def precision_metric(level: str) -> Metric:
    """``HL-mAP[level]``: average precision of the scores of a query's clips, mean over the annotators."""
    title = f"average precision of the clips that are {_words(level)} highlights"
    return Metric(f"HL-mAP[{level}]", title)


def hit_metric(level: str) -> Metric:
    """``Hit@1[level]``: an annotator calls the clip of the highest score a highlight."""
    return Metric(f"Hit@1[{level}]", f"the clip of the highest score is a {_words(level)} highlight")


def _words(level: str) -> str:
    return {"VeryGood": "very good"}.get(level, level.lower())
