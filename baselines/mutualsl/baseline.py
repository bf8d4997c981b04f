"""The plug: what a training is made of, and how a trained network answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import cast

from torch import nn

from baselines.mutualsl.examples import build_examples
from baselines.mutualsl.given_video import GivenVideoPredictor, reads_features
from baselines.mutualsl.line_scorer import LineScorer
from baselines.mutualsl.model import MutualSL
from baselines.mutualsl.network import Network
from baselines.mutualsl.settings import Settings, VisualSettings
from baselines.mutualsl.task import MutualSLTask
from baselines.mutualsl.video_rows import frames_of, require_frames
from cmivqa_kit.data.display import target_in_words
from cmivqa_kit.data.types import Split
from cmivqa_kit.errors import UserError
from cmivqa_kit.neural.encoders import plain
from cmivqa_kit.neural.networks import new_network
from cmivqa_kit.neural.tokens import TextReader
from cmivqa_kit.neural.video_rows import VideoRows
from cmivqa_kit.plugin.types import Prediction, PredictOptions, Target
from cmivqa_kit.prediction.decoding import Calibration, DecodingSettings
from cmivqa_kit.prediction.dev_evaluation import dev_subset, evaluate
from cmivqa_kit.prediction.pairs.given_videos import by_expected_overlap, calibrate, repeated_config
from cmivqa_kit.prediction.pipeline import PipelineSettings
from cmivqa_kit.runs.device import resolve, threads
from cmivqa_kit.runs.directory import RunDirectory
from cmivqa_kit.runs.settings import Config
from cmivqa_kit.training.trained import NO_DEV, DevEvaluation, TrainedBaseline, Training, drawn

PASSES = 3  # forward and backward; a dev question costs one


class MutualSLBaseline(TrainedBaseline[Settings, Network, MutualSL]):
    """The official baseline of Track 1."""

    name, settings, sizes = "mutualsl", Settings, Network

    def training(self, train: Split, dev: Split | None, run: RunDirectory, settings: Settings) -> Training:
        """Examples with labels for both predictors, and dev figures within the given videos.

        Raises:
            UserError: the encoder cannot be had, no features, or too few questions can be used.
        """
        encoder = self.text_encoder(settings, train, run)
        reader, source = encoder.reader, self.row_source(settings, train, run)
        network = _sizes(plain(encoder.config), source.size, settings.visual, settings.train.frame_mask)
        frames = frames_of(network, source.features(train))
        asked = dict.fromkeys(q.video_id for q in train.questions if q.video_id is not None)
        require_frames(frames, asked, misaligned=not settings.train.rescale)
        examples = build_examples(train, reader.tokens, reader.special, settings.train, frames, reader.limit)
        used = drawn(examples.usable, settings, run)
        evaluation = NO_DEV
        if dev is not None:
            # Rows are asked for only where they have a part in answers; files also tell how long a silent video is.
            read = reads_features(settings.decode, network.text_fusion)
            seen = frames_of(network, source.features(dev) if read else dev.features)
            if read:
                seen.require_width(dev.videos)
            evaluation = dev_evaluation(dev, reader, settings, run, len(used), seen)
        model = new_network(network, MutualSL, run, encoder, "deberta", settings.train.checkpointing)
        task = MutualSLTask(model, used, frames, reader.special, settings.train, run.seed, evaluation.figures)
        return Training(task, len(used), len(examples.usable), examples.dropped, evaluation)

    def fit(self, train: Split, dev: Split | None, run: RunDirectory) -> None:
        """Train on ``train``, keep the weights that are best on ``dev``; calibrate where lists need it.

        Raises:
            UserError: as `training`.
            RunFailed: the loss is no number, or memory or disk ran out.
        """
        super().fit(train, dev, run)
        calibrate(self.load, self.localizer, train, dev, run)

    def repeated(self, run: RunDirectory) -> Config:
        """The settings under which a finished run is trained again on more data: its steps, and its temperature.

        Raises:
            UserError: it chose no steps on dev, or a part is damaged.
        """
        return repeated_config(run)

    def predict(self, split: Split, track: Target, options: PredictOptions) -> Iterator[Prediction]:
        """One prediction per question of ``split``, in its order.

        Raises:
            UserError: not loaded, a setting out of its range, no such device, another track than 1, or a question
                without its video.
        """
        if track != 1:
            raise UserError(
                f"mutualsl cannot answer {target_in_words(track)} by itself",
                "It answers within a given video: --track 1; or behind one that finds the videos: --retriever bm25",
            )
        (loaded, run), settings = self.ready(), Settings.of(options.config)
        decoding = DecodingSettings.of(options.config)
        if decoding.by_overlap:
            scorer, calibration = self.localizer(split, options), decoding.over(Calibration.read(run))
            yield from by_expected_overlap(scorer, split, options, calibration)
            return
        predictor = GivenVideoPredictor(
            loaded.model.to(resolve(options.device)), *loaded.reader, settings.decode,
            self._frames(split, options, reads_features(settings.decode, loaded.network.text_fusion)),
        )  # fmt: skip
        with threads(settings.cpu_threads):
            yield from predictor.answers(split, split.questions)

    def localizer(self, split: Split, options: PredictOptions) -> LineScorer:
        """What the engine runs over the videos that a retriever found.

        Raises:
            UserError: not loaded, a setting out of its range, or no such device.
        """
        (loaded, _), settings = self.ready(), Settings.of(options.config)
        model = loaded.model.to(resolve(options.device))
        self.accelerate(model.deberta, settings.decode.attention)
        return LineScorer(
            model, loaded.reader, settings.decode,
            reference=PipelineSettings.of(options.config).span_source == "reference",
            frames=self._frames(split, options, True) if loaded.network.text_fusion else None,
        )  # fmt: skip

    def _frames(self, split: Split, options: PredictOptions, read: bool) -> VideoRows:
        """The features of a split; unless they are ``read``, its files, which tell how long a silent video is."""
        loaded, _ = self.ready()
        if not read:
            return frames_of(loaded.network, split.features)
        frames = frames_of(loaded.network, self.features(split, options))
        frames.require_width(split.videos)
        return frames


def _sizes(
    text_config: Mapping[str, object], row_size: int | None, visual: VisualSettings, frame_mask: bool
) -> Network:
    return Network(
        text_config=text_config,
        visual_dim=row_size or visual.visual_dim,
        dim=visual.dim,
        max_pos_len=visual.frames,
        encoder_heads=visual.encoder_heads,
        predictor_heads=visual.predictor_heads,
        encoder_conv_layers=visual.encoder_layers,
        predictor_conv_layers=visual.predictor_layers,
        kernel_size=visual.kernel,
        drop_rate=visual.dropout,
        frame_mask=frame_mask,
        text_fusion=visual.paper_text_fusion,
    )


def dev_evaluation(
    dev: Split, reader: TextReader, settings: Settings, run: RunDirectory, examples: int, frames: VideoRows
) -> DevEvaluation:
    """The challenge's own figures of Track 1 on dev questions.

    Args:
        dev: whose questions are asked, within their videos.
        reader: of the text encoder.
        settings: of the run.
        run: the run that is made.
        examples: that are trained on.
        frames: of the dev videos.
    """
    asked = dev_subset(dev.questions, settings.train.dev_questions, run.seed)
    predictors: list[GivenVideoPredictor] = []

    def figures(model: nn.Module) -> Mapping[str, float]:
        """mIoU, which decides, then the others."""
        if not predictors:  # the same network every time, with other weights
            predictors.append(GivenVideoPredictor(cast(MutualSL, model), *reader, settings.decode, frames))
        return evaluate(predictors[0].answers(dev, asked), asked, (1,), run.dev_progress.question)

    return DevEvaluation(figures, len(asked), len(asked) / (PASSES * examples))
