"""From scores to answers: probabilities of videos and spans, lists by expected overlap, fitted temperatures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from baselines.hybrid.corpus import Corpus, Learnt
from baselines.hybrid.settings import DecodeSettings
from baselines.hybrid.untrained import Scored
from cmivqa_kit.data.types import Question
from cmivqa_kit.errors import UserError
from cmivqa_kit.plugin.types import Prediction, Target
from cmivqa_kit.prediction.decoding import Calibration, KnownAnswers, ScoredSpans, candidates
from cmivqa_kit.prediction.expected_overlap import VideoLists


@dataclass(frozen=True, slots=True)
class Decoder:
    """How the scores of a corpus become answers.

    Attributes:
        corpus: that is asked.
        learnt: with the fitted temperatures.
        settings: of lists; a temperature above 0 is taken instead of a fitted one.
    """

    corpus: Corpus
    learnt: Learnt
    settings: DecodeSettings

    def prediction(self, question: Question, scored: Scored, target: Target, limit: int) -> Prediction:
        """The answers to a question, best first.

        Raises:
            UserError: a Track 1 question without a video.
        """
        given = self._given(question) if target == 1 else 0
        return Prediction(question.id, candidates(self.lists(scored), self.corpus.ids, target, limit, given))

    def lists(self, scored: Scored) -> VideoLists:
        """The lists of one question."""
        calibration = calibration_of(self.learnt, self.settings)
        return calibration.lists(scored.videos, lambda video: spans_in(scored, video), self.settings.lists)

    def _given(self, question: Question) -> int:
        if question.video_id is None:
            raise UserError(f"question {question.id!r}: no video given", "Track 1 asks within a given video.")
        return self.corpus.numbers[question.video_id]


def calibration_of(learnt: Learnt, settings: DecodeSettings) -> Calibration:
    """What makes probabilities of scores: temperatures of the settings, where they name one, else fitted ones."""
    return Calibration(
        settings.temperature or learnt.temperature,
        settings.video_temperature or learnt.video_temperature,
        learnt.length,
        settings.length_weight,
    )


def spans_in(scored: Scored, video: int) -> ScoredSpans:
    """The spans of a video with the scores of a question."""
    return ScoredSpans(*scored.spans.of_video(video))


class CorpusAnswers(KnownAnswers):
    """The known answers about a corpus, on which its temperatures are fitted.

    Args:
        learnt: of training answers.
        settings: of lists.
    """

    def __init__(self, learnt: Learnt, settings: DecodeSettings) -> None:
        fitted = learnt.temperature, learnt.video_temperature  # of no setting: those are not learnt
        super().__init__(Calibration(*fitted, learnt.length, settings.length_weight))
        self._learnt = learnt

    def add(self, corpus: Corpus, questions: Sequence[Question], scored: Sequence[Scored]) -> None:
        """Take questions with answers and what is said of them; those about other videos are left out."""
        for question, said in zip(questions, scored, strict=True):
            number, answer = corpus.numbers.get(question.video_id or ""), question.answer
            if number is None or answer is None or not answer.valid:
                continue
            self.add_span(answer, spans_in(said, number))
            self.add_video(number, said.videos)

    def learnt(self) -> Learnt:
        """What was learnt, with these temperatures; as it was where no answer was added."""
        fitted = self.fitted()
        return replace(self._learnt, temperature=fitted.spans, video_temperature=fitted.videos)
