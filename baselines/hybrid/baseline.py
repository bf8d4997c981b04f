"""The plug: which tier answers, what a run learns without a network, and how every tier is asked. Knows no torch.

The network of the trained tier, and the encoder of the untrained one, are imported where a run has them
(`baselines.hybrid.encoding`, `baselines.hybrid.trained`).
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, replace
from typing import Any, Protocol

from baselines.hybrid import DECLARATION
from baselines.hybrid.corpus import Corpus, Learnt, languages
from baselines.hybrid.decoding import CorpusAnswers, Decoder
from baselines.hybrid.repetition import repeated_config
from baselines.hybrid.settings import AUTO, LEXICAL, TRAINED, UNTRAINED, Settings
from baselines.hybrid.untrained import Scored, UntrainedTier
from cmivqa_kit.data.types import Question, Split
from cmivqa_kit.errors import UserError
from cmivqa_kit.plugin.packages import install_command
from cmivqa_kit.plugin.registry import unusable_packages
from cmivqa_kit.plugin.types import Plan, Prediction, PredictOptions, Report, Target
from cmivqa_kit.prediction.answer_parts import Answering, in_parts
from cmivqa_kit.prediction.function_retriever import FunctionRetriever
from cmivqa_kit.runs.directory import RunDirectory
from cmivqa_kit.runs.settings import Config

log = logging.getLogger(__name__)
LEARNT = "hybrid.json"
QUESTIONS = 4  # whose scores are in memory together


class Tier(Protocol):
    """What scores the spans and videos of a corpus."""

    def scored(self, questions: Sequence[Question]) -> list[Scored]:
        """The scores of each question."""
        ...


Open = Callable[[Corpus], Tier]  # a corpus -> the tier that answers in it
Scoring = Callable[[Sequence[Question]], Iterator[tuple[Question, Decoder, Scored]]]


class LexicalTier:
    """BM25 alone."""

    def __init__(self, corpus: Corpus, settings: Settings) -> None:
        self._tier = UntrainedTier(corpus, None, settings.fusion)

    def scored(self, questions: Sequence[Question]) -> list[Scored]:
        """The scores of each question."""
        return self._tier.scored(questions, None)


class HybridBaseline:
    """The kit's own system for all three tracks."""

    def __init__(self) -> None:
        self.learnt: Learnt | None = None
        self.run: RunDirectory | None = None
        self._neural: Any = None  # what needs torch: an `UntrainedHybrid` or a `TrainedHybrid`

    def prepare(self, config: Config) -> None:
        """Open the pretrained encoder, where the tier has one.

        Raises:
            UserError: it cannot be read or fetched, torch is lacking, or a setting is out of its range.
        """
        settings = Settings.of(config)
        tier = _tier(settings)
        if tier == LEXICAL:
            if settings.model.tier == AUTO:
                missing = unusable_packages(DECLARATION)
                log.warning(
                    "hybrid answers by BM25 alone here: its encoder needs %s (%s)",
                    ", ".join(missing), install_command(missing),
                )  # fmt: skip
            return
        self._neural = _neural(tier)
        self._neural.prepare(config)

    def reads_features(self, config: Config) -> bool:
        """False: it reads what is said, and no features."""
        return False

    def fit(self, train: Split, dev: Split | None, run: RunDirectory) -> None:
        """Learn limits of spans, train where the tier does, and fit the temperatures on ``dev``.

        Raises:
            UserError: the encoder cannot be had, or too few questions can be used.
            RunFailed: the loss is no number, or memory or disk ran out.
        """
        settings = Settings.of(run.config)
        tier = _tier(settings)
        learnt = Learnt.from_answers(train, tier, settings.spans)
        if tier != LEXICAL:
            self._neural = self._neural or _neural(tier)
            self._neural.fit(train, dev, run, learnt)
            learnt = replace(learnt, encoder=self._neural.encoding.stamp)
        if run.group.main:
            known = dev if dev is not None or tier == TRAINED else train  # what was trained on fits too well
            if known is not None:
                with self._threads(run.config):
                    opened = self._opened(run.config, run.device, learnt, run)
                    learnt = _fitted(opened, known, learnt, settings, run.dev_progress.preparation)
            run.write(LEARNT, asdict(learnt))
        self.learnt, self.run = learnt, run

    def plan(self, train: Split, dev: Split | None, run: RunDirectory) -> Plan | None:
        """What `fit` will take; ``None`` for a tier that learns in one pass.

        Raises:
            UserError: as `fit`.
            RunFailed: the largest batch does not fit into memory.
        """
        settings = Settings.of(run.config)
        if _tier(settings) != TRAINED:
            return None
        self._neural = self._neural or _neural(TRAINED)
        plan: Plan = self._neural.plan(train, dev, run, Learnt.from_answers(train, TRAINED, settings.spans))
        return plan

    def repeated(self, run: RunDirectory) -> Config:
        """The settings under which a finished run is trained again on more data (`baselines.hybrid.repetition`).

        Raises:
            UserError: it chose no weights on dev, or a part is damaged.
        """
        return repeated_config(run, Learnt.of(run.read_object(LEARNT), run.path / LEARNT))

    def load(self, run: RunDirectory) -> None:
        """Take what a run learnt, and its networks.

        Raises:
            UserError: a part is missing or damaged, or torch is lacking.
        """
        self.learnt, self.run = Learnt.of(run.read_object(LEARNT), run.path / LEARNT), run
        if self.learnt.tier not in (LEXICAL, UNTRAINED, TRAINED):
            raise UserError(f"{run.path / LEARNT}: damaged (tier {self.learnt.tier!r})", "Train again.")
        if self.learnt.tier != LEXICAL:
            self._neural = _neural(self.learnt.tier)
            self._neural.load(run)

    def predict(self, split: Split, track: Target, options: PredictOptions) -> Iterator[Prediction]:
        """One prediction per question of ``split``, in its order.

        Raises:
            UserError: not loaded, a setting out of its range, no video to choose from, or a Track 1 question without
                a video.
        """
        answers = self.answering(split, track, options)
        for questions in in_parts(split.questions):
            yield from answers(questions)

    def answering(self, split: Split, target: Target, options: PredictOptions) -> Answering:
        """How some questions of ``split`` are answered; its corpus is opened at the first of them.

        Raises:
            UserError: not loaded, or a setting out of its range; and as `predict` where it is asked.
        """
        scored_of = self._scoring(split, options)

        def answers(questions: Sequence[Question]) -> list[Prediction]:
            with self._threads(options.config):
                return [
                    decoder.prediction(question, scored, target, options.limit)
                    for question, decoder, scored in scored_of(questions)
                ]

        return answers

    def retriever(self, options: PredictOptions) -> FunctionRetriever:
        """The retriever of the best videos of each question.

        Raises:
            UserError: not loaded, or a setting out of its range.
        """
        learnt, _ = self._ready()

        def rank(split: Split, count: int) -> Iterator[list[tuple[str, float]]]:
            scored_of = self._scoring(split, options)
            for questions in in_parts(split.questions):
                with self._threads(options.config):
                    for _, decoder, scored in scored_of(questions):
                        best = decoder.lists(scored).order[:count]
                        yield [(decoder.corpus.ids[video], float(scored.videos[video])) for video in best]

        return FunctionRetriever(DECLARATION.name, rank, network=learnt.tier != LEXICAL)

    def _scoring(self, split: Split, options: PredictOptions) -> Scoring:
        learnt, run = self._ready()
        settings = Settings.of(options.config)
        opened = self._opened(options.config, options.device, learnt, run, options.report)
        known: dict[str | None, tuple[Tier, Decoder]] = {}

        def scored(questions: Sequence[Question]) -> Iterator[tuple[Question, Decoder, Scored]]:
            asked = languages(replace(split, questions=tuple(questions)))
            of = {question.id: language for language, some in asked.items() for question in some}
            following = {}
            for language, some in asked.items():
                if language not in known:
                    corpus = Corpus.of(split, language, learnt, settings, options.report)
                    known[language] = opened(corpus), Decoder(corpus, learnt, settings.decode)
                following[language] = _scores(*known[language], some)
            for question in questions:
                yield question, *next(following[of[question.id]])

        return scored

    def _opened(
        self, config: Config, device: str, learnt: Learnt, run: RunDirectory, report: Report | None = None
    ) -> Open:
        """How the tier of a run is opened in a corpus."""
        if learnt.tier == LEXICAL:
            settings = Settings.of(config)
            return lambda corpus: LexicalTier(corpus, settings)
        opened: Open = self._neural.opened(config, device, learnt, report or run.dev_progress.preparation)
        return opened

    def _threads(self, config: Config) -> AbstractContextManager[None]:
        """The CPU threads that the network of a tier has inside."""
        threads: AbstractContextManager[None] = nullcontext() if self._neural is None else self._neural.threads(config)
        return threads

    def _ready(self) -> tuple[Learnt, RunDirectory]:
        if self.learnt is None or self.run is None:
            raise UserError("hybrid answers from a run only", "Train first: cmivqa train -m hybrid")
        return self.learnt, self.run


