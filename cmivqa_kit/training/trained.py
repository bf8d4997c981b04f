"""What every trained baseline does alike: it is prepared, fitted on the kit's loop, planned, loaded from a run.

A system gives its own parts alone: the classes of its settings and of its network's sizes, and `training`: examples,
network, loss and dev evaluation. A text encoder, a tokenizer and made features are optional pieces.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Generic, TypeVar

from torch import nn

from cmivqa_kit.data.features import SplitFeatures
from cmivqa_kit.data.subset import subset
from cmivqa_kit.data.types import Split
from cmivqa_kit.errors import UserError
from cmivqa_kit.neural.deberta import accelerate_encoder
from cmivqa_kit.neural.encoders import Encoder, every_text
from cmivqa_kit.neural.feature_sources import FeatureSource, JoinedSource, source_for, source_of
from cmivqa_kit.neural.networks import LoadedNetwork, NetworkSizes, load_network
from cmivqa_kit.neural.planned_embedding import PlannedEmbedding
from cmivqa_kit.neural.settings import SystemSettings, TextSystemSettings
from cmivqa_kit.neural.stored_features import FeatureFiles
from cmivqa_kit.neural.subtitle_embedding import EMBEDDED, SubtitleEmbedding
from cmivqa_kit.plugin.types import Plan, PredictOptions
from cmivqa_kit.runs.device import threads
from cmivqa_kit.runs.directory import EXAMPLES, RunDirectory, has_state
from cmivqa_kit.runs.settings import Config
from cmivqa_kit.training.bucketed_task import Figures
from cmivqa_kit.training.loop import LoopSettings, Task, train_loop
from cmivqa_kit.training.plan import plan_of

E = TypeVar("E")
S = TypeVar("S", bound=SystemSettings)
N = TypeVar("N", bound=NetworkSizes)
M = TypeVar("M", bound=nn.Module)


def no_figures(model: nn.Module) -> Mapping[str, float]:
    """The dev metrics of a training without a dev split: none."""
    return {}


@dataclass(frozen=True, slots=True)
class DevEvaluation:
    """The dev evaluation of a training.

    Attributes:
        figures: dev metrics of a network, the deciding one first.
        questions: how many are asked each time.
        epochs: what one evaluation costs, in epochs of the training.
    """

    figures: Figures = no_figures
    questions: int = 0
    epochs: float = 0.0


NO_DEV = DevEvaluation()


@dataclass(frozen=True, slots=True)
class Training:
    """A training that can begin: its task, what it was made of, and the dev evaluation.

    Its examples may be those of a `Split`, or the records of a benchmark: nothing here asks where they come from.

    Attributes:
        task: what the loop trains.
        used: examples that are trained on.
        usable: examples that could be.
        dropped: questions left out, by reason.
        dev: `NO_DEV` without a dev split.
    """

    task: Task
    used: int
    usable: int
    dropped: Mapping[str, int]
    dev: DevEvaluation = NO_DEV

    def fit(self, run: RunDirectory, settings: SystemSettings) -> None:
        """Train, and keep the weights that are best on dev; goes on from the run's state if it has one.

        Raises:
            UserError: settings that do not go with the task.
            RunFailed: the loss is no number, or memory or disk ran out.
        """
        run.write(EXAMPLES, {"used": self.used, "usable": self.usable, "dropped": dict(self.dropped)})
        with threads(settings.cpu_threads):
            train_loop(self.task, run, LoopSettings.of(settings.table), resume=has_state(run.path))

    def plan(self, run: RunDirectory, settings: SystemSettings) -> Plan:
        """What `fit` will take, measured on a few batches; the weights change.

        Raises:
            UserError: settings that do not go with the task.
            RunFailed: the longest example does not fit into memory.
        """
        with threads(settings.cpu_threads):
            return plan_of(
                self.task, LoopSettings.of(settings.table), run.device, usable=self.usable, pairs=self.used,
                dropped=self.dropped, asked=self.dev.questions, evaluation=self.dev.epochs,
            )  # fmt: skip


class TrainedBaseline(ABC, Generic[S, N, M]):
    """The plug of a baseline that is trained on the kit's loop; a system adds `training` and how it answers.

    Attributes:
        name: of the system.
        settings: the class of its settings.
        sizes: the class of its ``network.json``.
        reads_text: a run without a tokenizer cannot answer.
        loaded: the network of the run, once one is loaded.
        run: that run.
        encoder: the text encoder before it is trained, where there is one and it was opened already.
    """

    name: ClassVar[str]
    settings: type[S]
    sizes: type[N]
    reads_text: ClassVar[bool] = True

    def __init__(self) -> None:
        self.loaded: LoadedNetwork[N, M] | None = None
        self.run: RunDirectory | None = None
        self.encoder: Encoder | None = None
        self._faster = ExitStack()
        self._planned: list[PlannedEmbedding] | None = None  # a list while a training is only planned

    @abstractmethod
    def training(self, train: Split, dev: Split | None, run: RunDirectory, settings: S) -> Training:
        """Examples, network, task and dev evaluation of a training.

        Raises:
            UserError: something cannot be had, a setting is out of its range, or too few questions can be used.
        """

    def prepare(self, config: Config) -> None:
        """Open the pretrained encoder, where there is one; the small one of ``tiny`` is made from the corpus later.

        Raises:
            UserError: it cannot be read or fetched, or a setting is out of its range.
        """
        settings = self.settings.of(config)
        self.encoder = settings.pretrained()
        if settings.feature_source is not None:
            settings.feature_source.prepare()

    def reads_features(self, config: Config) -> bool:
        """False where the rows are made of the subtitles."""
        source = self.settings.of(config).feature_source
        return source is None or source.name != EMBEDDED

    def fit(self, train: Split, dev: Split | None, run: RunDirectory) -> None:
        """Train on ``train``, keep the weights that are best on ``dev``; goes on from the run's state if it has one.

        Raises:
            UserError: as `training`.
            RunFailed: the loss is no number, or memory or disk ran out.
        """
        settings = self.settings.of(run.config)
        self.training(train, dev, run, settings).fit(run, settings)

    def plan(self, train: Split, dev: Split | None, run: RunDirectory) -> Plan:
        """What `fit` will take, measured on a few batches; subtitles that it embeds first are counted.

        Raises:
            UserError: as `training`.
            RunFailed: the longest example does not fit into memory.
        """
        settings = self.settings.of(run.config)
        planned: list[PlannedEmbedding] = []
        self._planned = planned
        try:
            training = self.training(train, dev, run, settings)
        finally:
            self._planned = None
        embedding = sum(source.seconds() for source in planned)  # as many threads as `fit` embeds with
        plan = training.plan(run, settings)
        return replace(plan, seconds=plan.seconds + embedding)

    def load(self, run: RunDirectory) -> None:
        """Take the network and the tokenizer of a run.

        Raises:
            UserError: a part is missing or damaged, or the run has no tokenizer where one is needed.
        """
        loaded: LoadedNetwork[N, Any] = load_network(run, self.sizes)
        if self.reads_text and loaded.tokenizer is None:
            raise UserError(
                f"{run.path}: the run has no tokenizer",
                "Convert the checkpoint again with --tokenizer DIR (the folder with its vocab.txt or spm.model).",
            )
        self.loaded, self.run = loaded, run

    def ready(self) -> tuple[LoadedNetwork[N, M], RunDirectory]:
        """The network of the run that answers, and the run.

        Raises:
            UserError: none is loaded.
        """
        if self.loaded is None or self.run is None:
            raise UserError(f"{self.name} answers from a run only", f"Train first: cmivqa train -m {self.name}")
        return self.loaded, self.run

    def accelerate(self, encoder: nn.Module, attention: str) -> None:
        """Let the text encoder of the loaded network attend faster (`accelerate_encoder`) from now on.

        Args:
            encoder: with its weights, on its device: the caches of an earlier call belong to those of that moment.
            attention: the setting ``decode.attention``.

        Raises:
            UserError: this encoder cannot.
        """
        self._faster.close()
        self._faster.enter_context(accelerate_encoder(encoder, attention))

    def text_encoder(self, settings: TextSystemSettings, train: Split, run: RunDirectory) -> Encoder:
        """The text encoder before it is trained: the pretrained one, or that of ``tiny``, made from the corpus.

        Raises:
            UserError: it cannot be read or fetched.
        """
        if self.encoder is None:
            self.encoder = settings.open_encoder(every_text(train), run.seed)
        return self.encoder

    def row_source(self, settings: SystemSettings, train: Split, run: RunDirectory) -> FeatureSource:
        """Where the visual rows of a training come from; all processes that train together have to call it.

        Raises:
            UserError: subtitles are to be embedded and cannot be.
            RunFailed: the run cannot be written.
        """
        if settings.feature_source is None:
            return FeatureFiles(needed=False)
        source = source_for(settings.feature_source, train, self.encoder, run)
        embedding = source.embedding if isinstance(source, JoinedSource) else source
        if self._planned is None or not isinstance(embedding, SubtitleEmbedding):
            return source
        planned = PlannedEmbedding(embedding)
        self._planned.append(planned)
        return replace(source, embedding=planned) if isinstance(source, JoinedSource) else planned

    def features(self, split: Split, options: PredictOptions) -> SplitFeatures:
        """The features of a split, from the source that the loaded run was trained with.

        Raises:
            UserError: no run is loaded, its encoder is damaged, or there is no such device.
        """
        return source_of(self.ready()[1], options.device).features(split)


def drawn(examples: Sequence[E], settings: SystemSettings, run: RunDirectory) -> tuple[E, ...]:
    """The examples that are trained on: all of them, or as many as ``train.pairs`` says, drawn once by the seed."""
    return subset(examples, settings.train.pairs, f"subset {run.seed}")
