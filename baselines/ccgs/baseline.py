"""The plug: fit, load and predict."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import torch
from torch import nn

from baselines.ccgs.answering import Answering
from baselines.ccgs.checkpoint import Loaded, load
from baselines.ccgs.encoder import TINY, Encoder, open_encoder
from baselines.ccgs.examples import Special, tokens_of
from baselines.ccgs.model import GlobalSpanModel
from baselines.ccgs.network import TOKENIZER, Network, plain
from baselines.ccgs.settings import Settings
from baselines.ccgs.task import Examples, SpanTask, build_examples, subset
from baselines.ccgs.windows import position_limit
from cmivqa_kit.data.types import Split
from cmivqa_kit.errors import UserError
from cmivqa_kit.plugin.types import Config, Plan, Prediction, PredictOptions, Target
from cmivqa_kit.training.device import resolve, threads
from cmivqa_kit.training.evaluate import dev_subset, evaluate
from cmivqa_kit.training.loop import LoopSettings, train_loop
from cmivqa_kit.training.plan import measure
from cmivqa_kit.training.run import RunDirectory
from cmivqa_kit.training.state import has_state

EXAMPLES = "examples.json"
PASSES_PER_PAIR = 6  # two rows, forward and backward; a dev question costs one pass per video
TENTH = 0.1


class CCGS:
    """The text variant of CCGS, the official baseline of Tracks 2 and 3."""

    def __init__(self) -> None:
        self.loaded: Loaded | None = None
        self.encoder: Encoder | None = None

    def prepare(self, config: Config) -> None:
        """Open the pretrained encoder; the small one of ``tiny`` is made from the corpus later.

        Raises:
            UserError: it cannot be read or fetched, or a setting is out of its range.
        """
        settings = Settings.of(config)
        if settings.encoder.name != TINY:
            self.encoder = open_encoder(settings.encoder.name, (), 0, settings.train.dropout)

    def fit(self, train: Split, dev: Split | None, run: RunDirectory) -> None:
        """Train on ``train``, keep the weights that are best on ``dev``; goes on from the run's state if it has one.

        Raises:
            UserError: the encoder cannot be had, a setting is out of its range, or too few questions can be used.
            RunFailed: the loss is no number, or memory or disk ran out.
        """
        task, found, _ = self._task(train, dev, run)
        run.write(EXAMPLES, {"used": len(task), "usable": len(found.kept), "dropped": dict(found.dropped)})
        settings = Settings.of(run.config)
        with threads(settings.encoder.threads):
            train_loop(task, run, LoopSettings.of(settings.table), resume=has_state(run.path))

    def plan(self, train: Split, dev: Split | None, run: RunDirectory) -> Plan:
        """What `fit` will take, measured on a few pairs.

        Raises:
            UserError: as `fit`.
            RunFailed: the longest pair does not fit into memory.
        """
        task, found, check = self._task(train, dev, run)
        settings = LoopSettings.of(Settings.of(run.config).table)
        steps = settings.steps(len(task))
        epochs = steps * settings.accumulation / len(task)
        with threads(Settings.of(run.config).encoder.threads):
            seconds, memory = measure(task, settings, run.device)
        share = check.share(len(task)) if check is not None else 0.0
        evaluations = steps / settings.evaluate_every if settings.evaluate_every else epochs
        return Plan(
            examples=len(found.kept),
            pairs=len(task),
            epochs=settings.epochs,
            steps=steps,
            seconds=seconds * (epochs + share * evaluations),
            memory=memory,
            device=str(resolve(run.device)),
            dropped=dict(found.dropped),
            dev_questions=len(check.asked) if check is not None else 0,
        )

    def _task(self, train: Split, dev: Split | None, run: RunDirectory) -> tuple[SpanTask, Examples, _DevCheck | None]:
        """What the loop trains, what it was made of, and the dev evaluation."""
        settings = Settings.of(run.config)
        if self.encoder is None:
            self.encoder = open_encoder(settings.encoder.name, _texts(train), run.seed, settings.train.dropout)
        encoder = self.encoder
        tokens, special = tokens_of(encoder.tokenizer), Special.of(encoder.tokenizer)
        limit = position_limit(encoder.config)
        found = build_examples(train, tokens, settings.train, limit)
        kept = subset(found.kept, settings.train.pairs, run.seed)
        check: _DevCheck | None = None
        if dev is not None:
            answering = Answering(dev, tokens, special, limit, settings.decode)
            check = _DevCheck(answering, settings.train.dev_questions, len(kept), run.seed)
        figures = check.figures if check is not None else _no_figures
        model = _network(encoder, settings, run)
        return SpanTask(model, kept, found.videos, special, settings.train, run.seed, figures), found, check

    def load(self, run: RunDirectory) -> None:
        """Take the network and the tokenizer of a run.

        Raises:
            UserError: a part is missing or damaged; the run has no tokenizer, or its network is the visual variant.
        """
        loaded = load(run)
        if loaded.network.variant != "task23":
            raise UserError(
                f"{run.path}: a checkpoint of the visual variant; ccgs answers with the text variant only",
                "Convert a checkpoint of the text variant (config: variant task23).",
            )
        if loaded.tokenizer is None:
            raise UserError(
                f"{run.path}: the run has no tokenizer",
                "Convert the checkpoint again with --tokenizer DIR (the folder with its vocab.txt).",
            )
        self.loaded = loaded

    def predict(self, split: Split, track: Target, options: PredictOptions) -> Iterator[Prediction]:
        """One prediction per question of ``split``, in its order.

        Raises:
            UserError: not loaded, no video with subtitles, a setting out of its range, no such device, or Track 1.
        """
        if self.loaded is None:
            raise UserError("ccgs answers from a run only", "Train first: cmivqa train -m ccgs")
        if track == 1:
            raise UserError("ccgs does not serve Track 1", "Give --track 2 or --track 3.")
        tokenizer, limit = self.loaded.tokenizer, position_limit(self.loaded.network.encoder_config)
        settings = Settings.of(options.config)
        answering = Answering(split, tokens_of(tokenizer), Special.of(tokenizer), limit, settings.decode)
        model = self.loaded.model.to(resolve(options.device))
        with threads(settings.encoder.threads):
            yield from answering.ask(model, split.questions, track, options.limit)


def _network(encoder: Encoder, settings: Settings, run: RunDirectory) -> GlobalSpanModel:
    """The network around the encoder, its head drawn by the seed; sizes and tokenizer are written into the run."""
    size = encoder.config.hidden_size
    network = Network(
        encoder=plain(encoder.config),
        inner_dim=settings.encoder.inner_dim or size,
        dim=settings.encoder.dim or size,
        visual_dim=settings.encoder.visual_dim,
        mask_lower=settings.train.mask_lower,
    )
    network.write(run)
    encoder.tokenizer.save_pretrained(run.path / TOKENIZER)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(run.seed)
        model = network.build()
    model.P_Encoder.load_state_dict(encoder.model.state_dict())
    return model


class _DevCheck:
    """The challenge's own figures on a fixed subset of the dev questions."""

    def __init__(self, answering: Answering, most: int, pairs: int, seed: int) -> None:
        self.answering = answering
        self.videos = max(1, len(answering.split.videos))
        most = most or max(1, int(TENTH * PASSES_PER_PAIR * pairs / self.videos))
        self.asked = dev_subset(answering.split.questions, most, seed)

    def share(self, pairs: int) -> float:
        """About what part of an epoch of so many pairs one evaluation costs."""
        return len(self.asked) * self.videos / (PASSES_PER_PAIR * pairs)

    def figures(self, model: nn.Module) -> Mapping[str, float]:
        """Track 3's Average, which decides, then the other figures of Tracks 3 and 2, all of the list for both."""
        return evaluate(self.answering.ask(model, self.asked, 23), self.asked, (3, 2))


def _no_figures(model: nn.Module) -> Mapping[str, float]:
    return {}


def _texts(split: Split) -> Iterator[str]:
    """Everything that is said or asked."""
    for video in split.videos.values():
        for subtitles in (video.subtitles, *video.translations.values()):
            yield from (line.text for line in subtitles)
    yield from (question.text for question in split.questions)
