"""The plug: fit, load and predict."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from typing import cast

import torch
from torch import nn

from baselines.mutualsl.checkpoint import Loaded, load
from baselines.mutualsl.examples import Examples, build_examples
from baselines.mutualsl.given_video import GivenVideoPredictor, reads_features
from baselines.mutualsl.line_scorer import LineScorer
from baselines.mutualsl.model import MutualSL
from baselines.mutualsl.network import Network
from baselines.mutualsl.settings import Settings
from baselines.mutualsl.task import MutualSLTask
from baselines.mutualsl.video_rows import VideoRows
from cmivqa_kit.data.features import FeatureStore
from cmivqa_kit.data.subset import subset
from cmivqa_kit.data.types import Split
from cmivqa_kit.errors import UserError
from cmivqa_kit.neural.deberta import accelerate_encoder
from cmivqa_kit.neural.encoders import TINY, Encoder, every_text, open_encoder, plain, position_limit
from cmivqa_kit.neural.feature_sources import FeatureSource, source_for, source_of
from cmivqa_kit.neural.gradient_checkpointing import checkpoint_layers
from cmivqa_kit.neural.tokens import Special, tokenize_with
from cmivqa_kit.plugin.types import Plan, Prediction, PredictOptions, Target
from cmivqa_kit.prediction.dev_evaluation import dev_subset, evaluate
from cmivqa_kit.prediction.pipeline import PipelineSettings
from cmivqa_kit.runs.device import resolve, threads
from cmivqa_kit.runs.directory import EXAMPLES, TOKENIZER, RunDirectory, has_state
from cmivqa_kit.runs.settings import Config
from cmivqa_kit.training.loop import LoopSettings, train_loop
from cmivqa_kit.training.plan import plan_of

PASSES = 3  # forward and backward; a dev question costs one


class MutualSLBaseline:
    """The official baseline of Track 1."""

    def __init__(self) -> None:
        self.loaded: Loaded | None = None
        self.run: RunDirectory | None = None
        self.encoder: Encoder | None = None
        self._faster = ExitStack()

    def prepare(self, config: Config) -> None:
        """Open the pretrained encoder; the small one of ``tiny`` is made from the corpus later.

        Raises:
            UserError: it cannot be read or fetched, or a setting is out of its range.
        """
        settings = Settings.of(config)
        if settings.encoder.name != TINY:
            self.encoder = _encoder(settings, (), 0)
        settings.features.prepare()

    def fit(self, train: Split, dev: Split | None, run: RunDirectory) -> None:
        """Train on ``train``, keep the weights that are best on ``dev``; goes on from the run's state if it has one.

        Raises:
            UserError: the encoder cannot be had, a setting is out of its range, no features, or too few questions.
            RunFailed: the loss is no number, or memory or disk ran out.
        """
        settings = Settings.of(run.config)
        task, found, _ = self._task(train, dev, run, settings)
        run.write(EXAMPLES, {"used": len(task.examples), "usable": len(found.kept), "dropped": dict(found.dropped)})
        with threads(settings.encoder.threads):
            train_loop(task, run, LoopSettings.of(settings.table), resume=has_state(run.path))

    def plan(self, train: Split, dev: Split | None, run: RunDirectory) -> Plan:
        """What `fit` will take, measured on a few batches.

        Raises:
            UserError: as `fit`.
            RunFailed: the longest example does not fit into memory.
        """
        settings = Settings.of(run.config)
        task, found, check = self._task(train, dev, run, settings)
        pairs, asked = len(task.examples), len(check.asked) if check is not None else 0
        with threads(settings.encoder.threads):
            return plan_of(
                task, LoopSettings.of(settings.table), run.device, usable=len(found.kept), pairs=pairs,
                dropped=found.dropped, asked=asked, evaluation=asked / (PASSES * pairs),
            )  # fmt: skip

    def _task(
        self, train: Split, dev: Split | None, run: RunDirectory, settings: Settings
    ) -> tuple[MutualSLTask, Examples, _DevCheck | None]:
        """What the loop trains, what it was made of, and the dev evaluation."""
        if self.encoder is None:
            self.encoder = _encoder(settings, every_text(train), run.seed)
        encoder = self.encoder
        tokens, special = tokenize_with(encoder.tokenizer), Special.of(encoder.tokenizer)
        source = source_for(settings.features, train, encoder, run)
        network = _sizes(encoder, settings, source)
        frames = VideoRows(source.features(train), network.max_pos_len, network.visual_dim)
        asked = dict.fromkeys(q.video_id for q in train.questions if q.video_id is not None)
        frames.require(asked, misaligned=not settings.train.rescale)
        found = build_examples(train, tokens, special, settings.train, frames, position_limit(encoder.config))
        kept = subset(found.kept, settings.train.pairs, f"subset {run.seed}")
        check: _DevCheck | None = None
        if dev is not None:
            # Rows are asked for only where they have a part in answers; files also tell how long a silent video is.
            seen = source.features(dev) if reads_features(settings.decode, network.text_fusion) else dev.features
            check = _DevCheck(dev, encoder, network, settings, run, seen)
        model = _network(network, encoder, run)
        if settings.train.checkpointing:
            checkpoint_layers(model.deberta)
        figures = check.figures if check is not None else _no_figures
        return MutualSLTask(model, kept, frames, special, settings.train, run.seed, figures), found, check

    def load(self, run: RunDirectory) -> None:
        """Take the network and the tokenizer of a run.

        Raises:
            UserError: a part is missing or damaged, or the run has no tokenizer.
        """
        loaded = load(run)
        if loaded.tokenizer is None:
            raise UserError(
                f"{run.path}: the run has no tokenizer",
                "Convert the checkpoint again with --tokenizer DIR (the folder with its vocab.txt or spm.model).",
            )
        self.loaded, self.run = loaded, run

    def predict(self, split: Split, track: Target, options: PredictOptions) -> Iterator[Prediction]:
        """One prediction per question of ``split``, in its order.

        Raises:
            UserError: not loaded, a setting out of its range, no such device, another track than 1, or a question
                without its video.
        """
        if track != 1:
            raise UserError(
                f"mutualsl cannot answer Track {track} by itself",
                "It answers within a given video: --track 1; or behind one that finds the videos: --retriever bm25",
            )
        loaded, settings = self._ready(), Settings.of(options.config)
        localizer = GivenVideoPredictor(
            loaded.model.to(resolve(options.device)), tokenize_with(loaded.tokenizer), Special.of(loaded.tokenizer),
            position_limit(loaded.network.encoder_config), settings.decode,
            self._frames(split, options, reads_features(settings.decode, loaded.network.text_fusion)),
        )  # fmt: skip
        with threads(settings.encoder.threads):
            yield from localizer.answers(split, split.questions)

    def localizer(self, split: Split, options: PredictOptions) -> LineScorer:
        """What the engine runs over the videos that a retriever found.

        Raises:
            UserError: not loaded, a setting out of its range, or no such device.
        """
        loaded, settings = self._ready(), Settings.of(options.config)
        model = loaded.model.to(resolve(options.device))
        self._faster.close()  # what is kept belongs to the weights on their device at that moment
        self._faster.enter_context(accelerate_encoder(model.deberta, settings.decode.attention))
        return LineScorer(
            model, tokenize_with(loaded.tokenizer), Special.of(loaded.tokenizer),
            position_limit(loaded.network.encoder_config), settings.decode,
            reference=PipelineSettings.of(options.config).span_source == "reference",
            cpu_threads=settings.encoder.threads,
            frames=self._frames(split, options, True) if loaded.network.text_fusion else None,
        )  # fmt: skip

    def _ready(self) -> Loaded:
        if self.loaded is None:
            raise UserError("mutualsl answers from a run only", "Train first: cmivqa train -m mutualsl")
        return self.loaded

    def _frames(self, split: Split, options: PredictOptions, read: bool) -> VideoRows:
        """The features of a split; unless they are ``read``, its files, which tell how long a silent video is."""
        network = self._ready().network
        features = split.features
        if read and self.run is not None:
            features = source_of(self.run, options.device).features(split)
        return VideoRows(features, network.max_pos_len, network.visual_dim)


def _encoder(settings: Settings, texts: Iterable[str], seed: int) -> Encoder:
    return open_encoder(settings.encoder.name, texts, seed, settings.train.dropout, settings.encoder.added_tokens)


def _sizes(encoder: Encoder, settings: Settings, source: FeatureSource) -> Network:
    visual = settings.visual
    return Network(
        text_config=plain(encoder.config),
        visual_dim=source.size or visual.visual_dim,
        dim=visual.dim,
        max_pos_len=visual.frames,
        encoder_heads=visual.encoder_heads,
        predictor_heads=visual.predictor_heads,
        encoder_conv_layers=visual.encoder_layers,
        predictor_conv_layers=visual.predictor_layers,
        kernel_size=visual.kernel,
        drop_rate=visual.dropout,
        frame_mask=settings.train.frame_mask,
        text_fusion=visual.paper_text_fusion,
    )


def _network(network: Network, encoder: Encoder, run: RunDirectory) -> MutualSL:
    """The network around the encoder, its other parts drawn by the seed; sizes and tokenizer go into the run."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(run.seed)
        model = network.build()
    model.deberta.load_state_dict(encoder.model.state_dict())
    network.write(run)
    if run.group.main:
        encoder.tokenizer.save_pretrained(run.path / TOKENIZER)
    return model


class _DevCheck:
    """The challenge's own figures of Track 1 on dev questions."""

    def __init__(
        self,
        dev: Split,
        encoder: Encoder,
        network: Network,
        settings: Settings,
        run: RunDirectory,
        features: FeatureStore,
    ) -> None:
        self.dev, self.encoder, self.settings = dev, encoder, settings
        self.frames = VideoRows(features, network.max_pos_len, network.visual_dim)
        self.asked = dev_subset(dev.questions, settings.train.dev_questions, run.seed)
        self._localizer: GivenVideoPredictor | None = None

    def figures(self, model: nn.Module) -> Mapping[str, float]:
        """mIoU, which decides, then the others."""
        if self._localizer is None:  # the same network every time, with other weights
            tokenizer, limit = self.encoder.tokenizer, position_limit(self.encoder.config)
            self._localizer = GivenVideoPredictor(
                cast(MutualSL, model), tokenize_with(tokenizer), Special.of(tokenizer), limit, self.settings.decode,
                self.frames,
            )  # fmt: skip
        return evaluate(self._localizer.answers(self.dev, self.asked), self.asked, (1,))


def _no_figures(model: nn.Module) -> Mapping[str, float]:
    return {}
