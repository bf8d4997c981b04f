"""The plug: how a training is made of AssistQ, and how a trained network answers it."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import cast

from torch import nn

from baselines.q2a.answers import scored_questions
from baselines.q2a.division import by_questions, by_videos, with_answers
from baselines.q2a.examples import Example, Examples, build_examples
from baselines.q2a.model import StepNetwork
from baselines.q2a.network import Network
from baselines.q2a.reranker.plug import Q2AReranker, is_reranker, keep_last
from baselines.q2a.settings import LAST, QUESTIONS, TEST, DataSettings, Settings
from baselines.q2a.task import Q2ATask
from cmivqa_kit.bench.contract.types import Benchmark
from cmivqa_kit.bench.tasks.step_choice.annotations import StepAnnotations, read_step_annotations
from cmivqa_kit.bench.tasks.step_choice.encoded import EncodedSplit, open_encoded
from cmivqa_kit.bench.tasks.step_choice.evaluator import StepChoiceEvaluator, loveu_22, loveu_23
from cmivqa_kit.bench.tasks.step_choice.predictions import FILE, write_scored_folders
from cmivqa_kit.bench.tasks.step_choice.splits import SPLITS
from cmivqa_kit.data.types import Split
from cmivqa_kit.errors import UserError
from cmivqa_kit.metrics import means
from cmivqa_kit.neural.networks import new_network
from cmivqa_kit.plugin.types import Plan, Prediction, PredictOptions, Target
from cmivqa_kit.prediction.reranker import Reranker
from cmivqa_kit.runs.device import resolve
from cmivqa_kit.runs.directory import RunDirectory
from cmivqa_kit.runs.settings import Config
from cmivqa_kit.training.trained import NO_DEV, DevEvaluation, TrainedBaseline, Training, drawn

log = logging.getLogger(__name__)
ENCODED = "encoded"  # folder of the features below the data root, unless another is named
ARCHIVE = "submit_test.zip"  # what CodaLab takes
PASSES = 3  # forward and backward; a dev question costs one


class Q2ABaseline(TrainedBaseline[Settings, Network, StepNetwork]):
    """Q2A and its second-place variant on AssistQ; on a corpus of the challenge a re-ranker."""

    name, settings, sizes, reads_text = "q2a", Settings, Network, False

    def __init__(self) -> None:
        super().__init__()
        self._reranker = Q2AReranker()

    def prepare(self, config: Config) -> None:
        """Nothing is fetched here: AssistQ's features are encoded before, and a re-ranker opens its own encoder."""

    def training(self, train: Split, dev: Split | None, run: RunDirectory, settings: Settings) -> Training:
        """A training on a corpus of the challenge: that of the re-ranker.

        Raises:
            UserError: as `Q2AReranker.training`.
        """
        return self._reranker.training(train, dev, run, self._reranker.settings.of(run.config))

    def reads_features(self, config: Config) -> bool:
        """As of the re-ranker."""
        return self._reranker.reads_features(config)

    def fit(self, train: Split, dev: Split | None, run: RunDirectory) -> None:
        """Train the re-ranker.

        Raises:
            UserError: as `Q2AReranker.fit`.
            RunFailed: as there.
        """
        self._reranker.fit(train, dev, run)

    def plan(self, train: Split, dev: Split | None, run: RunDirectory) -> Plan:
        """What `fit` will take.

        Raises:
            UserError: as `fit`.
            RunFailed: the longest list does not fit into memory.
        """
        return self._reranker.plan(train, dev, run)

    def load(self, run: RunDirectory) -> None:
        """Take the network of a run, of whichever of the two tasks.

        Raises:
            UserError: a part is missing or damaged.
        """
        if is_reranker(run):
            self._reranker.load(run)
        else:
            super().load(run)

    def predict(self, split: Split, track: Target, options: PredictOptions) -> Iterator[Prediction]:
        """Predictions for the challenge: there are none without lists of another system."""
        raise UserError("q2a answers no track by itself: it re-ranks lists", "See: cmivqa rerank --help")

    def reranker(self, split: Split, options: PredictOptions) -> Reranker:
        """The re-ranker of the loaded run.

        Raises:
            UserError: the run was trained on AssistQ; or as `Q2AReranker.reranker`.
        """
        if self.run is not None:
            raise UserError(
                f"{self.run.path}: was trained on AssistQ, and re-ranks nothing",
                "Train one on a corpus of the challenge: cmivqa train -m q2a",
            )
        return self._reranker.reranker(split, options)

    def fit_benchmark(self, benchmark: Benchmark, root: Path, run: RunDirectory) -> None:
        """Learn from the training videos, and keep the weights that are best on held-out ones, or the last.

        Raises:
            UserError: files are missing or damaged, or too many questions cannot be learnt from.
            RunFailed: the loss is no number, or memory or disk ran out.
        """
        settings = self.settings.of(run.config)
        training = self.benchmark_training(benchmark, root, run, settings)
        if settings.data.validation == TEST and settings.train.keep != LAST and training.dev.questions:
            log.warning("the test questions choose the weights: what they then score says little (data.validation)")
        training.fit(run, settings)
        keep_last(run, settings.train.keep)

    def benchmark_training(
        self, benchmark: Benchmark, root: Path, run: RunDirectory, settings: Settings
    ) -> Training:  # fmt: skip
        """What `fit_benchmark` trains.

        Raises:
            UserError: as `fit_benchmark`.
        """
        divide = _by_questions if settings.data.validation == QUESTIONS else _by_videos
        examples, truth, asked = divide(benchmark, root, settings, run.seed)
        left_out = sum(examples.dropped.values())
        if left_out > settings.train.max_dropped * (len(examples.usable) + left_out):
            raise UserError(
                f"{root}: {left_out} of {len(examples.usable) + left_out} questions cannot be learnt from "
                f"({', '.join(examples.dropped)})",
                "Mend the annotations, or allow more: --set train.max_dropped=1",
            )
        used = drawn(examples.usable, settings, run)
        evaluation = NO_DEV
        if truth is not None:
            evaluation = dev_evaluation(evaluator_of(benchmark), truth, asked, settings, len(used))
        model = new_network(settings.model.sizes(examples.dim, examples.images), StepNetwork, run)  # type: ignore[type-abstract]
        task = Q2ATask(model, used, settings.train, run.seed, evaluation.figures)
        return Training(task, len(used), len(examples.usable), examples.dropped, evaluation)

    def predict_benchmark(
        self, benchmark: Benchmark, root: Path, split: str, folder: Path, options: PredictOptions
    ) -> Path:  # fmt: skip
        """Score the candidates of a split: ``submit_test.json``, and the zip of it that CodaLab takes.

        Raises:
            UserError: not loaded, or files are missing or damaged.
        """
        if self._reranker.run is not None:
            raise UserError(
                f"{self._reranker.run.path}: was trained to re-rank lists, and does not answer AssistQ",
                "Train one by `bench train`; see: cmivqa bench train --help",
            )
        (loaded, run), settings = self.ready(), self.settings.of(options.config)
        name = split_of(benchmark, split)
        annotations = read_step_annotations(_annotations(root, name), labelled=False)
        examples = build_examples(annotations, _features(root, name, settings.data), labelled=False)
        sizes = loaded.network
        if (examples.dim, examples.images) != (sizes.dim, sizes.num_masks):
            raise UserError(
                f"{run.path}: was trained on features of {sizes.dim} numbers and {sizes.num_masks} pictures of a "
                f"button, not of {examples.dim} and {examples.images}",
                "Encode the folders with the models and the --masks of its training.",
            )
        model = loaded.model.to(resolve(options.device))
        answers = scored_questions(model, examples.usable, settings.decode.history)
        for file in (FILE, ARCHIVE):
            write_scored_folders(folder / file, answers)
        return folder / FILE


