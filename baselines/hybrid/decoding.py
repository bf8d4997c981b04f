"""From scores to answers: probabilities of videos and spans, lists by expected overlap, fitted temperatures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from baselines.hybrid.corpus import Corpus, Learnt
from baselines.hybrid.settings import DecodeSettings
from baselines.hybrid.untrained import Scored
from cmivqa_kit.data.types import Question
from cmivqa_kit.errors import UserError
from cmivqa_kit.plugin.types import Candidate, Prediction, Target
from cmivqa_kit.prediction.expected_overlap import (
    Entry,
    LikelySpans,
    VideoLists,
    likeliest_temperature,
    overlaps,
    softmax,
)

Floats = NDArray[np.float64]


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
        lists = self.lists(scored)
        if target == 1:
            entries = lists.track1(self._given(question), limit)
        elif target == 2:
            entries = lists.track2(limit)
        else:
            entries = lists.track3(limit) if target == 3 else lists.both(limit)
        return Prediction(question.id, tuple(self._candidate(entry) for entry in entries))

    def lists(self, scored: Scored) -> VideoLists:
        """The lists of one question."""
        temperature = self.settings.temperature or self.learnt.temperature

        def likely(number: int) -> LikelySpans:
            spans = scored.spans.of_video(number)
            return LikelySpans.of(spans.start, spans.end, spans.score, temperature, self.settings.reference)

        videos = softmax(scored.videos / (self.settings.video_temperature or self.learnt.video_temperature))
        return VideoLists(videos, likely, self.settings.lists)

    def _candidate(self, entry: Entry) -> Candidate:
        return Candidate(self.corpus.spans.videos[entry.video].id, entry.span, round(entry.worth, 6))

    def _given(self, question: Question) -> int:
        if question.video_id is None:
            raise UserError(f"question {question.id!r}: no video given", "Track 1 asks within a given video.")
        return self.corpus.numbers[question.video_id]


class Temperatures:
    """The temperatures that make known answers likeliest, from one question after the other."""

    def __init__(self) -> None:
        self._spans: list[tuple[Floats, Floats]] = []
        self._videos: list[tuple[Floats, Floats]] = []

    def add(self, corpus: Corpus, questions: Sequence[Question], scored: Sequence[Scored]) -> None:
        """Take questions with answers and what is said of them; those about other videos are left out."""
        for question, said in zip(questions, scored, strict=True):
            number, answer = corpus.numbers.get(question.video_id or ""), question.answer
            if number is None or answer is None or not answer.valid:
                continue
            spans = said.spans.of_video(number)
            sides = np.array([answer.start]), np.array([answer.end])
            self._spans.append((spans.score, overlaps(*sides, spans.start, spans.end)[0]))
            self._videos.append((said.videos, (np.arange(len(said.videos)) == number).astype(float)))

    def fitted(self, learnt: Learnt) -> Learnt:
        """What was learnt, with these temperatures; as it was where no answer was added."""
        spans, videos = likeliest_temperature(self._spans), likeliest_temperature(self._videos)
        return replace(
            learnt,
            temperature=learnt.temperature if spans is None else round(spans, 4),
            video_temperature=learnt.video_temperature if videos is None else round(videos, 4),
        )
