"""What the training answers say without any text: their usual lengths, and where in a video they lie."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from cmivqa_kit.data.span import Span
from cmivqa_kit.data.types import Split
from cmivqa_kit.errors import UserError

# Window lengths where no training answers are known. Chosen on TutorialVQA's training questions (README.md).
DEFAULT_SECONDS = (20.0, 40.0, 60.0)


@dataclass(frozen=True, slots=True)
class Prior:
    """Where an answer lies when nothing is known but the video's duration; window lengths in seconds.

    ``start`` and ``end`` are parts of the duration.
    """

    window_seconds: tuple[float, ...] = DEFAULT_SECONDS
    start: float = 0.0
    end: float = 1.0

    @classmethod
    def of(cls, document: Any, path: Path) -> Prior:
        """From the document that a run holds.

        Raises:
            UserError: it is damaged; ``path`` is named.
        """
        try:
            prior = cls(tuple(float(s) for s in document["window_seconds"]), document["start"], document["end"])
            whole = bool(prior.window_seconds) and all(0 < s < math.inf for s in prior.window_seconds)
            if whole and Span(prior.start, prior.end).valid and prior.end <= 1:
                return prior
        except (KeyError, TypeError, ValueError):
            pass
        raise UserError(f"{path}: not what bm25 learnt from training answers", "The run is damaged; train again.")

    def span(self, duration: float | None) -> Span:
        """A valid span within ``duration`` (seconds); where that is unknown, the first seconds of the video."""
        if duration is not None and math.isfinite(duration) and duration > 0:
            span = Span(self.start * duration, self.end * duration)
            return span if span.valid else Span(0.0, duration)
        return Span(0.0, self.window_seconds[0])


def learn(train: Split, quantiles: Sequence[float]) -> Prior:
    """The prior of the answers of ``train``: quantiles of their lengths, medians of their relative times.

    What no answer tells keeps its default.
    """
    pairs = [(q.answer, train.videos.get(q.video_id or "")) for q in train.questions if q.answer and q.answer.valid]
    lengths = [answer.length for answer, _ in pairs]
    seconds = tuple(sorted({_seconds(np.quantile(lengths, q)) for q in quantiles})) if lengths else ()
    relative = [
        (answer.start / video.duration, min(1.0, answer.end / video.duration))
        for answer, video in pairs
        if video is not None and video.duration is not None and video.duration > answer.start
    ]
    start, end = (round(float(x), 4) for x in np.median(relative, axis=0)) if relative else (0.0, 1.0)
    return Prior(seconds or DEFAULT_SECONDS, start, end) if start < end else Prior(seconds or DEFAULT_SECONDS)


def _seconds(length: float) -> float:
    """Rounded to 0.1 s for the reader of the run, and never 0."""
    return max(0.1, round(float(length), 1))
