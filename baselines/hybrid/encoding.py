"""The untrained tier: BM25, and an encoder as it is. The encoder lies in the run, its windows in the user's cache."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager

from baselines.hybrid.corpus import Corpus, Learnt
from baselines.hybrid.encoder import Encoding, pretrained, store_encoder, window_vectors
from baselines.hybrid.late import LateInteraction
from baselines.hybrid.settings import Settings
from baselines.hybrid.training_settings import TrainingSettings
from baselines.hybrid.untrained import BestLines, Fusion, Scored, UntrainedTier
from cmivqa_kit.data.types import Question, Split
from cmivqa_kit.neural.encoders import Encoder
from cmivqa_kit.neural.sentence_embedding import SentenceEmbedding, Vectors
from cmivqa_kit.plugin.types import Report
from cmivqa_kit.prediction.spans.scores import Score
from cmivqa_kit.runs.device import threads
from cmivqa_kit.runs.directory import RunDirectory
from cmivqa_kit.runs.settings import Config


class EncodedTier:
    """The untrained tier in one corpus."""

    def __init__(self, corpus: Corpus, embedding: SentenceEmbedding, settings: Settings) -> None:
        self.embedding = embedding
        best_lines: Callable[[Question], BestLines] | None = None
        if settings.fusion.late_weight:
            best_lines = LateInteraction(corpus, embedding, settings.lexical.idf_seconds).best_lines
        self._tier = UntrainedTier(corpus, window_vectors(corpus, embedding, settings), settings.fusion, best_lines)

    def scored(self, questions: Sequence[Question]) -> list[Scored]:
        """The scores of each question."""
        return self._tier.scored(questions, self._vectors(questions))

    def fusions(self, questions: Sequence[Question], said: Sequence[Score]) -> list[Fusion]:
        """BM25 and windows of each question, still to be shown the corpus; ``said`` gives the BM25 of its spans."""
        return self._tier.fusions(questions, said, self._vectors(questions))

    def _vectors(self, questions: Sequence[Question]) -> Vectors:
        return self.embedding.questions([question.text for question in questions])


class UntrainedHybrid:
    """What the untrained tier needs of torch.

    Attributes:
        encoding: the encoder of the run, once one is fitted or loaded.
    """

    encoding: Encoding

    def __init__(self) -> None:
        self.pretrained: Encoder | None = None

    def prepare(self, config: Config) -> None:
        """Open the encoder.

        Raises:
            UserError: it cannot be read or fetched, or a setting is out of its range.
        """
        self.pretrained = pretrained(TrainingSettings.of(config))

    def fit(self, train: Split, dev: Split | None, run: RunDirectory, learnt: Learnt) -> None:
        """Keep the encoder in the run.

        Raises:
            UserError: its code is not the code that the run was begun with.
            RunFailed: the run cannot be written.
        """
        store_encoder(self.pretrained, TrainingSettings.of(run.config), train, run)
        self.load(run)

    def threads(self, config: Config) -> AbstractContextManager[None]:
        """The CPU threads that the network has inside."""
        return threads(TrainingSettings.of(config).cpu_threads)

    def load(self, run: RunDirectory) -> None:
        """Take the encoder of a run.

        Raises:
            UserError: it is damaged, or brings code that was not allowed to run.
        """
        self.encoding = Encoding(run)

    def opened(self, config: Config, device: str, learnt: Learnt, report: Report) -> Callable[[Corpus], EncodedTier]:
        """How the tier is opened in a corpus.

        Raises:
            UserError: no such device.
        """
        settings, embedding = Settings.of(config), self.encoding.embedding(config, device, report)
        return lambda corpus: EncodedTier(corpus, embedding, settings)
