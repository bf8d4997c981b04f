"""The plug: fit, load and predict."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict

from baselines.bm25 import ranking
from baselines.bm25.index import Index
from baselines.bm25.prior import Prior, learn
from baselines.bm25.settings import ListSettings, Settings
from baselines.bm25.text import Tokenizer, tokenizer
from cmivqa_kit.data.types import Question, Split
from cmivqa_kit.errors import UserError
from cmivqa_kit.plugin.types import Candidate, Prediction, PredictOptions, Target
from cmivqa_kit.training.run import RunDirectory

LEARNT = "bm25.json"


class BM25:
    """BM25 over whole videos and subtitle windows.

    It predicts without a run as well: `fit` only learns how long answers are, and where they lie when no text helps.
    """

    def __init__(self) -> None:
        self.prior = Prior()

    def fit(self, train: Split, dev: Split | None, run: RunDirectory) -> None:
        """Learn window lengths (seconds) from the answers of ``train`` and write them into ``run``."""
        self.prior = learn(train, Settings.of(run.config).index.window_quantiles)
        run.write(LEARNT, asdict(self.prior))

    def load(self, run: RunDirectory) -> None:
        """Take what a run learnt.

        Raises:
            UserError: the run lacks it, or it is damaged.
        """
        self.prior = Prior.of(run.read(LEARNT), run.path / LEARNT)

    def predict(self, split: Split, track: Target, options: PredictOptions) -> Iterator[Prediction]:
        """One prediction per question of ``split``, in its order; scores fit in memory for one question at a time.

        Raises:
            UserError: a setting out of its range, no video to choose from, or a Track 1 question without a video.
        """
        settings = Settings.of(options.config)
        tokens = tokenizer(settings.text)
        for question, index in self._indexed(split, tokens, settings):
            answers = self._answers(question, index, tokens, track, settings.lists, options.limit)
            yield Prediction(question.id, tuple(answers[: options.limit]))

    def rank_videos(self, split: Split, count: int, options: PredictOptions) -> Iterator[Sequence[tuple[str, float]]]:
        """The ``count`` best videos of each question, best first: a first stage for systems that score pairs.

        Raises:
            UserError: a setting out of its range, or no video to choose from.
        """
        settings = Settings.of(options.config)
        tokens = tokenizer(settings.text)
        weight = settings.lists.video_weight
        for question, index in self._indexed(split, tokens, settings):
            words = tokens(question.text)
            windows, whole = index.windows.scores(words), index.videos.scores(words)
            scores = ranking.video_scores(windows, whole, index.first, weight)
            best = ranking.best_first(scores)[:count]
            yield [(index.video_ids[video], float(scores[video])) for video in best.tolist()]

    def _indexed(self, split: Split, tokens: Tokenizer, settings: Settings) -> Iterator[tuple[Question, Index]]:
        """Every question with the index of what it is asked of: one for all, unless subtitles are per language."""
        languages = {language for video in split.videos.values() for language in video.translations}
        indexes: dict[str | None, Index] = {}
        for question in split.questions:
            language = question.language if question.language in languages else None
            if language not in indexes:
                indexes[language] = self._index(split, language, tokens, settings)
            yield question, indexes[language]

    def _index(self, split: Split, language: str | None, tokens: Tokenizer, settings: Settings) -> Index:
        if not split.videos:
            raise UserError(f"split {split.name!r} has no videos to choose from", "Put its subtitle.json beside it.")
        lengths = settings.index.window_seconds or self.prior.window_seconds
        return Index.build(list(split.videos.values()), language, tokens, lengths, settings.index, self.prior)

    def _answers(
        self, question: Question, index: Index, tokens: Tokenizer, track: Target, settings: ListSettings, limit: int
    ) -> list[Candidate]:
        words = tokens(question.text)
        windows = index.windows.scores(words)
        spans, video_of, overlap = index.spans, index.video_of, settings.overlap
        if track == 1:
            return self._in_given_video(question, index, windows, overlap, limit)
        if track == 3:
            chosen = ranking.list_for_track3(windows, spans, video_of, overlap, settings.spans_per_video)
            return _candidates(index, chosen, windows)
        videos = ranking.video_scores(windows, index.videos.scores(words), index.first, settings.video_weight)
        if track == 2:
            return _candidates(index, ranking.list_for_track2(windows, videos, index.first), videos[video_of])
        return _candidates(
            index, ranking.list_for_both(windows, videos, spans, index.first, video_of, settings), windows
        )

    def _in_given_video(
        self, question: Question, index: Index, windows: ranking.Scores, overlap: float, limit: int
    ) -> list[Candidate]:
        if question.video_id is None:
            raise UserError(f"question {question.id!r}: no video given", "Track 1 asks within a given video.")
        video = index.positions.get(question.video_id)
        if video is None:
            return [Candidate(question.video_id, self.prior.span(None), 0.0)]
        chosen = ranking.list_for_track1(windows, index.spans, index.first, video, overlap, limit)
        found = _candidates(index, chosen, windows)
        if found[0].score > 0:
            return found
        # Not a word in common: where answers usually lie says more than the first window does.
        usual = Candidate(question.video_id, self.prior.span(index.durations[video]), 0.0)
        return [usual, *(other for other in found if other.span != usual.span)]


def _candidates(index: Index, chosen: list[int], scores: ranking.Scores) -> list[Candidate]:
    ids, video_of = index.video_ids, index.video_of
    return [Candidate(ids[video_of[w]], index.spans[w], round(float(scores[w]), 6)) for w in chosen]
