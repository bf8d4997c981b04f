"""How NRCCR and MLCMR are trained on a published collection, and how they answer one."""

from __future__ import annotations

from abc import abstractmethod
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from torch import nn

from baselines.nrccr.collection import Collection, Record
from baselines.nrccr.collection_features import Features
from baselines.nrccr.evaluation import Embedded, Network, embed
from baselines.nrccr.examples import Example, RowsOf
from baselines.nrccr.mlcmr import MLCMR
from baselines.nrccr.model import NRCCR
from baselines.nrccr.network import CommonSpace
from baselines.nrccr.settings import DataSettings, RetrievalSettings
from baselines.nrccr.task import RetrievalTask
from baselines.nrccr.texts import Reader
from cmivqa_kit.bench.contract.registry import create_evaluator
from cmivqa_kit.bench.contract.types import Benchmark
from cmivqa_kit.bench.systems.usable import with_features
from cmivqa_kit.data.display import count
from cmivqa_kit.errors import UserError
from cmivqa_kit.neural.encoders import Encoder
from cmivqa_kit.neural.networks import LoadedNetwork, new_network
from cmivqa_kit.plugin.types import PredictOptions
from cmivqa_kit.runs.device import resolve
from cmivqa_kit.runs.directory import RunDirectory
from cmivqa_kit.training.bucketed_task import Figures
from cmivqa_kit.training.trained import DevEvaluation, TrainedBaseline, Training, drawn

NO_FEATURES = "no-features"  # why a caption is left out
BERT = "text_encoder.text_bert.text_bert"  # the network's module that is the pretrained encoder
S = TypeVar("S", bound=RetrievalSettings)
N = TypeVar("N", bound=CommonSpace)
M = TypeVar("M", NRCCR, MLCMR)
C = TypeVar("C", bound=Collection)


class CollectionBaseline(TrainedBaseline[S, N, M]):
    """What both systems do alike on a collection, and what each has of its own.

    Attributes:
        kind: the class of the network.
    """

    kind: ClassVar[type[nn.Module]]

    def collection(self, benchmark: Benchmark, root: Path, settings: S) -> Collection:
        """The files of a benchmark.

        Raises:
            UserError: they are not there.
        """
        return collection_of(Collection, benchmark, root, settings.data)

    @abstractmethod
    def network(self, encoder: Encoder, width: int, settings: S) -> N:
        """The sizes of a new network over rows of a width."""

    def begin(self, model: M, settings: S) -> None:
        """Change the weights that a new network begins with; as they are drawn unless a system says otherwise."""

    @abstractmethod
    def task(
        self, model: M, examples: Sequence[Example], rows_of: RowsOf, encoder: Encoder, settings: S, seed: int,
        figures: Figures,
    ) -> RetrievalTask:  # fmt: skip
        """What the loop trains."""

    @abstractmethod
    def validation(
        self, embedded: Embedded, examples: Sequence[Example], videos: Sequence[str], settings: S
    ) -> Mapping[str, float]:
        """Figures of a validation split, the deciding one first."""

    @abstractmethod
    def write(
        self, embedded: Embedded, captions: Sequence[str], videos: Sequence[str], settings: S, folder: Path
    ) -> Path:
        """Write predictions of a benchmark; what `bench score` takes."""

    def fit_benchmark(self, benchmark: Benchmark, root: Path, run: RunDirectory) -> None:
        """Train on a collection's captions, and keep the weights that are best on its validation split.

        Raises:
            UserError: files are missing or damaged, or too many captions have no features.
            RunFailed: the loss is no number, or memory or disk ran out.
        """
        settings = self.settings.of(run.config)
        collection = self.collection(benchmark, root, settings)
        records, asked = collection.training(), collection.questions(settings.data.validation)
        features, shown = collection.features("train"), collection.features(settings.data.validation)
        usable = with_features(records, features, features.path, settings.train.max_dropped, ("caption", "captions"))
        encoder = self.encoder or settings.open_encoder(_texts(usable), run.seed)
        self.encoder = encoder
        reader = Reader(encoder.reader)
        examples = drawn([collection.example(record, reader) for record in usable], settings, run)
        questions = [collection.example(record, reader, trained=False) for record in asked]
        videos = collection.videos(asked)
        _require_features(videos, shown)

        def figures(model: nn.Module) -> Mapping[str, float]:
            """Validation, in batches of the training's size as published."""
            network: Any = model
            pad = reader.reader.special.pad
            embedded = embed(network, questions, videos, shown.rows, settings.train.batch, pad)
            return self.validation(embedded, questions, videos, settings)

        network = self.network(encoder, features.width, settings)
        model: Any = new_network(network, self.kind, run, encoder, BERT)
        self.begin(model, settings)
        task = self.task(model, examples, features.rows, encoder, settings, run.seed, figures)
        dropped = Counter({NO_FEATURES: len(records) - len(usable)})
        cost = (2 * len(questions) + len(videos)) / (6 * max(1, len(examples)))
        Training(
            task, len(examples), len(usable), +dropped, DevEvaluation(figures, len(questions), cost)
        ).fit(run, settings)  # fmt: skip

    def predict_benchmark(
        self, benchmark: Benchmark, root: Path, split: str, folder: Path, options: PredictOptions
    ) -> Path:  # fmt: skip
        """Embed the captions and videos of a split, and write what `bench score` takes.

        Raises:
            UserError: not loaded, or files are missing or damaged.
        """
        loaded, _ = self.ready()
        settings = self.settings.of(options.config)
        collection = self.collection(benchmark, root, settings)
        records, features = collection.questions(split), collection.features(split)
        videos = collection.videos(records)
        _require_features(videos, features)
        _require_width(features, loaded)
        reader = Reader(loaded.reader)
        examples = [collection.example(record, reader, trained=False) for record in records]
        model: Network = loaded.model.to(resolve(options.device))
        embedded = embed(model, examples, videos, features.rows, settings.decode.batch, reader.reader.special.pad)
        return self.write(embedded, [record.asked.id for record in records], videos, settings, folder)


def collection_of(kind: type[C], benchmark: Benchmark, root: Path, data: DataSettings) -> C:
    """The collection of a benchmark below a data root.

    Raises:
        UserError: it is not there.
    """
    usual = getattr(create_evaluator(benchmark), "collections", ())
    return kind.of(root, data.collection, data.kind, data.feature, data.data_type, data.task, usual)


def _texts(records: Iterable[Record]) -> Iterator[str]:
    for record in records:
        yield from (caption.text for caption in record.captions)


def _require_features(videos: Sequence[str], features: Features) -> None:
    lacking = [video for video in videos if video not in features]
    if lacking:
        raise UserError(
            f"{features.path}: no features of {count(len(lacking), 'video')}: {', '.join(lacking[:5])}",
            "Get the features of all videos that captions ask for.",
        )


def _require_width(features: Features, loaded: LoadedNetwork[Any, Any]) -> None:
    if features.width != loaded.network.visual_feat_dim:
        raise UserError(
            f"{features.path}: rows of {features.width} numbers; the network was trained on rows of "
            f"{loaded.network.visual_feat_dim}",
            "Name the features that it was trained on: --set data.feature=NAME",
        )
