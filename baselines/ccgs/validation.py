"""The published validation figures of corpus answers. Source: specs/ccgs.md, section 6.1, and 6.2 for the MRR.

They stand at 1, 10 and 100 answers, not at 1, 10 and 50 as in the challenge's own scoring.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from cmivqa_kit.data.span import Span, interval_iou
from cmivqa_kit.plugin.types import Candidate

KS = (1, 10, 100)
THRESHOLDS = (0.3, 0.5, 0.7)


@dataclass(frozen=True, slots=True)
class Entry:
    """One question: is the first answer's video right, the best IoU among the first k, 1 / rank of the right video."""

    right_video: int
    best_iou: Mapping[int, float]
    reciprocal_rank: float


def judge(
    answers: Sequence[Candidate], videos: Sequence[str], video: str, answer: Span, ks: Sequence[int] = KS
) -> Entry:
    """Judge the answers to a question.

    Args:
        answers: the best ones, at least ``max(ks)`` where the corpus has so many.
        videos: the corpus by the best answer of each video; the published MRR is a defect (1 for every question).
        video: the right video; one that is not in the corpus scores 0 everywhere.
        answer: the right span in seconds.
        ks: how many answers count.
    """
    ious = [
        interval_iou(answer.start, answer.end, found.span.start, found.span.end) if found.video_id == video else 0.0
        for found in answers[: max(ks)]
    ]
    return Entry(
        right_video=int(bool(answers) and answers[0].video_id == video),
        best_iou={k: max(ious[:k], default=0.0) for k in ks},
        reciprocal_rank=1.0 / (videos.index(video) + 1) if video in videos else 0.0,
    )


def summary(
    judged: Sequence[Entry], ks: Sequence[int] = KS, thresholds: Sequence[float] = THRESHOLDS
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
