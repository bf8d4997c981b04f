"""One pass of questions over the corpus of a split, in chunks.

A chunk is some neighbouring questions of one language. It depends on the questions and the corpus alone, so a pass that
is resumed, or shared among processes, scores the same batches as one that runs through.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from cmivqa_kit.data.display import short_repr
from cmivqa_kit.data.types import Question, Split, Video
from cmivqa_kit.errors import UserError
from cmivqa_kit.prediction.pairs.batching import Corpus, Ints
from cmivqa_kit.prediction.pairs.engine import Engine, TopK
from cmivqa_kit.prediction.pairs.line_corpus import LineCorpus
from cmivqa_kit.prediction.pairs.pass_options import Chunk, Progress, quiet
from cmivqa_kit.prediction.pairs.ranking import Ranked, RankedCells
from cmivqa_kit.prediction.pairs.video_corpus import VideoCorpus
from cmivqa_kit.prediction.retrieval import ChosenVideos
from cmivqa_kit.prediction.types import EncodedQuestion, Localizer, Scorer

log = logging.getLogger(__name__)
V = TypeVar("V")
SHOWN = 5  # videos named in a warning
PAIRS = 1 << 14  # question-video pairs of a chunk at most, so that memory does not grow with the corpus
ON_CPU = 8192  # padded tokens of a batch; larger ones gain nothing on a CPU
QUESTIONS = 16  # questions whose rows are sorted by length together


class CorpusPass:
    """Questions against the corpus of a split.

    Args:
        scorer: a `PairScorer` or a `Localizer`.
        split: its videos are the corpus.
        questions: what is asked; by default all of the split.
        top_k: how many spans are kept.
        tokens: padded tokens of a batch.
        chosen: which videos a first stage passes on, by default all.
        together: questions of a chunk at most.

    Raises:
        UserError: no video can be scored.
    """

    def __init__(
        self,
        scorer: Scorer,
        split: Split,
        questions: Sequence[Question],
        top_k: TopK,
        tokens: int = ON_CPU,
        chosen: ChosenVideos | None = None,
        together: int = QUESTIONS,
    ) -> None:
        self.scorer, self.split, self.questions = scorer, split, tuple(questions)
        self.top_k, self.tokens, self.chosen, self.together = top_k, tokens, chosen, together
        self._engines: dict[str | None, Engine] = {}
        self._corpora: dict[str | None, Corpus | None] = {}

    @property
    def languages(self) -> list[str | None]:
        """The languages that have a corpus of their own here, in order of appearance."""
        return list(dict.fromkeys(chunk.language for chunk in self.chunks()))

    def use(self, tokens: int) -> None:
        """Set the size of batches: ``tokens`` padded tokens from now on."""
        self.tokens = tokens
        for engine in self._engines.values():
            engine.tokens = tokens

    def engine(self, language: str | None) -> Engine:
        """The engine over what the videos say in ``language``; videos are encoded at first use.

        Raises:
            UserError: no video can be scored.
        """
        if language not in self._engines:
            corpus = self._corpus(language)
            if corpus is None:
                raise self._nothing_usable()
            self._engines[language] = Engine(corpus, self.top_k, self.tokens)
        return self._engines[language]

    def _nothing_usable(self) -> UserError:
        if isinstance(self.scorer, Localizer):
            return UserError(
                f"split {self.split.name!r} has no video in which anything can be found",
                "Give the subtitles or features that the system needs: cmivqa baselines",
            )
        return UserError(
            f"split {self.split.name!r} has no video with usable subtitles", "Put its subtitle.json beside it."
        )

    def has_videos(self, language: str | None) -> bool:
        """True where at least one video can be scored in ``language``."""
        return self._corpus(language) is not None

    def _corpus(self, language: str | None) -> Corpus | None:
        """The videos in ``language`` as the engine takes them; ``None`` where there are none."""
        if language not in self._corpora:
            scorer = self.scorer
            if isinstance(scorer, Localizer):
                inputs = self._usable(scorer.encode_video, language)
                self._corpora[language] = VideoCorpus(scorer, inputs) if inputs else None
            else:
                lines = self._usable(scorer.encode_video, language)
                self._corpora[language] = LineCorpus(scorer, lines) if lines else None
        return self._corpora[language]

    def _usable(self, encode: Callable[[Video, str | None], V | None], language: str | None) -> list[V]:
        """The videos in ``language`` as a scorer keeps them, without those that it leaves out."""
        encoded = {name: encode(video, language) for name, video in self.split.videos.items()}
        usable = [video for video in encoded.values() if video is not None]
        without = [
            name
            for name, video in self.split.videos.items()
            if encoded[name] is None and not video.subtitles_in(language)
        ]
        if without and usable:
            log.warning("%d of %d videos are not scored, having no subtitles: %s",
                        len(without), len(encoded), ", ".join(map(short_repr, without[:SHOWN])))  # fmt: skip
        return usable

    def chunks(self) -> list[Chunk]:
        """All chunks, in the order of the questions."""
        spoken = {language for video in self.split.videos.values() for language in video.translations}
        groups: dict[str | None, list[int]] = {}
        for number, question in enumerate(self.questions):
            groups.setdefault(question.language if question.language in spoken else None, []).append(number)
        size = max(1, min(self.together, PAIRS // max(1, len(self.split.videos))))
        made = [
            (language, tuple(members[at : at + size]))
            for language, members in groups.items()
            for at in range(0, len(members), size)
        ]
        made.sort(key=lambda part: part[1][0])
        return [Chunk(number, language, members) for number, (language, members) in enumerate(made)]

    def tokens_of(self, chunk: Chunk) -> list[EncodedQuestion]:
        """The tokens of the questions of a chunk."""
        return [self.scorer.encode_question(self.questions[number]) for number in chunk.questions]

    def rank(self, chunk: Chunk, progress: Progress = quiet) -> Ranked | RankedCells:
        """Rank the spans of a chunk's questions.

        Raises:
            RunFailed: a score is no number, or memory ran out.
        """
        engine = self.engine(chunk.language)
        return engine.rank(
            [self.questions[number].id for number in chunk.questions],
            self.tokens_of(chunk),
            self._chosen(chunk, engine),
            progress,
        )

    def _chosen(self, chunk: Chunk, engine: Engine) -> list[Ints] | None:
        if self.chosen is None:
            return None
        return [self.chosen.indices(number, engine.corpus.videos) for number in chunk.questions]

    def __iter__(self) -> Iterator[tuple[Chunk, Ranked]]:
        """Yield every chunk with its ranked spans in seconds, in memory only."""
        for chunk in self.chunks():
            ranked = self.rank(chunk)
            yield chunk, self.engine(chunk.language).corpus.in_seconds(ranked)
