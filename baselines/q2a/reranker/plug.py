"""How a re-ranker is trained on a corpus of the challenge, loaded, and asked."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from torch import nn

from baselines.q2a.reranker.corpus import CorpusVectors, Rows, TextVectors, with_videos
from baselines.q2a.reranker.network import ENCODER, RerankerNetwork, RerankerSizes
from baselines.q2a.reranker.settings import RerankerSettings
from baselines.q2a.reranker.task import ListScorer, RerankerTask, list_examples
from baselines.q2a.settings import LAST
from cmivqa_kit.data.types import Question, QuestionId, Split
from cmivqa_kit.errors import UserError
from cmivqa_kit.files import atomic_path
from cmivqa_kit.neural.encoders import Encoder, every_text, plain
from cmivqa_kit.neural.networks import new_network
from cmivqa_kit.plugin.types import Prediction, PredictOptions
from cmivqa_kit.prediction.dev_evaluation import dev_subset, evaluate
from cmivqa_kit.prediction.entry_lists import FirstStage, open_first_stage
from cmivqa_kit.prediction.reranker import reranked_lists
from cmivqa_kit.runs.device import resolve
from cmivqa_kit.runs.directory import LAST_WEIGHTS, NETWORK, WEIGHTS, RunDirectory
from cmivqa_kit.training.trained import NO_DEV, DevEvaluation, TrainedBaseline, Training, drawn

PASSES = 3  # forward and backward; a dev question costs one


class Q2AReranker(TrainedBaseline[RerankerSettings, RerankerSizes, RerankerNetwork]):
    """Q2A's network as a re-ranker."""

    name, settings, sizes = "q2a", RerankerSettings, RerankerSizes

    def fit(self, train: Split, dev: Split | None, run: RunDirectory) -> None:
        """Learn from the lists of the training questions; keep the weights that are best on dev, or the last.

        Raises:
            UserError: as `training`.
            RunFailed: the loss is no number, or memory or disk ran out.
        """
        super().fit(train, dev, run)
        keep_last(run, self.settings.of(run.config).train.keep)

    def training(self, train: Split, dev: Split | None, run: RunDirectory, settings: RerankerSettings) -> Training:
        """A training on the lists that a first stage gives for the training questions.

        Raises:
            UserError: the lists, the encoder or the frames cannot be had, or too few questions can be learnt from.
        """
        options = PredictOptions(seed=run.seed, device=run.device)
        stage = open_first_stage(settings.rerank.lists, run.path.parent, "rerank.lists")
        lists = stage.lists(train, options)
        if self.encoder is None:
            self.encoder = settings.open_encoder(every_text(train), run.seed)
        encoder, source = self.encoder, self.row_source(settings, train, run)
        texts = TextVectors(encoder, resolve(run.device))
        features = source.features(train)
        frame_dim = source.size or features.width or texts.size
        examples, dropped = list_examples(
            train, lists, texts.of_texts([question.text for question in train.questions]),
            settings.rerank.least_iou, settings.rerank.candidates,
        )  # fmt: skip
        if not examples:
            raise UserError(
                f"no list of {settings.rerank.lists} has a candidate that meets an answer of {train.name} "
                f"(rerank.least_iou = {settings.rerank.least_iou:g})",
                "Give lists with spans that do: --set rerank.lists=...; or a lower --set rerank.least_iou=0.1",
            )
        used = drawn(examples, settings, run)
        corpus = _corpus(replace(train, features=features), lists, texts, frame_dim, settings)
        evaluation = NO_DEV
        dev_stage = _dev_stage(stage, run, settings)
        if dev is not None and dev_stage is not None:
            dev = replace(dev, features=source.features(dev))
            evaluation = _dev_evaluation(dev, dev_stage, texts, frame_dim, settings, run, len(used))
        own = settings.model.sizes(texts.size, 1)
        sizes = RerankerSizes(**{name: getattr(own, name) for name in own.__slots__},
                              encoder=plain(encoder.config), frame_dim=frame_dim)  # fmt: skip
        model = new_network(sizes, RerankerNetwork, run, encoder, ENCODER)
        task = RerankerTask(model, used, corpus, settings.train, run.seed, evaluation.figures)
        return Training(task, len(used), len(examples), dropped, evaluation)

    def reranker(self, split: Split, options: PredictOptions) -> ListScorer:
        """The re-ranker of the loaded run.

        Raises:
            UserError: not loaded, its features are missing, or there is no such device.
        """
        (loaded, _), settings = self.ready(), self.settings.of(options.config)
        device, network = resolve(options.device), loaded.network
        encoder = Encoder(loaded.model.encoder, network.encoder_config, loaded.tokenizer)
        texts = TextVectors(encoder, device)
        vectors = _by_id(split.questions, texts)
        featured = replace(split, features=self.features(split, options))
        corpus = CorpusVectors(featured, texts, network.frame_dim, settings.rerank.rows)
        return ListScorer(loaded.model.to(device), corpus, vectors)


def keep_last(run: RunDirectory, keep: str) -> None:
    """Let the last weights answer where the setting ``train.keep`` says so."""
    if keep == LAST and run.group.main:
        with atomic_path(run.path / WEIGHTS) as temporary:
            shutil.copyfile(run.path / LAST_WEIGHTS, temporary)


def is_reranker(run: RunDirectory) -> bool:
    """True for a run of a re-ranker: its sizes have a text encoder.

    Raises:
        UserError: its sizes are missing or damaged.
    """
    sizes: Any = run.read(NETWORK)
    return isinstance(sizes, dict) and ENCODER in sizes


def _by_id(questions: Sequence[Question], texts: TextVectors) -> dict[QuestionId, Rows]:
    vectors = texts.of_texts([question.text for question in questions])
    return {question.id: vector for question, vector in zip(questions, vectors, strict=True)}


def _corpus(
    split: Split, lists: Sequence[Prediction], texts: TextVectors, frame_dim: int, settings: RerankerSettings
) -> CorpusVectors:
    """The videos that lists name."""
    named = {candidate.video_id for prediction in lists for candidate in prediction.candidates}
    return CorpusVectors(with_videos(split, named), texts, frame_dim, settings.rerank.rows)


def _dev_stage(stage: FirstStage, run: RunDirectory, settings: RerankerSettings) -> FirstStage | None:
    """The first stage of dev questions; ``None`` where that of training is a file, which answers train alone."""
    if settings.rerank.dev_lists:
        return open_first_stage(settings.rerank.dev_lists, run.path.parent, "rerank.dev_lists")
    return None if stage.file is not None else stage


def _dev_evaluation(
    dev: Split, stage: FirstStage, texts: TextVectors, frame_dim: int, settings: RerankerSettings, run: RunDirectory,
    used: int,
) -> DevEvaluation:  # fmt: skip
    """Tracks 3 and 2 of the re-ranked lists of dev questions; Track 3's Average decides."""
    asked = dev_subset(dev.questions, settings.train.dev_questions, run.seed)
    split = replace(dev, questions=asked)
    lists = stage.lists(split, PredictOptions(seed=run.seed, device=run.device))
    hidden = split.for_prediction(3)
    corpus = _corpus(split, lists, texts, frame_dim, settings)
    vectors = _by_id(asked, texts)

    def figures(model: nn.Module) -> Mapping[str, float]:
        """Figures of a network."""
        network: Any = model
        ordered = reranked_lists(ListScorer(network, corpus, vectors), hidden, lists)
        return evaluate(ordered, asked, (3, 2), run.dev_progress.question)

    return DevEvaluation(figures, len(asked), len(asked) / (PASSES * max(1, used)))
