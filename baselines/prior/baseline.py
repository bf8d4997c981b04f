"""The plug: two medians over the training answers, applied to the given video's duration."""

from __future__ import annotations

import math
from collections.abc import Iterator

from cmivqa_kit.data.display import target_in_words
from cmivqa_kit.data.types import Split
from cmivqa_kit.data.usual_span import UsualSpan, answered, duration_of, usual_span
from cmivqa_kit.errors import UserError
from cmivqa_kit.plugin.types import Candidate, Prediction, PredictOptions, Target
from cmivqa_kit.prediction.types import PairScorer
from cmivqa_kit.runs.directory import EXAMPLES, RunDirectory

LEARNT = "prior.json"


class PriorOnly:
    """Answers every question with the same part of its video."""

    def __init__(self) -> None:
        self.usual = UsualSpan(0.0, 1.0, 1.0)

    def fit(self, train: Split, dev: Split | None, run: RunDirectory) -> None:
        """Learn the two medians and write them, with the answers used and skipped, into ``run``.

        Raises:
            UserError: no training answer lies in a video of known duration.
        """
        usual = usual_span(train)
        if usual is None:
            used = len(answered(train))
            answers = sum(question.answer is not None and question.answer.valid for question in train.questions)
            raise UserError(
                f"split {train.name!r}: of {answers} answers {used} lie in a video of known duration, "
                "too few to learn when answers start and end",
                "Give annotated questions, and videos with subtitles, features or video files to tell their durations.",
            )
        self.usual = usual
        document = {"start": usual.start, "end": usual.end, "seconds": usual.seconds}
        used, skipped = usual.answers, len(train.questions) - usual.answers
        run.write(EXAMPLES, {"used": used, "usable": used, "dropped": {"no-duration": skipped} if skipped else {}})
        run.write(LEARNT, {**document, "answers": used, "skipped": skipped})

    def load(self, run: RunDirectory) -> None:
        """Take the medians of a run.

        Raises:
            UserError: the run lacks them, or they are damaged.
        """
        document = run.read(LEARNT)
        try:
            start, end, seconds = (float(document[name]) for name in ("start", "end", "seconds"))
        except (LookupError, TypeError, ValueError, OverflowError):
            start, end, seconds = 1.0, 0.0, 0.0
        if not (0 <= start < end <= 1 and 0 < seconds < math.inf):
            raise UserError(f"{run.path / LEARNT}: not a start, an end and seconds", "The run is damaged; train again.")
        self.usual = UsualSpan(start, end, seconds)

    def predict(self, split: Split, track: Target, options: PredictOptions) -> Iterator[Prediction]:
        """One span per question of ``split``, in its order.

        Raises:
            UserError: another track than 1, or a question without its video.
        """
        if track != 1:
            raise UserError(
                f"prior cannot answer {target_in_words(track)} by itself",
                "It only knows times within a given video: --track 1; or behind one that finds it: --retriever bm25",
            )
        for question in split.questions:
            if question.video_id is None:
                raise UserError(f"question {question.id!r}: no video given", "Track 1 asks within a given video.")
            span = self.usual.span(duration_of(split, question.video_id))
            yield Prediction(question.id, (Candidate(question.video_id, span, 0.0),))

    def localizer(self, split: Split, options: PredictOptions) -> PairScorer:
        """The same spans in the videos that a retriever found."""
        from baselines.prior.one_span_scorer import OneSpanScorer  # the engine needs torch; Track 1 does without

        return OneSpanScorer(lambda video: self.usual.span(duration_of(split, video.id)))
