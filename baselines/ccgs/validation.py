"""The published validation figures of corpus answers. Source: specs/ccgs.md, section 6.1, and 6.2 for the MRR.

They stand at 1, 10 and 100 answers, not at 1, 10 and 50 as in the challenge's own scoring.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from baselines.ccgs.decode import Ranked
from cmivqa_kit.data.span import Span, interval_iou

KS = (1, 10, 100)
THRESHOLDS = (0.3, 0.5, 0.7)


@dataclass(frozen=True, slots=True)
class Judged:
    """One question: is the first answer's video right, the best IoU among the first k, 1 / rank of the right video."""

    right_video: int
    best_iou: Mapping[int, float]
    reciprocal_rank: float


def judge(ranked: Ranked, videos: Ranked, video: int, answer: Span, ks: Sequence[int] = KS) -> Judged:
    """Judge the answers to a question.

    Args:
        ranked: the best answers, at least ``max(ks)`` where the corpus has so many.
        videos: one answer per video, best first; the published MRR is a defect (1 for every question), here the
            videos are ranked by their best cell.
        video: corpus index of the right video; one that is not in the corpus scores 0 everywhere.
        answer: the right span in seconds.
        ks: how many answers count.
    """
    ious = [
        interval_iou(answer.start, answer.end, float(start), float(end)) if int(found) == video else 0.0
        for found, start, end in zip(ranked.video[: max(ks)], ranked.start, ranked.end, strict=False)
    ]
    places = np.flatnonzero(videos.video == video)
    return Judged(
        right_video=int(len(ranked) > 0 and int(ranked.video[0]) == video),
        best_iou={k: max(ious[:k], default=0.0) for k in ks},
        reciprocal_rank=1.0 / (int(places[0]) + 1) if len(places) else 0.0,
    )


def summary(
    judged: Sequence[Judged], ks: Sequence[int] = KS, thresholds: Sequence[float] = THRESHOLDS
) -> dict[str, float]:
    """Means over at least one question: ``R@ACC`` and ``MRR`` as fractions, everything named ``Rank@k`` in percent."""
    figures = {"R@ACC": float(np.mean([one.right_video for one in judged]))}
    for k in ks:
        best = np.array([one.best_iou[k] for one in judged])
        for threshold in thresholds:
            figures[f"Rank@{k}, IoU={threshold}"] = float(np.mean(best >= threshold) * 100)
        figures[f"Rank@{k}, mean IoU"] = float(best.mean() * 100)
    figures["MRR"] = float(np.mean([one.reciprocal_rank for one in judged]))
    return figures
