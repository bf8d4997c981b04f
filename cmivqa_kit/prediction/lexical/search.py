"""Lexical search in a corpus: lists of answers for every track, and rankings of its videos."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass

from cmivqa_kit.data.types import Question, Split
from cmivqa_kit.data.usual_span import UsualSpan
from cmivqa_kit.data.words import Tokenizer, tokenizer
from cmivqa_kit.errors import UserError
from cmivqa_kit.plugin.types import Candidate, Prediction, Report, Target, unreported
from cmivqa_kit.prediction.lexical import lists
from cmivqa_kit.prediction.lexical.index import Index, ReadCorpus
from cmivqa_kit.prediction.lexical.index_cache import read_once
from cmivqa_kit.prediction.lexical.scorer import Scores
from cmivqa_kit.prediction.lexical.settings import LexicalSettings


@dataclass(frozen=True, slots=True)
class LexicalSearch:
    """BM25 over whole videos and subtitle windows.

    Attributes:
        settings: how texts become tokens, windows, scores and lists.
        lengths: of the windows, in seconds, where the settings name none.
        usual: the answer where no text helps.
        report: told while subtitles are read.
    """

    settings: LexicalSettings
    lengths: tuple[float, ...]
    usual: UsualSpan
    report: Report = unreported

    def predictions(self, split: Split, track: Target, limit: int) -> Iterator[Prediction]:
        """One prediction per question of ``split``, in its order; scores fit in memory for one question at a time.

        Raises:
            UserError: no video to choose from, or a Track 1 question without a video.
        """
        for question, index, windows, whole in self._scored(split):
            answers = self._answers(question, index, windows, whole, track, limit)
            yield Prediction(question.id, tuple(answers[:limit]))

    def rankings(self, split: Split, count: int) -> Iterator[Sequence[tuple[str, float]]]:
        """The ``count`` best videos of each question of ``split`` with their scores, best first.

        Raises:
            UserError: no video to choose from.
        """
        for _, index, windows, whole in self._scored(split):
            scores = self._video_scores(index, windows, whole)
            best = lists.best_first(scores)[:count]
            yield [(index.video_ids[video], float(scores[video])) for video in best.tolist()]

    def _tokenizer(self) -> Tokenizer:
        text = self.settings.text
        return tokenizer(text.segmenter, text.stem, text.stop_words)

    def _scored(self, split: Split) -> Iterator[tuple[Question, Index, Scores, Scores]]:
        """Every question with the index of what it is asked of, and the scores of its windows and its whole videos.

        There is one index for all questions, unless subtitles are per language.
        """
        languages = {language for video in split.videos.values() for language in video.translations}
        asked: dict[str | None, list[Question]] = {}
        for question in split.questions:
            asked.setdefault(question.language if question.language in languages else None, []).append(question)
        tokens = self._tokenizer()
        scored: dict[str | None, Iterator[tuple[Index, Scores, Scores]]] = {}
        for question in split.questions:
            language = question.language if question.language in languages else None
            if language not in scored:
                words = [tokens(other.text) for other in asked[language]]
                scored[language] = _scores(self._index(split, language, tokens), words)
            yield question, *next(scored[language])

    def _index(self, split: Split, language: str | None, tokens: Tokenizer) -> Index:
        if not split.videos:
            raise UserError(f"split {split.name!r} has no videos to choose from", "Put its subtitle.json beside it.")
        lengths = self.settings.index.window_seconds or self.lengths
        videos, step = list(split.videos.values()), self.settings.index.window_step

        def read() -> ReadCorpus:
            return ReadCorpus.of(videos, language, tokens, lengths, step, self.usual, self.report)

        corpus = read_once(read, videos, language, [asdict(self.settings.text), lengths, step, asdict(self.usual)])
        return Index.of(videos, corpus, self.settings.index)

    def _video_scores(self, index: Index, windows: Scores, whole: Scores) -> Scores:
        return lists.video_scores(windows, whole, index.first, self.settings.lists.video_weight)

    def _answers(
        self, question: Question, index: Index, windows: Scores, whole: Scores, track: Target, limit: int
    ) -> list[Candidate]:
        settings = self.settings.lists
        if track == 1:
            return self._in_given_video(question, index, windows, limit)
        if track == 3:
            chosen = lists.list_for_track3(
                windows, index.spans, index.video_of, settings.overlap, settings.spans_per_video
            )
            return _candidates(index, chosen, windows)
        videos = self._video_scores(index, windows, whole)
        if track == 2:
            return _candidates(index, lists.list_for_track2(windows, videos, index.first), videos[index.video_of])
        both = lists.list_for_both(windows, videos, index.spans, index.first, index.video_of, settings)
        return _candidates(index, both, windows)

    def _in_given_video(self, question: Question, index: Index, windows: Scores, limit: int) -> list[Candidate]:
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


def _scores(index: Index, questions: Sequence[Sequence[str]]) -> Iterator[tuple[Index, Scores, Scores]]:
    scores = zip(index.windows.scores_of_all(questions), index.videos.scores_of_all(questions), strict=True)
    return ((index, windows, whole) for windows, whole in scores)


def _candidates(index: Index, chosen: list[int], scores: Scores) -> list[Candidate]:
    ids, video_of = index.video_ids, index.video_of
    return [Candidate(ids[video_of[w]], index.spans[w], round(float(scores[w]), 6)) for w in chosen]
