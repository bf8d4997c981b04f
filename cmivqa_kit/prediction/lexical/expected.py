"""Lexical search by expected overlap: BM25 over every span of a corpus, made into probabilities."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cmivqa_kit.data.types import Question, Split
from cmivqa_kit.data.usual_span import UsualSpan
from cmivqa_kit.data.words import tokenizer
from cmivqa_kit.errors import UserError
from cmivqa_kit.plugin.types import Candidate, Prediction, Report, Target, unreported
from cmivqa_kit.prediction.decoding import Calibration, KnownAnswers, ScoredSpans, candidates, to_fit_on
from cmivqa_kit.prediction.lexical.settings import LexicalSettings
from cmivqa_kit.prediction.spans.candidates import SpanCorpus, SpanLimits
from cmivqa_kit.prediction.spans.lexical import SpanBM25
from cmivqa_kit.prediction.spans.scores import SpanScores, look_through

Floats = NDArray[np.float64]
IDF_SECONDS = 30.0  # windows in which terms are counted for their weights: about as long as answers
VIDEO_WEIGHT = 0.1  # of the whole video's BM25 beside its best span's, both unscaled; docs/spec/hybrid.md, section 3
UNFITTED = Calibration(1.2, 1.0)  # docs/spec/hybrid.md, section 5


class Corpus(NamedTuple):
    """The videos of a split in one language: spans, BM25, ids, and the number of each id."""

    spans: SpanCorpus
    bm25: SpanBM25
    ids: tuple[str, ...]
    numbers: dict[str, int]


class Scored(NamedTuple):
    """What is said of a question: the scores of all spans, and of all videos, (V,)."""

    spans: SpanScores
    videos: Floats

    def of_video(self, number: int) -> ScoredSpans:
        """The spans of a video."""
        return ScoredSpans(*self.spans.of_video(number))


@dataclass(frozen=True, slots=True)
class SpanSearch:
    """BM25 over every span.

    Attributes:
        settings: how texts become tokens and scores.
        limits: of the spans.
        usual: the answer where no text helps.
        calibration: of spans and videos.
        report: told while subtitles are read.
    """

    settings: LexicalSettings
    limits: SpanLimits
    usual: UsualSpan
    calibration: Calibration = UNFITTED
    report: Report = unreported

    def predictions(self, split: Split, track: Target, limit: int) -> Iterator[Prediction]:
        """One prediction per question of ``split``, in its order.

        Raises:
            UserError: no video to choose from, or a Track 1 question without a video.
        """
        for question, corpus, scored in self._scored(split):
            given = self._given(question, corpus) if track == 1 else 0
            if track == 1 and (given is None or scored.spans.best[given] <= 0):  # not a word in common
                duration = None if given is None else corpus.spans.videos[given].duration
                usual = Candidate(str(question.video_id), self.usual.span(duration), 0.0)
                yield Prediction(question.id, (usual,))
                continue
            lists = self.calibration.lists(scored.videos, scored.of_video)
            yield Prediction(question.id, candidates(lists, corpus.ids, track, limit, given or 0))

    def rankings(self, split: Split, count: int) -> Iterator[Sequence[tuple[str, float]]]:
        """The ``count`` best videos of each question of ``split`` with their scores, best first.

        Raises:
            UserError: no video to choose from.
        """
        for _, corpus, scored in self._scored(split):
            best = np.argsort(-scored.videos, kind="stable")[:count].tolist()
            yield [(corpus.ids[video], float(scored.videos[video])) for video in best]

    def fitted(self, known: Split, seed: int) -> Calibration:
        """The calibration with the temperatures that fit the answers of a split best (of `to_fit_on`)."""
        answers = KnownAnswers(self.calibration)
        for question, corpus, scored in self._scored(to_fit_on(known, seed)):
            number = corpus.numbers[str(question.video_id)]
            if question.answer is not None:
                answers.add_span(question.answer, scored.of_video(number))
            answers.add_video(number, scored.videos)
        return answers.fitted()

    def _scored(self, split: Split) -> Iterator[tuple[Question, Corpus, Scored]]:
        known = {language for video in split.videos.values() for language in video.translations}
        corpora: dict[str | None, Corpus] = {}
        for question in split.questions:
            language = question.language if question.language in known else None
            if language not in corpora:
                corpora[language] = self._corpus(split, language)
            corpus = corpora[language]
            scores = SpanScores(corpus.spans, corpus.bm25.asked(question.text).bm25)
            look_through(corpus.spans, [scores])
            yield question, corpus, Scored(scores, scores.best + VIDEO_WEIGHT * corpus.bm25.videos([question.text])[0])

    def _corpus(self, split: Split, language: str | None) -> Corpus:
        if not split.videos:
            raise UserError(f"split {split.name!r} has no videos to choose from", "Put its subtitle.json beside it.")
        videos = list(split.videos.values())
        text, index = self.settings.text, self.settings.index
        spans = SpanCorpus.of(videos, language, self.limits, self.usual)
        tokens = tokenizer(text.segmenter, text.stem, text.stop_words)
        bm25 = SpanBM25(spans, tokens, index.k1, index.b, IDF_SECONDS, self.report)
        ids = tuple(video.id for video in videos)
        return Corpus(spans, bm25, ids, {video: number for number, video in enumerate(ids)})

    def _given(self, question: Question, corpus: Corpus) -> int | None:
        if question.video_id is None:
            raise UserError(f"question {question.id!r}: no video given", "Track 1 asks within a given video.")
        return corpus.numbers.get(question.video_id)
