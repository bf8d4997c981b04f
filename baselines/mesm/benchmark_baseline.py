"""A training on a benchmark of moments, and how a trained network answers one."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import cast

import numpy as np
from torch import Tensor, nn

from baselines.mesm.answering import AnswerRules, answers
from baselines.mesm.clip_weights import clip_weights
from baselines.mesm.examples import by_video, gathered
from baselines.mesm.inputs import Clips, Sentences, open_features
from baselines.mesm.model import MESM
from baselines.mesm.network import CLIP, GLOVE, PRETRAINED, QVHIGHLIGHTS, Network, sizes_of
from baselines.mesm.predictions import write_predictions
from baselines.mesm.settings import ENCODERS, FIRST_SPLIT, STORED, DecodeSettings, Settings, TextSettings
from baselines.mesm.stored_words import StoredText
from baselines.mesm.task import MESMTask
from baselines.mesm.text import FOLDER, Text, open_text, text_of
from cmivqa_kit.bench.contract.registry import create_evaluator
from cmivqa_kit.bench.contract.types import Benchmark
from cmivqa_kit.bench.systems.usable import with_features
from cmivqa_kit.bench.tasks.moments.evaluator import MomentEvaluator, ranged_values
from cmivqa_kit.bench.tasks.moments.official import mesm_numbers
from cmivqa_kit.bench.tasks.moments.types import MomentQuery, without_problems
from cmivqa_kit.data.subset import subset
from cmivqa_kit.errors import UserError
from cmivqa_kit.metrics.benchmarks.moments import moments
from cmivqa_kit.neural.networks import new_network
from cmivqa_kit.plugin.types import PredictOptions
from cmivqa_kit.runs.device import resolve
from cmivqa_kit.runs.directory import RunDirectory
from cmivqa_kit.training.bucketed_task import Figures
from cmivqa_kit.training.trained import DevEvaluation, TrainedBaseline, Training

VECTOR = 300  # numbers of a vector of glove.pkl
NO_FEATURES = "no-features"  # why a query is left out
RECALLS = (0.3, 0.5, 0.7)  # overlaps of the recalls that are told at validation


class BenchmarkBaseline(TrainedBaseline[Settings, Network, MESM]):
    """What is its own on the benchmarks of moments."""

    name, settings, sizes, reads_text = "mesm", Settings, Network, False

    def load(self, run: RunDirectory) -> None:
        """Take the network of a run, of a benchmark or of the challenge.

        Raises:
            UserError: a part is missing or damaged.
        """
        self.sizes = sizes_of(run)
        super().load(run)

    def fit_benchmark(self, benchmark: Benchmark, root: Path, run: RunDirectory) -> None:
        """Train on the moments of a benchmark, and keep the weights that are best on validation.

        Raises:
            UserError: files are missing or damaged, or too many queries have no features.
            RunFailed: the loss is no number, or memory or disk ran out.
        """
        settings = self.settings.of(run.config)
        evaluator = _evaluator(benchmark)
        clips = _clips(benchmark, root, settings)
        annotated, most = _queries(evaluator, root, "train"), settings.train.max_dropped
        described = with_features(annotated, clips, clips.store.path, most, ("query", "queries"))
        usable, asked = learnt_and_asked(described, evaluator, benchmark, root, settings, run.seed)
        clips.require(asked)
        used = subset(usable, settings.train.pairs, f"subset {run.seed}")
        asked = subset(asked, settings.train.dev_questions, f"dev {run.seed}")
        sentences_learnt = [query.text for query in usable]
        text, table = _text(settings.text, usable, asked, run.seed)
        labels = text.labels(sentences_learnt, settings.text)
        words = text.width if isinstance(text, StoredText) else VECTOR if table is None else table.shape[1]
        network = _sizes(settings, clips.width, words, benchmark, len(labels.classes), table)
        model = new_network(network, MESM, run)
        _fill_text_encoder(model, settings.text, table)
        if run.group.main:
            (run.path / FOLDER).mkdir(exist_ok=True)
            text.save(run.path / FOLDER)
        model.to(resolve(run.device))
        reader = text.reader(settings.text.longest, settings.text.words, labels, settings.text.tags)
        sentences = Sentences(reader, model)
        sentences.of([query.text for query in (*used, *asked)])  # in this order: a training that goes on has them alike
        items = gathered(by_video(used, settings.data.clip), settings.data.gather, np.random.default_rng(run.seed))
        figures = _validation(evaluator, asked, clips, sentences, settings)
        task = MESMTask(model, items, clips, sentences, settings, run.seed, figures)
        dropped = Counter({NO_FEATURES: sum(query.video not in clips for query in annotated)})
        evaluation = DevEvaluation(figures, len(asked), len(asked) / (3 * max(1, len(used))))
        Training(task, len(used), len(usable), +dropped, evaluation).fit(run, settings)

    def predict_benchmark(
        self, benchmark: Benchmark, root: Path, split: str, folder: Path, options: PredictOptions
    ) -> Path:
        """Answer every query of a split; what `bench score` takes.

        Raises:
            UserError: not loaded, or files are missing or damaged.
        """
        loaded, run = self.ready()
        settings, network = self.settings.of(options.config), loaded.network
        if network.text_encoder == PRETRAINED:
            raise UserError(
                f"{run.path}: was trained on a corpus of the challenge",
                f"Train first: cmivqa bench train {benchmark.name}",
            )
        evaluator = _evaluator(benchmark)
        queries = _queries(evaluator, root, split)
        clips = _clips(benchmark, root, settings)
        clips.require(queries)
        if clips.width != network.v_feat_dim:
            raise UserError(
                f"{clips.store.path}: features of {clips.width - 2} numbers; the network was trained on "
                f"{network.v_feat_dim - 2}",
                "Name the features that it was trained on: --set 'data.features=[\"NAME\"]'",
            )
        model = loaded.model.to(resolve(options.device))
        stored = settings.text.encoder == STORED
        text = StoredText.of(settings.text.source, queries) if stored else open_text(run.path / FOLDER)
        if isinstance(text, StoredText) and text.width != network.t_feat_dim:
            raise UserError(
                f"{settings.text.source}: vectors of {text.width} numbers; the network was trained on "
                f"{network.t_feat_dim}",
                "Name the vectors that it was trained on: --set text.source=FILE",
            )
        reader = text.reader(network.max_words_l, settings.text.words)
        told = options.report
        answered = answers(
            model, queries, clips, Sentences(reader, model), _rules(settings.decode, settings.data.clip),
            lambda done: told("queries", done, len(queries)),
        )  # fmt: skip
        return write_predictions(folder / f"{benchmark.name}_{split}_submission.jsonl", answered)


def _evaluator(benchmark: Benchmark) -> MomentEvaluator:
    evaluator = create_evaluator(benchmark)
    if not isinstance(evaluator, MomentEvaluator):
        raise UserError(f"{benchmark.name} is no benchmark of moments", "MESM answers those alone: cmivqa bench list")
    return evaluator


def _queries(evaluator: MomentEvaluator, root: Path, split: str) -> tuple[MomentQuery, ...]:
    return without_problems(*evaluator.read(evaluator.truth_files(root, split)), evaluator.fix).queries


def _clips(benchmark: Benchmark, root: Path, settings: Settings) -> Clips:
    store = open_features(root, settings.data.features, benchmark)
    return Clips(store, settings.data.rules(cut=benchmark.name == QVHIGHLIGHTS))


def learnt_and_asked(
    queries: Sequence[MomentQuery], evaluator: MomentEvaluator, benchmark: Benchmark, root: Path, settings: Settings,
    seed: int,
) -> tuple[Sequence[MomentQuery], Sequence[MomentQuery]]:  # fmt: skip
    """The queries that are trained on, and those that choose the weights.

    Where the settings name no split for that, some of the training's videos are held out: no test split chooses
    weights, but under the published recipe, as the authors did (Q14).

    Args:
        queries: of the training split.
        evaluator: of the benchmark.
        benchmark: whose first split the published recipe chooses on.
        root: its data.
        settings: of the run.
        seed: chooses the videos that are held out.

    Raises:
        UserError: no such split, or its files are missing or damaged.
    """
    split = benchmark.splits[0] if settings.data.validation == FIRST_SPLIT else settings.data.validation
    if split:
        return queries, _queries(evaluator, root, split)
    sources = sorted({query.source or query.video for query in queries})
    random.Random(f"held out {seed}").shuffle(sources)
    held = frozenset(sources[: max(1, round(settings.data.held_out * len(sources)))])
    parts = [[q for q in queries if ((q.source or q.video) in held) == asked] for asked in (False, True)]
    if not parts[0]:
        raise UserError(f"{root}: too few videos to hold some out", "Name a split: --set data.validation=NAME")
    return parts[0], parts[1]


def _text(
    settings: TextSettings, learnt: Sequence[MomentQuery], asked: Sequence[MomentQuery], seed: int
) -> tuple[Text, Tensor | None]:
    """What reads the queries of a training, and the table of vectors where the network has one."""
    if settings.encoder == STORED:
        return StoredText.of(settings.source, (*learnt, *asked)), None
    return text_of(settings, [query.text for query in learnt], seed)


def _sizes(
    settings: Settings, width: int, words: int, benchmark: Benchmark, labels: int, table: Tensor | None
) -> Network:
    model, text = settings.model, settings.text
    encoder = ENCODERS[text.encoder]
    clip = clip_weights(Path(text.source)).sizes if encoder == CLIP else None
    return Network(
        v_feat_dim=width, t_feat_dim=clip["width"] if clip else words, dataset_name=benchmark.name,
        hidden_dim=model.dim, nheads=model.heads,
        dim_feedforward=model.feedforward, num_queries=model.slots, max_words_l=text.longest, vocab_size=labels,
        num_recfw_layers=model.enhancer_layers, num_recss_layers=model.reconstructor_layers,
        t2v_layers=model.aligner_layers, enc_layers=model.encoder_layers, dec_layers=model.decoder_layers,
        n_input_proj=model.projection_layers, dropout=model.dropout, input_dropout=model.input_dropout,
        share_MLP=model.shared_branch, rec_fw=model.enhance, rec_ss=model.reconstruct, use_txt_pos=model.positions,
        text_encoder=encoder, glove_vocab=len(table) if encoder == GLOVE and table is not None else 0, clip=clip,
        cross_sample_mask=model.cross_sample_mask,
    )  # fmt: skip


def _fill_text_encoder(model: MESM, settings: TextSettings, table: Tensor | None) -> None:
    """The weights of the frozen text encoder."""
    if model.text_encoder is None:
        return
    weights = {"emb.weight": table} if table is not None else clip_weights(Path(settings.source)).weights
    model.text_encoder.load_state_dict(weights)


def _rules(settings: DecodeSettings, clip: float) -> AnswerRules:
    return AnswerRules(settings.batch, settings.rules(clip), settings.suppression)


def _validation(
    evaluator: MomentEvaluator, asked: Sequence[MomentQuery], clips: Clips, sentences: Sentences, settings: Settings
) -> Figures:
    """Figures of the published program on some queries: the one that decides, then the others."""
    rules = AnswerRules(settings.decode.batch, settings.decode.rules(settings.data.clip))  # without NMS, as published

    def figures(model: nn.Module) -> Mapping[str, float]:
        model.eval()
        given = answers(cast(MESM, model), asked, clips, sentences, rules)
        facts = moments([answer.windows for answer in given], [query.windows for query in asked])
        brief = mesm_numbers(ranged_values(facts, evaluator.ranges), RECALLS)["brief"]
        names = [f"MR-full-{settings.train.select}", "MR-full-mAP", "MR-full-miou", "MR-full-R1@0.5", "MR-full-R1@0.7"]
        return {name: float(brief[name]) for name in dict.fromkeys(names)}

    return figures