def evaluator_of(benchmark: Benchmark) -> StepChoiceEvaluator:
    """The evaluator of a benchmark's year."""
    return loveu_23() if benchmark.name.endswith("23") else loveu_22()


def split_of(benchmark: Benchmark, split: str) -> str:
    """The encoded split that a benchmark calls ``split``: LOVEU'23 asks new questions about the training videos."""
    return "test2023" if split == "test" and benchmark.name.endswith("23") else split


def dev_evaluation(
    evaluator: StepChoiceEvaluator, truth: StepAnnotations, asked: tuple[Example, ...], settings: Settings, used: int
) -> DevEvaluation:  # fmt: skip
    """The benchmark's figures on questions with answers; Recall@1 decides."""

    def figures(model: nn.Module) -> Mapping[str, float]:
        """Figures of a network."""
        answers = scored_questions(cast(StepNetwork, model), asked, settings.decode.history)
        evaluation = evaluator.evaluate(truth, answers)
        return means(evaluation.metrics, evaluation.values)

    return DevEvaluation(figures, len(asked), len(asked) / (PASSES * used))


def _annotations(root: Path, split: str) -> Path:
    path = SPLITS[split].annotations(root)
    if path is None:
        raise UserError(f"{root}: no {' or '.join(SPLITS[split].files)}", "Name the folder that holds it: --data ROOT")
    return path


