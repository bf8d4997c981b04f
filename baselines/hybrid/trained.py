"""The trained tier: members of an ensemble on the kit's loop, each a run of its own kind inside the run.

The first member lies in the run itself, like the network of any system; others in ``members/2`` and so on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from torch import nn

from baselines.hybrid.corpus import Corpus, Learnt, languages
from baselines.hybrid.decoding import Decoder
from baselines.hybrid.encoder import Encoding, in_order, line_texts, pretrained, store_encoder
from baselines.hybrid.encoding import EncodedTier
from baselines.hybrid.examples import asked_videos
from baselines.hybrid.members import SCHEDULE, member_in, member_run
from baselines.hybrid.model import SpanScorer
from baselines.hybrid.network import FrozenNetwork, TunedNetwork
from baselines.hybrid.settings import Settings
from baselines.hybrid.task import Batches, HybridTask, TokenInputs, VectorInputs
from baselines.hybrid.trained_tier import Member, TrainedTier
from baselines.hybrid.training_settings import TUNED, TrainingSettings
from cmivqa_kit.data.subset import subset
from cmivqa_kit.data.types import Question, Split
from cmivqa_kit.files import sha256
from cmivqa_kit.neural.encoders import Encoder, plain
from cmivqa_kit.neural.networks import LoadedNetwork, load_network, new_network
from cmivqa_kit.neural.sentence_embedding import SentenceEmbedding
from cmivqa_kit.plugin.types import Plan, Prediction, Report, Target
from cmivqa_kit.prediction.dev_evaluation import dev_subset, evaluate
from cmivqa_kit.runs.device import resolve, threads
from cmivqa_kit.runs.directory import NETWORK, WEIGHTS, RunDirectory
from cmivqa_kit.runs.settings import Config
from cmivqa_kit.scoring.official import HEADLINE
from cmivqa_kit.training.loop import LoopSettings, Task
from cmivqa_kit.training.trained import NO_DEV, DevEvaluation, Training
from cmivqa_kit.training.usable_examples import require_enough

DECIDES = "mean of tracks"  # of mIoU, Overall / 4 and Average: what decides which weights are the best


class TrainedHybrid:
    """What the trained tier needs of torch.

    Attributes:
        encoding: the encoder of the run as it was before training, once one is fitted or loaded.
    """

    encoding: Encoding

    def __init__(self) -> None:
        self.pretrained: Encoder | None = None
        self.members: list[tuple[LoadedNetwork[Any, SpanScorer], str]] = []  # with the digest of the weights

    def prepare(self, config: Config) -> None:
        """Open the encoder.

        Raises:
            UserError: it cannot be read or fetched, or a setting is out of its range.
        """
        self.pretrained = pretrained(TrainingSettings.of(config))

    def fit(self, train: Split, dev: Split | None, run: RunDirectory, learnt: Learnt) -> None:
        """Train every member, and keep the weights that are best on ``dev``; goes on from states where there are any.

        Raises:
            UserError: too few questions can be used, or code of the encoder is not what the run was begun with.
            RunFailed: the loss is no number, or memory or disk ran out.
        """
        settings = TrainingSettings.of(run.config)
        with threads(settings.cpu_threads):
            store_encoder(self.pretrained, settings, train, run)
            for member, training, own in Preparation(train, dev, run, learnt, settings).members():
                training.fit(member, own)
        self.load(run)

    def plan(self, train: Split, dev: Split | None, run: RunDirectory, learnt: Learnt) -> Plan:
        """What `fit` will take, measured on a few batches of each member.

        Raises:
            UserError: as `fit`.
            RunFailed: the largest batch does not fit into memory.
        """
        settings = TrainingSettings.of(run.config)
        with threads(settings.cpu_threads):
            store_encoder(self.pretrained, settings, train, run)
            members = Preparation(train, dev, run, learnt, settings).members()
            plans = [training.plan(member, own) for member, training, own in members]
        return replace(
            plans[0],
            steps=sum(plan.steps for plan in plans),
            seconds=sum(plan.seconds for plan in plans),
            memory=max(plan.memory for plan in plans),
        )

    def threads(self, config: Config) -> AbstractContextManager[None]:
        """The CPU threads that the network has inside."""
        return threads(TrainingSettings.of(config).cpu_threads)

    def load(self, run: RunDirectory) -> None:
        """Take the networks of a run.

        Raises:
            UserError: a part is missing or damaged.
        """
        self.encoding = Encoding(run)
        count = len(TrainingSettings.of(run.config).train.members)
        self.members = []
        for number in range(1, count + 1):
            member = member_in(run, number)
            tuned = "encoder" in member.read_object(NETWORK)
            kind: Any = TunedNetwork if tuned else FrozenNetwork
            self.members.append((load_network(member, kind), sha256(member.path / WEIGHTS)))

    def opened(self, config: Config, device: str, learnt: Learnt, report: Report) -> Callable[[Corpus], TrainedTier]:
        """How the tier is opened in a corpus.

        Raises:
            UserError: no such device.
        """
        settings, frozen = Settings.of(config), self.encoding.embedding(config, device, report)

        def embedding(loaded: LoadedNetwork[Any, SpanScorer], digest: str) -> SentenceEmbedding:
            loaded.model.to(resolve(device))
            if not isinstance(loaded.network, TunedNetwork):
                return frozen
            encoder = Encoder(loaded.model.encoder, loaded.network.encoder_config, loaded.tokenizer)
            return SentenceEmbedding(encoder, digest, settings.encoder, resolve(device), report)

        embeddings = [(loaded.model, embedding(loaded, digest)) for loaded, digest in self.members]

        def open_in(corpus: Corpus) -> TrainedTier:
            members = [member_of(model, own, corpus, own.lines(line_texts(corpus))) for model, own in embeddings]
            share = settings.decode.untrained_share
            return TrainedTier(corpus, members, EncodedTier(corpus, frozen, settings) if share else None, settings)

        return open_in


class Preparation:
    """What all members of a training share: corpora, usable questions, the frozen encoder, the dev evaluation."""

    def __init__(
        self, train: Split, dev: Split | None, run: RunDirectory, learnt: Learnt, settings: TrainingSettings
    ) -> None:
        self.settings, self.every, self.run, self.learnt = settings, Settings.of(run.config), run, learnt
        report = run.dev_progress.preparation
        self.encoding = Encoding(run)
        self.embedding = self.encoding.embedding(run.config, run.device, report)
        used = subset(train.questions, settings.train.pairs, f"subset {run.seed}")
        self.corpora = {
            language: Corpus.of(train, language, learnt, self.every, report) for language in languages(train)
        }
        self.dropped: Counter[str] = Counter()
        self.videos = list(asked_videos(replace(train, questions=used), self.corpora, self.dropped))
        require_enough(train, self.videos, self.dropped, settings.train.max_dropped)
        self.usable = len(train.questions) - sum(self.dropped.values())
        self.used = sum(len(video.questions) for video in self.videos)
        self.dev = dev
        self._opened: list[tuple[Corpus, EncodedTier | None, list[Question]]] | None = None

    def members(self) -> Iterator[tuple[RunDirectory, Training, TrainingSettings]]:
        """Each member's run, its training, and the settings with its number of epochs, one after the other."""
        settings = self.settings
        for number, kind in enumerate(settings.train.members, 1):
            member = member_run(self.run, number)
            epochs = settings.train.epochs if kind == TUNED else settings.train.frozen_epochs
            own = replace(settings, table={**settings.table, "epochs": epochs})
            training = self._training(kind, member, epochs)
            yield member, training, _stopping(own, training.task, number, member)

    def _training(self, kind: str, run: RunDirectory, epochs: int) -> Training:
        """The training of one member; its sizes and tokenizer go into its run."""
        encoder, settings = self.encoding.encoder, self.settings
        head = settings.head
        sizes = {name: getattr(head, name) for name in ("projected", "hidden", "context", "product", "dropout")}
        batches = Batches(self.videos, settings.train, run.seed)
        inputs: TokenInputs | VectorInputs
        if kind == TUNED:
            config = {**plain(encoder.config), "_name_or_path": ""}  # it names the folder of this very run
            tuned = TunedNetwork(encoder=config, **sizes)
            model = new_network(tuned, SpanScorer, run, encoder, "encoder")
            inputs = TokenInputs(encoder.reader, self.every.encoder)
        else:
            model = new_network(FrozenNetwork(encoder.config.hidden_size, **sizes), SpanScorer, run)
            lines = {name: dict(self.embedding.lines(line_texts(corpus))) for name, corpus in self.corpora.items()}
            inputs = VectorInputs(lines, self._question_vectors())
        evaluation = self._evaluation()
        task = HybridTask(model, batches, inputs, settings.train, epochs, evaluation.figures)
        return Training(task, self.used, self.usable, self.dropped, evaluation)

    def _question_vectors(self) -> Mapping[str, NDArray[np.float32]]:
        texts = sorted({question.text for video in self.videos for question in video.questions})
        return dict(zip(texts, self.embedding.questions(texts), strict=True))

    def _evaluation(self) -> DevEvaluation:
        if self.dev is None:
            return NO_DEV
        dev = self.dev
        asked = dev_subset(dev.questions, self.settings.train.dev_questions, self.run.seed)

        def figures(model: nn.Module) -> Mapping[str, float]:
            """The mean of all tracks, which decides, then what each track ranks by."""
            return self._figures(cast(SpanScorer, model), replace(dev, questions=asked))

        return DevEvaluation(figures, len(asked), len(dev.videos) / max(1, 3 * len(self.videos)))

    def _figures(self, model: SpanScorer, dev: Split) -> Mapping[str, float]:
        if self._opened is None:
            self._opened = []
            for language, questions in languages(dev).items():
                corpus = Corpus.of(dev, language, self.learnt, self.every)
                share = self.every.decode.untrained_share
                untrained = EncodedTier(corpus, self.embedding, self.every) if share else None
                self._opened.append((corpus, untrained, questions))
        tracks: tuple[Target, ...] = (1, 2, 3)
        answers: dict[Target, list[Prediction]] = {track: [] for track in tracks}
        every: list[Question] = []
        for corpus, untrained, questions in self._opened:
            own = self._embedding_of(model)
            texts = line_texts(corpus)
            lines: Mapping[str, NDArray[np.float16]]
            lines = self.embedding.lines(texts) if own is self.embedding else own.lines_now(texts)
            tier = TrainedTier(corpus, [member_of(model, own, corpus, lines)], untrained, self.every)
            decoder = Decoder(corpus, self.learnt, self.every.decode)
            for question in questions:
                every.append(question)
                (scored,) = tier.scored([question])
                for track in tracks:
                    answers[track].append(decoder.prediction(question, scored, track, 50))
                self.run.dev_progress.question(len(every), len(dev.questions))
        figures = {HEADLINE[t]: evaluate(answers[t], every, (t,))[HEADLINE[t]] for t in (1, 2, 3)} if every else {}
        if not figures:
            return {}
        mean = (figures[HEADLINE[1]] / 100 + figures[HEADLINE[2]] / 4 + figures[HEADLINE[3]]) / 3
        return {DECIDES: mean, **figures}

    def _embedding_of(self, model: SpanScorer) -> SentenceEmbedding:
        """How a network in training embeds: by the encoder that it trains, or by the frozen one."""
        if not hasattr(model, "encoder"):
            return self.embedding
        encoder = replace(self.encoding.encoder, model=model.encoder)
        return SentenceEmbedding(encoder, "", self.every.encoder, next(model.parameters()).device)


def _stopping(settings: TrainingSettings, task: Task, number: int, member: RunDirectory) -> TrainingSettings:
    """The settings of a member with the steps after which it stops; its whole schedule is written into its run."""
    whole = LoopSettings.of({**settings.table, "max_steps": 0}).steps(task)
    if member.group.main:
        member.write(SCHEDULE, {"steps": whole})
    shares = settings.train.stop_after
    if not shares:
        return settings
    return replace(settings, table={**settings.table, "max_steps": max(1, round(shares[number - 1] * whole))})


def member_of(
    model: SpanScorer, embedding: SentenceEmbedding, corpus: Corpus, lines: Mapping[str, NDArray[np.float16]]
) -> Member:
    """A network in a corpus whose lines are embedded."""
    rows = in_order(lines, corpus, embedding.size)
    return Member(model.head.eval(), rows, lambda some: embedding.questions([question.text for question in some]))