def _scores(tier: Tier, decoder: Decoder, questions: Sequence[Question]) -> Iterator[tuple[Decoder, Scored]]:
    for begin in range(0, len(questions), QUESTIONS):
        for scored in tier.scored(questions[begin : begin + QUESTIONS]):
            yield decoder, scored


def _fitted(opened: Open, known: Split, learnt: Learnt, settings: Settings, report: Report) -> Learnt:
    """What was learnt, with the temperatures that fit the answers of a split; its first thousand are enough."""
    answers = CorpusAnswers(learnt, settings.decode)
    for language, some in languages(known).items():
        questions = [question for question in some if question.answer is not None][:1000]
        if questions:
            corpus = Corpus.of(known, language, learnt, settings, report)
            tier = opened(corpus)
            for begin in range(0, len(questions), QUESTIONS):
                batch = questions[begin : begin + QUESTIONS]
                answers.add(corpus, batch, tier.scored(batch))
    return answers.learnt()


def _tier(settings: Settings) -> str:
    """The tier that is trained here.

    Raises:
        UserError: it needs packages that are not installed.
    """
    tier = settings.model.tier
    if tier == LEXICAL:
        return tier
    missing = unusable_packages(DECLARATION)
    if tier == AUTO:
        return LEXICAL if missing else TRAINED
    if missing:
        raise UserError(
            f'model.tier = "{tier}" needs {", ".join(missing)}, which cannot be imported here',
            f"Install what it needs: {install_command(missing)}\nBM25 alone needs nothing: --set model.tier=lexical",
        )
    return tier


def _neural(tier: str) -> Any:
    """What a tier with an encoder needs of torch."""
    if tier == TRAINED:
        from baselines.hybrid.trained import TrainedHybrid

        return TrainedHybrid()
    from baselines.hybrid.encoding import UntrainedHybrid

    return UntrainedHybrid()