def _features(root: Path, split: str, settings: DataSettings) -> EncodedSplit:
    home = Path(settings.encoded).expanduser() if settings.encoded else root / ENCODED
    return open_encoded(home, split, settings.qa)


def _by_videos(
    benchmark: Benchmark, root: Path, settings: Settings, seed: int
) -> tuple[Examples, StepAnnotations | None, tuple[Example, ...]]:  # fmt: skip
    """Examples to learn from, and the questions of held-out videos, or of the test videos, with theirs."""
    annotations, features = read_step_annotations(_annotations(root, "train")), _features(root, "train", settings.data)
    test = settings.data.validation == TEST
    learnt, held_out = by_videos(annotations, 0.0 if test else settings.data.held_out, seed)
    examples = build_examples(learnt, features, labelled=True)
    if test:
        name = split_of(benchmark, "test")
        path = SPLITS[name].annotations(root)
        held_out = None if path is None else with_answers(read_step_annotations(path, labelled=False))
        features = _features(root, name, settings.data) if held_out else features
    asked = build_examples(held_out, features, labelled=False).usable if held_out is not None else ()
    return examples, held_out, asked


def _by_questions(
    benchmark: Benchmark, root: Path, settings: Settings, seed: int
) -> tuple[Examples, StepAnnotations | None, tuple[Example, ...]]:  # fmt: skip
    """The same of the paper's split of questions."""
    names = ("train", split_of(benchmark, "test"))
    annotations = [read_step_annotations(_annotations(root, name), labelled=False) for name in names]
    features = [_features(root, name, settings.data) for name in names]
    learnt, held_out = (
        [build_examples(part, own, labelled=True) for part, own in zip(parts, features, strict=True) if part.questions]
        for parts in by_questions(annotations, seed)
    )
    if not learnt or not held_out:
        raise UserError(
            f"{root}: too few questions with answers for data.validation={QUESTIONS}",
            "Give --set data.validation=train",
        )
    truth = by_questions(annotations, seed)[1]
    asked = tuple(example for part in held_out for example in part.usable)
    usable = tuple(example for part in learnt for example in part.usable)
    dropped = Counter[str]()
    for part in learnt:
        dropped.update(part.dropped)
    joined = replace(truth[0], questions=tuple(question for part in truth for question in part.questions))
    return replace(learnt[0], usable=usable, dropped=dropped), joined, asked
