"""What the official programs compute around training and no part of the kit needs: validation figures and draws.

Source: docs/spec/ccgs.md, section 6.1, and 6.2 for the MRR; docs/spec/mutualsl.md, section 3.4. Figures of corpus
answers stand at 1, 10 and 100 answers, not at 1, 10 and 50 as in the challenge's own scoring.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from cmivqa_kit.data.span import Span, interval_iou
from cmivqa_kit.data.types import Subtitle
from cmivqa_kit.plugin.types import Candidate

KS = (1, 10, 100)
THRESHOLDS = (0.3, 0.5, 0.7)


@dataclass(frozen=True, slots=True)
class CorpusAnswer:
    """One question: is the first answer's video right, the best IoU among the first k, 1 / rank of the right video."""

    right_video: int
    best_iou: Mapping[int, float]
    reciprocal_rank: float


def judge(
    answers: Sequence[Candidate], videos: Sequence[str], video: str, answer: Span, ks: Sequence[int] = KS
) -> CorpusAnswer:
    """Judge the answers to a question.

    Args:
        answers: the best ones, at least ``max(ks)`` where the corpus has so many.
        videos: the corpus by the best answer of each video; the published MRR is a defect (1 for every question).
        video: the right video; one that is not in the corpus scores 0 everywhere.
        answer: the right span in seconds.
        ks: how many answers count.
    """
    ious = [
        interval_iou(answer.start, answer.end, candidate.span.start, candidate.span.end)
        if candidate.video_id == video
        else 0.0
        for candidate in answers[: max(ks)]
    ]
    return CorpusAnswer(
        right_video=int(bool(answers) and answers[0].video_id == video),
        best_iou={k: max(ious[:k], default=0.0) for k in ks},
        reciprocal_rank=1.0 / (videos.index(video) + 1) if video in videos else 0.0,
    )


def summary(
    answers: Sequence[CorpusAnswer], ks: Sequence[int] = KS, thresholds: Sequence[float] = THRESHOLDS
) -> dict[str, float]:
    """Means over at least one question: ``R@ACC`` and ``MRR`` as fractions, everything named ``Rank@k`` in percent."""
    figures = {"R@ACC": float(np.mean([answer.right_video for answer in answers]))}
    for k in ks:
        best = np.array([answer.best_iou[k] for answer in answers])
        for threshold in thresholds:
            figures[f"Rank@{k}, IoU={threshold}"] = float(np.mean(best >= threshold) * 100)
        figures[f"Rank@{k}, mean IoU"] = float(best.mean() * 100)
    figures["MRR"] = float(np.mean([answer.reciprocal_rank for answer in answers]))
    return figures


def rates(ious: Sequence[float]) -> tuple[float, ...]:
    """Rank@1 at IoU >= 0.3, 0.5 and 0.7, then the mean IoU, all in percent, of at least one question."""
    values = np.array(ious, np.float64)
    return (*(float((values >= least).mean() * 100) for least in THRESHOLDS), float(values.mean() * 100))


def nearest_lines(subtitles: Sequence[Subtitle], answer: Span) -> tuple[int, int]:
    """First line with the nearest start, last line with the nearest end; CCGS computes it and ignores it."""
    starts = [abs(line.start - answer.start) for line in subtitles]
    ends = [abs(line.end - answer.end) for line in subtitles]
    return starts.index(min(starts)), len(ends) - 1 - ends[::-1].index(min(ends))


def validation_videos(count: int, fraction: float = 0.1) -> int:
    """How many of the distinct videos of a file the official loaders draw for validation."""
    return int(fraction * count)
