"""The plug: two medians over the training answers, applied to the given video's duration."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterator

from cmivqa_kit.data.span import Span
from cmivqa_kit.data.types import Split
from cmivqa_kit.errors import UserError
from cmivqa_kit.plugin.types import Candidate, Prediction, PredictOptions, Target
from cmivqa_kit.prediction.types import PairScorer
from cmivqa_kit.training.run import RunDirectory

LEARNT = "prior.json"


class PriorOnly:
    """Answers every question with the same part of its video.

    ``start`` and ``end`` are parts of the duration; ``seconds`` is the median end of the training answers in seconds,
    for a video of unknown duration.
    """

    def __init__(self) -> None:
        self.start, self.end, self.seconds = 0.0, 1.0, 1.0

    def fit(self, train: Split, dev: Split | None, run: RunDirectory) -> None:
        """Learn the two medians and write them, with the answers used and skipped, into ``run``.

        Raises:
            UserError: no training answer lies in a video of known duration.
        """
        answers = [(q.answer, q.video_id) for q in train.questions if q.answer is not None and q.answer.valid]
        usable: list[tuple[Span, float]] = []
        for answer, video_id in answers:
            duration = _duration(train, video_id)
            if duration is not None:
                usable.append((answer, duration))
        start = statistics.median([min(1.0, a.start / d) for a, d in usable]) if usable else 1.0
        end = statistics.median([min(1.0, a.end / d) for a, d in usable]) if usable else 0.0
        if not start < end:
            raise UserError(
                f"split {train.name!r}: of {len(answers)} answers {len(usable)} lie in a video of known duration, "
                "too few to learn when answers start and end",
                "Give annotated questions, and videos with subtitles, features or video files to tell their durations.",
            )
        self.start, self.end, self.seconds = start, end, statistics.median([a.end for a, _ in usable])
        document = {"start": start, "end": end, "seconds": self.seconds}
        run.write(LEARNT, {**document, "answers": len(usable), "skipped": len(train.questions) - len(usable)})

    def load(self, run: RunDirectory) -> None:
        """Take the medians of a run.

        Raises:
            UserError: the run lacks them, or they are damaged.
        """
        document = run.read(LEARNT)
        try:
            start, end, seconds = (float(document[name]) for name in ("start", "end", "seconds"))
        except (KeyError, TypeError, ValueError):
            start, end, seconds = 1.0, 0.0, 0.0
        if not (0 <= start < end <= 1 and 0 < seconds < math.inf):
            raise UserError(f"{run.path / LEARNT}: not a start, an end and seconds", "The run is damaged; train again.")
        self.start, self.end, self.seconds = start, end, seconds

    def predict(self, split: Split, track: Target, options: PredictOptions) -> Iterator[Prediction]:
        """One span per question of ``split``, in its order.

        Raises:
            UserError: another track than 1, or a question without its video.
        """
        if track != 1:
            raise UserError(
                f"prior cannot answer Track {track} by itself",
                "It only knows times within a given video: --track 1; or behind one that finds it: --retriever bm25",
            )
        for question in split.questions:
            if question.video_id is None:
                raise UserError(f"question {question.id!r}: no video given", "Track 1 asks within a given video.")
            span = self._span(_duration(split, question.video_id))
            yield Prediction(question.id, (Candidate(question.video_id, span, 0.0),))

    def localizer(self, split: Split, options: PredictOptions) -> PairScorer:
        """The same spans in the videos that a retriever found."""
        from baselines.prior.usual_span import UsualSpan  # the engine needs torch; Track 1 does without

        return UsualSpan(lambda video: self._span(_duration(split, video.id)))

    def _span(self, duration: float | None) -> Span:
        return Span(0.0, self.seconds) if duration is None else Span(self.start * duration, self.end * duration)


def _duration(split: Split, video_id: str | None) -> float | None:
    video = split.videos.get(video_id or "")
    duration = video.duration if video is not None else None
    return duration if duration is not None and math.isfinite(duration) and duration > 0 else None
