"""Lexical search in a corpus: lists of answers for every track, and rankings of its videos."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from cmivqa_kit.data.types import Question, Split
from cmivqa_kit.data.usual_span import UsualSpan
from cmivqa_kit.data.words import Tokenizer, tokenizer
from cmivqa_kit.errors import UserError
from cmivqa_kit.plugin.types import Candidate, Prediction, Target
from cmivqa_kit.prediction.lexical import lists
from cmivqa_kit.prediction.lexical.index import Index
from cmivqa_kit.prediction.lexical.settings import LexicalSettings


@dataclass(frozen=True, slots=True)
class LexicalSearch:
    """BM25 over whole videos and subtitle windows.

    Attributes:
        settings: how texts become tokens, windows, scores and lists.
        lengths: of the windows, in seconds, where the settings name none.
        usual: the answer where no text helps.
    """

    settings: LexicalSettings
    lengths: tuple[float, ...]
    usual: UsualSpan

    def predictions(self, split: Split, track: Target, limit: int) -> Iterator[Prediction]:
        """One prediction per question of ``split``, in its order; scores fit in memory for one question at a time.

        Raises:
            UserError: no video to choose from, or a Track 1 question without a video.
        """
        tokens = self._tokenizer()
        for question, index in self._indexed(split, tokens):
            answers = self._answers(question, index, tokens(question.text), track, limit)
            yield Prediction(question.id, tuple(answers[:limit]))

    def rankings(self, split: Split, count: int) -> Iterator[Sequence[tuple[str, float]]]:
        """The ``count`` best videos of each question of ``split`` with their scores, best first.

        Raises:
            UserError: no video to choose from.
        """
        tokens = self._tokenizer()
        for question, index in self._indexed(split, tokens):
            words = tokens(question.text)
            scores = self._video_scores(index, index.windows.scores(words), words)
            best = lists.best_first(scores)[:count]
            yield [(index.video_ids[video], float(scores[video])) for video in best.tolist()]

    def _tokenizer(self) -> Tokenizer:
        text = self.settings.text
        return tokenizer(text.segmenter, text.stem, text.stop_words)

    def _indexed(self, split: Split, tokens: Tokenizer) -> Iterator[tuple[Question, Index]]:
        """Every question with the index of what it is asked of: one for all, unless subtitles are per language."""
        languages = {language for video in split.videos.values() for language in video.translations}
        indexes: dict[str | None, Index] = {}
        for question in split.questions:
            language = question.language if question.language in languages else None
            if language not in indexes:
                indexes[language] = self._index(split, language, tokens)
            yield question, indexes[language]

    def _index(self, split: Split, language: str | None, tokens: Tokenizer) -> Index:
        if not split.videos:
            raise UserError(f"split {split.name!r} has no videos to choose from", "Put its subtitle.json beside it.")
        lengths = self.settings.index.window_seconds or self.lengths
        return Index.build(list(split.videos.values()), language, tokens, lengths, self.settings.index, self.usual)

    def _video_scores(self, index: Index, windows: lists.Scores, words: Sequence[str]) -> lists.Scores:
        return lists.video_scores(windows, index.videos.scores(words), index.first, self.settings.lists.video_weight)

    def _answers(
        self, question: Question, index: Index, words: Sequence[str], track: Target, limit: int
    ) -> list[Candidate]:
        windows, settings = index.windows.scores(words), self.settings.lists
        if track == 1:
            return self._in_given_video(question, index, windows, limit)
        if track == 3:
            chosen = lists.list_for_track3(
                windows, index.spans, index.video_of, settings.overlap, settings.spans_per_video
            )
            return _candidates(index, chosen, windows)
        videos = self._video_scores(index, windows, words)
        if track == 2:
            return _candidates(index, lists.list_for_track2(windows, videos, index.first), videos[index.video_of])
        both = lists.list_for_both(windows, videos, index.spans, index.first, index.video_of, settings)
        return _candidates(index, both, windows)

    def _in_given_video(self, question: Question, index: Index, windows: lists.Scores, limit: int) -> list[Candidate]:
        if question.video_id is None:
            raise UserError(f"question {question.id!r}: no video given", "Track 1 asks within a given video.")
        video = index.positions.get(question.video_id)
        if video is None:
            return [Candidate(question.video_id, self.usual.span(None), 0.0)]
        overlap = self.settings.lists.overlap
        chosen = lists.list_for_track1(windows, index.spans, index.first, video, overlap, limit)
        answers = _candidates(index, chosen, windows)
        if answers[0].score > 0:
            return answers
        # Not a word in common: where answers usually lie says more than the first window does.
        usual = Candidate(question.video_id, self.usual.span(index.durations[video]), 0.0)
        return [usual, *(other for other in answers if other.span != usual.span)]


def _candidates(index: Index, chosen: list[int], scores: lists.Scores) -> list[Candidate]:
    ids, video_of = index.video_ids, index.video_of
    return [Candidate(ids[video_of[w]], index.spans[w], round(float(scores[w]), 6)) for w in chosen]
