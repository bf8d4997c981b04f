"""One pass of questions over the corpus of a split: what is asked of what, in which chunks.

A chunk is some neighbouring questions of one language. It depends on the questions and the corpus alone, so a pass that
is resumed, or shared among processes, scores the same batches as one that runs through.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence

from cmivqa_kit.data.display import short_repr
from cmivqa_kit.data.types import Question, Split
from cmivqa_kit.errors import UserError
from cmivqa_kit.prediction.first_stage import Chosen
from cmivqa_kit.prediction.pairs.batching import Corpus, Ints
from cmivqa_kit.prediction.pairs.engine import Engine, TopK
from cmivqa_kit.prediction.pairs.pass_options import Chunk, Progress, quiet
from cmivqa_kit.prediction.pairs.ranking import Ranked
from cmivqa_kit.prediction.types import EncodedVideo, PairScorer, TokenIds

log = logging.getLogger(__name__)
SHOWN = 5  # videos named in a warning
PAIRS = 1 << 14  # question-video pairs of a chunk at most, so that memory does not grow with the corpus
ON_CPU = 8192  # padded tokens of a batch; larger ones gain nothing on a CPU
QUESTIONS = 16  # questions whose rows are sorted by length together


class CorpusPass:
    """Questions against the corpus of a split.

    Args:
        scorer: the network.
        split: its videos are the corpus.
        questions: what is asked; by default all of the split.
        kept: how many spans are kept.
        tokens: padded tokens of a batch.
        chosen: which videos a first stage passes on, by default all.
        together: questions of a chunk at most.

    Raises:
        UserError: no video can be scored.
    """

    def __init__(
        self,
        scorer: PairScorer,
        split: Split,
        questions: Sequence[Question],
        kept: TopK,
        tokens: int = ON_CPU,
        chosen: Chosen | None = None,
        together: int = QUESTIONS,
    ) -> None:
        self.scorer, self.split, self.questions = scorer, split, tuple(questions)
        self.kept, self.tokens, self.chosen, self.together = kept, tokens, chosen, together
        self._engines: dict[str | None, Engine] = {}

    @property
    def languages(self) -> list[str | None]:
        """The languages that have a corpus of their own here, in order of appearance."""
        return list(dict.fromkeys(chunk.language for chunk in self.chunks()))

    def use(self, tokens: int) -> None:
        """Batches of ``tokens`` padded tokens from now on."""
        self.tokens = tokens
        for engine in self._engines.values():
            engine.tokens = tokens

    def engine(self, language: str | None) -> Engine:
        """The engine over what the videos say in ``language``; videos are encoded at first use.

        Raises:
            UserError: no video can be scored.
        """
        if language not in self._engines:
            corpus = Corpus(self.videos(language), self.scorer.limit, self.scorer.special_tokens, self.scorer.overlap)
            self._engines[language] = Engine(self.scorer, corpus, self.kept, self.tokens)
        return self._engines[language]

    def videos(self, language: str | None) -> list[EncodedVideo]:
        """The corpus in ``language``, by id, as the scorer keeps it."""
        encoded = {name: self.scorer.encode_video(video, language) for name, video in self.split.videos.items()}
        found = [video for video in encoded.values() if video is not None]
        without = [
            name
            for name, video in self.split.videos.items()
            if encoded[name] is None and not video.subtitles_in(language)
        ]
        if without and found:
            log.warning("%d of %d videos are not scored, having no subtitles: %s",
                        len(without), len(encoded), ", ".join(map(short_repr, without[:SHOWN])))  # fmt: skip
        if not found:
            raise UserError(
                f"split {self.split.name!r} has no video with usable subtitles", "Put its subtitle.json beside it."
            )
        return found

    def chunks(self) -> list[Chunk]:
        """All chunks, in the order of the questions."""
        spoken = {language for video in self.split.videos.values() for language in video.translations}
        groups: dict[str | None, list[int]] = {}
        for place, question in enumerate(self.questions):
            groups.setdefault(question.language if question.language in spoken else None, []).append(place)
        size = max(1, min(self.together, PAIRS // max(1, len(self.split.videos))))
        made = [
            (language, tuple(places[at : at + size]))
            for language, places in groups.items()
            for at in range(0, len(places), size)
        ]
        return [Chunk(number, *one) for number, one in enumerate(sorted(made, key=lambda one: one[1][0]))]

    def tokens_of(self, chunk: Chunk) -> list[TokenIds]:
        """The tokens of its questions."""
        return [self.scorer.encode_question(self.questions[place]) for place in chunk.questions]

    def rank(self, chunk: Chunk, progress: Progress = quiet) -> Ranked:
        """What is kept of a chunk's questions.

        Raises:
            RunFailed: a score is no number, or memory ran out.
        """
        engine = self.engine(chunk.language)
        return engine.rank(
            [self.questions[place].id for place in chunk.questions],
            self.tokens_of(chunk),
            self._chosen(chunk, engine),
            progress,
        )

    def _chosen(self, chunk: Chunk, engine: Engine) -> list[Ints] | None:
        if self.chosen is None:
            return None
        return [self.chosen.indices(place, engine.corpus.videos) for place in chunk.questions]

    def __iter__(self) -> Iterator[tuple[Chunk, Ranked]]:
        """Every chunk and what is kept of it, in memory only."""
        for chunk in self.chunks():
            yield chunk, self.rank(chunk)
