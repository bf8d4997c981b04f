"""The plug: what a training is made of, and how a trained network answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import cast

from torch import nn

from baselines.ccgs.collecting import build_examples
from baselines.ccgs.features import HOW_TO_GIVE
from baselines.ccgs.model import GlobalSpanModel
from baselines.ccgs.network import OFFICIAL, Network
from baselines.ccgs.scorer import SpanScorer
from baselines.ccgs.settings import Settings
from baselines.ccgs.task import CCGSTask
from cmivqa_kit.data.types import Split
from cmivqa_kit.errors import UserError
from cmivqa_kit.neural.deberta import accelerate_encoder
from cmivqa_kit.neural.encoders import Encoder, plain
from cmivqa_kit.neural.feature_sources import FeatureSource
from cmivqa_kit.neural.networks import new_network
from cmivqa_kit.neural.tokens import TextReader
from cmivqa_kit.neural.video_rows import VideoRows
from cmivqa_kit.plugin.types import Prediction, PredictOptions, Target
from cmivqa_kit.prediction.decoding import Calibration, DecodingSettings
from cmivqa_kit.prediction.dev_evaluation import dev_subset, evaluate
from cmivqa_kit.prediction.pairs.corpus_pass import CorpusPass
from cmivqa_kit.prediction.pairs.cost import batch_tokens
from cmivqa_kit.prediction.pairs.engine import TopK
from cmivqa_kit.prediction.pairs.given_videos import calibrate, repeated_config
from cmivqa_kit.prediction.pairs.run_pass import in_memory, spans_kept
from cmivqa_kit.prediction.settings import EngineSettings
from cmivqa_kit.runs.device import pass_threads, resolve
from cmivqa_kit.runs.directory import RunDirectory
from cmivqa_kit.runs.settings import Config
from cmivqa_kit.training.trained import NO_DEV, DevEvaluation, TrainedBaseline, Training, drawn

PASSES_PER_PAIR = 6  # two rows, forward and backward; a dev question costs one pass per video
TENTH = 0.1
LEFT_OUT = "are left out"


class CCGS(TrainedBaseline[Settings, Network, GlobalSpanModel]):
    """Both variants of CCGS; the text variant is the official baseline of Tracks 2 and 3."""

    name, settings, sizes = "ccgs", Settings, Network

    def reads_features(self, config: Config) -> bool:
        """The visual variant does, unless its rows are made of the subtitles."""
        return self.settings.of(config).feature_source is not None and super().reads_features(config)

    def training(self, train: Split, dev: Split | None, run: RunDirectory, settings: Settings) -> Training:
        """Pairs of rows around a text encoder, and dev figures through the engine.

        Raises:
            UserError: the encoder cannot be had, or too few questions can be used.
        """
        encoder = self.text_encoder(settings, train, run)
        reader, source = encoder.reader, self.row_source(settings, train, run)
        network = _sizes(encoder, settings, source)
        train = replace(train, features=source.features(train))
        rows = _rows(network, train, LEFT_OUT)
        examples = build_examples(train, reader.tokens, settings.train, reader.limit, network.visual)
        used = drawn(examples.usable, settings, run)
        evaluation = NO_DEV
        if dev is not None:
            dev = replace(dev, features=source.features(dev))
            seen = _rows(network, dev, _without_features(settings))
            evaluation = dev_evaluation(dev, reader, settings, run, len(used), seen)
        model = new_network(network, GlobalSpanModel, run, encoder, "P_Encoder", settings.train.checkpointing)
        task = CCGSTask(
            model, used, examples.videos, reader.special, settings.train, run.seed, evaluation.figures, rows,
            network.pooled,
        )  # fmt: skip
        return Training(task, len(used), len(examples.usable), examples.dropped, evaluation)

    def fit(self, train: Split, dev: Split | None, run: RunDirectory) -> None:
        """Train on ``train``, keep the weights that are best on ``dev``; calibrate where lists need it.

        Raises:
            UserError: as `training`.
            RunFailed: the loss is no number, or memory or disk ran out.
        """
        super().fit(train, dev, run)
        calibrate(self.load, self.scorer, train, dev, run)

    def repeated(self, run: RunDirectory) -> Config:
        """The settings under which a finished run is trained again on more data: its steps, and its temperature.

        Raises:
            UserError: it chose no steps on dev, or a part is damaged.
        """
        return repeated_config(run)

    def scorer(self, split: Split, options: PredictOptions) -> SpanScorer:
        """What the engine runs over the corpus of ``split``.

        Raises:
            UserError: not loaded, a setting out of its range, no such device, or the visual variant without features.
        """
        loaded, _ = self.ready()
        settings, engine = Settings.of(options.config), EngineSettings.of(options.config)
        model = loaded.model.to(resolve(options.device))
        self.accelerate(model.P_Encoder, engine.attention)
        if engine.compile:
            model.P_Encoder.compile(dynamic=True)
        if loaded.network.visual:
            split = replace(split, features=self.features(split, options))
        return SpanScorer(
            model, split, loaded.reader, settings.decode,
            _rows(loaded.network, split, _without_features(settings)),
        )  # fmt: skip

    def predict(self, split: Split, track: Target, options: PredictOptions) -> Iterator[Prediction]:
        """One prediction per question of ``split``, in its order, from a pass that is not kept.

        Raises:
            UserError: not loaded, no video with subtitles, a setting out of its range, no such device, or Track 1.
            RunFailed: memory ran out, or a score is no number.
        """
        if track == 1:
            raise UserError("ccgs does not serve Track 1", "Give --track 2 or --track 3.")
        engine, decoding = EngineSettings.of(options.config), DecodingSettings.of(options.config)
        _, run = self.ready()
        calibration = decoding.over(Calibration.read(run)) if decoding.by_overlap else None
        best = spans_kept(options.config, TopK(options.limit, engine.kept_per_video))
        corpus = CorpusPass(
            self.scorer(split, options), split, split.questions, best, together=engine.questions_at_once
        )
        with pass_threads(engine.threads):
            corpus.use(batch_tokens(corpus, engine.tokens))
            yield from in_memory(corpus, track, options, calibration)


def _sizes(encoder: Encoder, settings: Settings, source: FeatureSource) -> Network:
    width = encoder.config.hidden_size
    return Network(
        encoder=plain(encoder.config),
        inner_dim=settings.encoder.inner_dim or width,
        dim=settings.encoder.dim or width,
        visual_dim=source.size or settings.encoder.visual_dim,
        variant=OFFICIAL[settings.encoder.variant],
        mask_lower=settings.train.mask_lower,
        fusion=settings.encoder.fusion,
        rows=settings.encoder.rows,
    )


def _rows(network: Network, split: Split, without: str) -> VideoRows | None:
    """The features of a split for the visual variant; ``without`` says what becomes of videos that have none."""
    if not network.visual:
        return None
    rows = VideoRows(split.features, network.video_rows(), network.visual_dim, "encoder.visual_dim")
    rows.require(split.videos, "the visual variant needs features", without, HOW_TO_GIVE)
    return rows


def _without_features(settings: Settings) -> str:
    return LEFT_OUT if settings.decode.corpus == "reference" else "are scored by their text alone"


def dev_evaluation(
    dev: Split, reader: TextReader, settings: Settings, run: RunDirectory, pairs: int, rows: VideoRows | None
) -> DevEvaluation:
    """The challenge's own figures on a fixed subset of the dev questions, through the engine.

    Args:
        dev: whose questions are asked, about all its videos.
        reader: of the text encoder.
        settings: of the run.
        run: the run that is made.
        pairs: that are trained on; unless told otherwise, an evaluation costs a tenth of an epoch of them.
        rows: features of the dev videos, for the visual variant.
    """
    options, engine = PredictOptions(run.config), EngineSettings.of(run.config)
    videos = max(1, len(dev.videos))
    most = settings.train.dev_questions or max(1, int(TENTH * PASSES_PER_PAIR * pairs / videos))
    asked = dev_subset(dev.questions, most, run.seed)
    passes: list[tuple[SpanScorer, CorpusPass]] = []

    def figures(model: nn.Module) -> Mapping[str, float]:
        """Track 3's Average, which decides, then the other figures of Tracks 3 and 2, all of the list for both."""
        if not passes:  # the same network every time, with other weights: what was tokenized stays
            scorer = SpanScorer(model, dev, reader, settings.decode, rows)
            corpus = CorpusPass(scorer, dev, asked, TopK(), together=engine.questions_at_once)
            corpus.use(batch_tokens(corpus, engine.tokens))
            passes.append((scorer, corpus))
        scorer, corpus = passes[0]
        scorer.renew()
        with accelerate_encoder(cast(GlobalSpanModel, model).P_Encoder, engine.attention):
            return evaluate(in_memory(corpus, "corpus", options), asked, (3, 2), run.dev_progress.question)

    return DevEvaluation(figures, len(asked), len(asked) * videos / (PASSES_PER_PAIR * pairs))
