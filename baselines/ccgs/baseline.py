"""The plug: fit, load and predict."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import replace
from typing import cast

import torch
from torch import nn

from baselines.ccgs.checkpoint import Loaded, load
from baselines.ccgs.collecting import Examples, build_examples
from baselines.ccgs.features import VideoFeatures
from baselines.ccgs.model import GlobalSpanModel
from baselines.ccgs.network import OFFICIAL, Network
from baselines.ccgs.scorer import SpanScorer
from baselines.ccgs.settings import Settings
from baselines.ccgs.task import CCGSTask
from cmivqa_kit.data.subset import subset
from cmivqa_kit.data.types import Split
from cmivqa_kit.errors import UserError
from cmivqa_kit.neural.deberta import accelerate_encoder
from cmivqa_kit.neural.encoders import TINY, Encoder, every_text, open_encoder, plain, position_limit
from cmivqa_kit.neural.feature_sources import FeatureFiles, FeatureSource, source_for, source_of
from cmivqa_kit.neural.gradient_checkpointing import checkpoint_layers
from cmivqa_kit.neural.tokens import Special, Tokenize, tokenize_with
from cmivqa_kit.plugin.types import Plan, Prediction, PredictOptions, Target
from cmivqa_kit.prediction.dev_evaluation import dev_subset, evaluate
from cmivqa_kit.prediction.pairs.corpus_pass import CorpusPass
from cmivqa_kit.prediction.pairs.cost import batch_tokens
from cmivqa_kit.prediction.pairs.engine import TopK
from cmivqa_kit.prediction.pairs.run_pass import in_memory
from cmivqa_kit.prediction.settings import EngineSettings
from cmivqa_kit.runs.device import resolve, threads
from cmivqa_kit.runs.directory import EXAMPLES, TOKENIZER, RunDirectory, has_state
from cmivqa_kit.runs.settings import Config
from cmivqa_kit.training.loop import LoopSettings, train_loop
from cmivqa_kit.training.plan import plan_of

PASSES_PER_PAIR = 6  # two rows, forward and backward; a dev question costs one pass per video
TENTH = 0.1
LEFT_OUT = "left out"
VISUAL = "visual"


class CCGS:
    """Both variants of CCGS; the text variant is the official baseline of Tracks 2 and 3."""

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
        if settings.encoder.variant == VISUAL:
            settings.features.prepare()

    def fit(self, train: Split, dev: Split | None, run: RunDirectory) -> None:
        """Train on ``train``, keep the weights that are best on ``dev``; goes on from the run's state if it has one.

        Raises:
            UserError: the encoder cannot be had, a setting is out of its range, or too few questions can be used.
            RunFailed: the loss is no number, or memory or disk ran out.
        """
        settings = Settings.of(run.config)
        task, found, _ = self._task(train, dev, run, settings)
        run.write(EXAMPLES, {"used": len(task.examples), "usable": len(found.kept), "dropped": dict(found.dropped)})
        with threads(settings.encoder.threads):
            train_loop(task, run, LoopSettings.of(settings.table), resume=has_state(run.path))

    def plan(self, train: Split, dev: Split | None, run: RunDirectory) -> Plan:
        """What `fit` will take, measured on a few pairs.

        Raises:
            UserError: as `fit`.
            RunFailed: the longest pair does not fit into memory.
        """
        settings = Settings.of(run.config)
        task, found, check = self._task(train, dev, run, settings)
        pairs = len(task.examples)
        with threads(settings.encoder.threads):
            return plan_of(
                task, LoopSettings.of(settings.table), run.device, usable=len(found.kept), pairs=pairs,
                dropped=found.dropped, asked=len(check.asked) if check is not None else 0,
                evaluation=check.share(pairs) if check is not None else 0.0,
            )  # fmt: skip

    def _task(
        self, train: Split, dev: Split | None, run: RunDirectory, settings: Settings
    ) -> tuple[CCGSTask, Examples, _DevCheck | None]:
        """What the loop trains, what it was made of, and the dev evaluation."""
        if self.encoder is None:
            self.encoder = _encoder(settings, every_text(train), run.seed)
        encoder = self.encoder
        tokens, special = tokenize_with(encoder.tokenizer), Special.of(encoder.tokenizer)
        limit = position_limit(encoder.config)
        source: FeatureSource = FeatureFiles()
        if settings.encoder.variant == VISUAL:
            source = source_for(settings.features, train, encoder, run)
        network = _sizes(encoder, settings, source)
        train = replace(train, features=source.features(train))
        features = _features(network, train, LEFT_OUT)
        found = build_examples(train, tokens, settings.train, limit, network.visual)
        kept = subset(found.kept, settings.train.pairs, f"subset {run.seed}")
        check: _DevCheck | None = None
        if dev is not None:
            dev = replace(dev, features=source.features(dev))
            seen = _features(network, dev, _fate(settings))
            check = _DevCheck(dev, tokens, special, limit, settings, run, len(kept), seen)
        figures = check.figures if check is not None else _no_figures
        model = _network(network, encoder, run)
        if settings.train.checkpointing:
            checkpoint_layers(model.P_Encoder)
        task = CCGSTask(model, kept, found.videos, special, settings.train, run.seed, figures, features, network.pooled)
        return task, found, check

    def load(self, run: RunDirectory) -> None:
        """Take the network and the tokenizer of a run.

        Raises:
            UserError: a part is missing or damaged, or the run has no tokenizer.
        """
        loaded = load(run)
        if loaded.tokenizer is None:
            raise UserError(
                f"{run.path}: the run has no tokenizer",
                "Convert the checkpoint again with --tokenizer DIR (the folder with its vocab.txt).",
            )
        self.loaded, self.run = loaded, run

    def scorer(self, split: Split, options: PredictOptions) -> SpanScorer:
        """What the engine runs over the corpus of ``split``.

        Raises:
            UserError: not loaded, a setting out of its range, no such device, or the visual variant without features.
        """
        if self.loaded is None or self.run is None:
            raise UserError("ccgs answers from a run only", "Train first: cmivqa train -m ccgs")
        settings = Settings.of(options.config)
        tokenizer, limit = self.loaded.tokenizer, position_limit(self.loaded.network.encoder_config)
        model = self.loaded.model.to(resolve(options.device))
        engine = EngineSettings.of(options.config)
        self._faster.close()  # what is kept belongs to the weights on their device at that moment
        self._faster.enter_context(accelerate_encoder(model.P_Encoder, engine.attention))
        if engine.compile:
            model.P_Encoder.compile(dynamic=True)
        if self.loaded.network.visual:
            split = replace(split, features=source_of(self.run, options.device).features(split))
        features = _features(self.loaded.network, split, _fate(settings))
        return SpanScorer(
            model, split, tokenize_with(tokenizer), Special.of(tokenizer), limit, settings.decode,
            settings.encoder.threads, features,
        )  # fmt: skip

    def predict(self, split: Split, track: Target, options: PredictOptions) -> Iterator[Prediction]:
        """One prediction per question of ``split``, in its order, from a pass that is not kept.

        Raises:
            UserError: not loaded, no video with subtitles, a setting out of its range, no such device, or Track 1.
            RunFailed: memory ran out, or a score is no number.
        """
        if track == 1:
            raise UserError("ccgs does not serve Track 1", "Give --track 2 or --track 3.")
        settings = EngineSettings.of(options.config)
        kept = TopK(options.limit, settings.kept_per_video)
        one = CorpusPass(self.scorer(split, options), split, split.questions, kept, together=settings.questions_at_once)
        one.use(batch_tokens(one, settings.tokens))
        yield from in_memory(one, track, options)


def _encoder(settings: Settings, texts: Iterable[str], seed: int) -> Encoder:
    return open_encoder(settings.encoder.name, texts, seed, settings.train.dropout, settings.encoder.added_tokens)


def _sizes(encoder: Encoder, settings: Settings, source: FeatureSource) -> Network:
    size = encoder.config.hidden_size
    return Network(
        encoder=plain(encoder.config),
        inner_dim=settings.encoder.inner_dim or size,
        dim=settings.encoder.dim or size,
        visual_dim=source.size or settings.encoder.visual_dim,
        variant=OFFICIAL[settings.encoder.variant],
        mask_lower=settings.train.mask_lower,
        fusion=settings.encoder.fusion,
        rows=settings.encoder.rows,
    )


def _features(network: Network, split: Split, without: str) -> VideoFeatures | None:
    """The features of a split for the visual variant; videos ``without`` are told of."""
    if not network.visual:
        return None
    features = VideoFeatures(split.features, network.video_rows(), network.visual_dim)
    features.require(split.videos, without)
    return features


def _fate(settings: Settings) -> str:
    return LEFT_OUT if settings.decode.corpus == "reference" else "scored by their text alone"


def _network(network: Network, encoder: Encoder, run: RunDirectory) -> GlobalSpanModel:
    """The network around the encoder, its head drawn by the seed; sizes and tokenizer are written into the run."""
    network.write(run)
    if run.group.main:
        encoder.tokenizer.save_pretrained(run.path / TOKENIZER)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(run.seed)
        model = network.build()
    model.P_Encoder.load_state_dict(encoder.model.state_dict())
    return model


class _DevCheck:
    """The challenge's own figures on a fixed subset of the dev questions, through the engine."""

    def __init__(
        self, dev: Split, tokens: Tokenize, special: Special, limit: int | None, settings: Settings, run: RunDirectory,
        pairs: int, features: VideoFeatures | None,
    ) -> None:  # fmt: skip
        self.features = features
        self.dev, self.tokens, self.special, self.limit, self.settings = dev, tokens, special, limit, settings
        self.options, self.engine = PredictOptions(run.config), EngineSettings.of(run.config)
        self._pass: CorpusPass | None = None
        self.videos = max(1, len(dev.videos))
        most = settings.train.dev_questions or max(1, int(TENTH * PASSES_PER_PAIR * pairs / self.videos))
        self.asked = dev_subset(dev.questions, most, run.seed)

    def share(self, pairs: int) -> float:
        """About what part of an epoch of so many pairs one evaluation costs."""
        return len(self.asked) * self.videos / (PASSES_PER_PAIR * pairs)

    def figures(self, model: nn.Module) -> Mapping[str, float]:
        """Track 3's Average, which decides, then the other figures of Tracks 3 and 2, all of the list for both."""
        if self._pass is None:  # the same network every time, with other weights: what was tokenized stays
            self._scorer = SpanScorer(
                model, self.dev, self.tokens, self.special, self.limit, self.settings.decode, features=self.features
            )
            self._pass = CorpusPass(self._scorer, self.dev, self.asked, TopK(), together=self.engine.questions_at_once)
            self._pass.use(batch_tokens(self._pass, self.engine.tokens))
        self._scorer.renew()
        with accelerate_encoder(cast(GlobalSpanModel, model).P_Encoder, self.engine.attention):
            return evaluate(in_memory(self._pass, "corpus", self.options), self.asked, (3, 2))


def _no_figures(model: nn.Module) -> Mapping[str, float]:
    return {}
