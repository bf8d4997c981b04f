"""The plug: how a training is made of a corpus of the challenge, and how a trained network answers it."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import cast

import numpy as np
from torch import nn

from baselines.mesm.benchmark_baseline import BenchmarkBaseline
from baselines.mesm.corpus import CorpusClips, moments_of
from baselines.mesm.examples import RELATIVE, ClipRules, by_video, gathered
from baselines.mesm.inputs import Sentences
from baselines.mesm.localizer import MomentLocalizer
from baselines.mesm.model import MESM
from baselines.mesm.network import CHALLENGE, CORRECT, PRETRAINED, ChallengeNetwork
from baselines.mesm.settings import Settings
from baselines.mesm.task import MESMTask
from baselines.mesm.text import NO_LABELS, token_labels
from baselines.mesm.word_rows import PretrainedWords
from cmivqa_kit.data.display import target_in_words
from cmivqa_kit.data.types import Split
from cmivqa_kit.errors import UserError
from cmivqa_kit.neural.encoders import every_text, plain
from cmivqa_kit.neural.feature_sources import FeatureSource, source_of
from cmivqa_kit.neural.networks import new_network
from cmivqa_kit.plugin.types import Prediction, PredictOptions, Target
from cmivqa_kit.prediction.dev_evaluation import dev_subset, evaluate
from cmivqa_kit.prediction.pairs.given_videos import in_given_videos
from cmivqa_kit.runs.device import resolve
from cmivqa_kit.runs.directory import RunDirectory
from cmivqa_kit.training.trained import NO_DEV, DevEvaluation, Training, drawn
from cmivqa_kit.training.usable_examples import require_enough

log = logging.getLogger(__name__)
ALONE = 1  # questions go through the text encoder one by one: none changes the last digits of another
PASSES = 5  # of the network over a training question, there and back, beside a query and a foreign one
ENCODER = "text_encoder.encoder"


class MESMBaseline(BenchmarkBaseline):
    """MESM on corpora of the challenge, beside its benchmarks."""

    def training(self, train: Split, dev: Split | None, run: RunDirectory, settings: Settings) -> Training:
        """A training on a corpus, and Track 1 on its dev questions.

        Raises:
            UserError: the encoder or the rows cannot be had, or too few questions can be used.
        """
        if self.encoder is None:
            self.encoder = settings.open_encoder(every_text(train), run.seed)
        encoder, source = self.encoder, self.row_source(settings, train, run)
        features = source.features(train)
        width = source.size or features.width
        if not width:
            raise UserError(
                f"{train.source or train.name}: no video has features, or their rows have no common width",
                "Put <video_id>.npy files, all alike, into video_feature/; or make rows of what is said: --set "
                "features=subtitle-embedding",
            )
        clips = _clips(replace(train, features=features), width, settings, source)
        asked = dict.fromkeys(q.video_id for q in train.questions if q.video_id is not None)
        clips.rows.require(asked, "mesm learns from features", "their questions are left out")
        queries, dropped = moments_of(train, clips)
        require_enough(train, queries, dropped, settings.train.max_dropped)
        used = drawn(queries, settings, run)
        labels = token_labels(settings.text, encoder.reader, [query.text for query in queries])
        network = _sizes(settings, width, len(labels.classes), plain(encoder.config))
        model = new_network(network, MESM, run, encoder, ENCODER)
        model.to(resolve(run.device))
        sentences = Sentences(PretrainedWords(encoder.reader, labels, settings.text.longest), model, ALONE)
        items = gathered(by_video(used, RELATIVE), settings.data.gather, np.random.default_rng(run.seed))
        evaluation = NO_DEV
        if dev is not None:
            seen = replace(dev, features=source.features(dev))
            evaluation = _dev_evaluation(
                seen, _clips(seen, width, settings, source), sentences, run, settings, len(used)
            )
        task = MESMTask(model, items, clips, sentences, settings, run.seed, evaluation.figures)
        return Training(task, len(used), len(queries), +dropped, evaluation)

    def predict(self, split: Split, track: Target, options: PredictOptions) -> Iterator[Prediction]:
        """One prediction per question of ``split``, in its order: the surest window in its video.

        Raises:
            UserError: not loaded, or not trained on a corpus; another track than 1, or a question without its video.
        """
        if track != 1:
            raise UserError(
                f"mesm cannot answer {target_in_words(track)} by itself",
                "It answers within a given video: --track 1; or behind one that finds the videos: --retriever bm25",
            )
        yield from in_given_videos(self.localizer(split, options), split, options)

    def localizer(self, split: Split, options: PredictOptions) -> MomentLocalizer:
        """What the engine runs over given videos, or those that a retriever found.

        Raises:
            UserError: not loaded, or not trained on a corpus; features of another width; or no such device.
        """
        (loaded, run), settings = self.ready(), Settings.of(options.config)
        network = loaded.network
        if network.text_encoder != PRETRAINED:
            raise UserError(
                f"{run.path}: was trained on a benchmark and answers that one alone",
                "Answer it: cmivqa bench predict --help; or train on a corpus: cmivqa train -m mesm",
            )
        source = source_of(run, options.device)
        seen = replace(split, features=source.features(split))
        clips = _clips(seen, network.v_feat_dim - 2, settings, source)
        clips.rows.require_width(seen.videos)
        unseen = [video for video in seen.videos if video not in clips]
        if unseen:
            log.warning("%d of %d videos have no features: an answer in one of them is all that is said in it, the "
                        "first: %s", len(unseen), len(seen.videos), unseen[0])  # fmt: skip
        model = loaded.model.to(resolve(options.device))
        sentences = Sentences(PretrainedWords(loaded.reader, NO_LABELS, network.max_words_l), model, ALONE)
        return MomentLocalizer(model, sentences, clips, settings.decode, network.cross_sample_mask == CORRECT)


def _clips(split: Split, width: int, settings: Settings, source: FeatureSource) -> CorpusClips:
    rules = ClipRules(RELATIVE, settings.data.longest)
    return CorpusClips(split.features, split.videos, width, rules, made=source.size is not None)


def _sizes(settings: Settings, width: int, labels: int, text: Mapping[str, object]) -> ChallengeNetwork:
    model = settings.model
    return ChallengeNetwork(
        v_feat_dim=width + 2, t_feat_dim=cast(int, text["hidden_size"]), dataset_name=CHALLENGE, hidden_dim=model.dim,
        nheads=model.heads, dim_feedforward=model.feedforward, num_queries=model.slots,
        max_words_l=settings.text.longest, vocab_size=labels, num_recfw_layers=model.enhancer_layers,
        num_recss_layers=model.reconstructor_layers, t2v_layers=model.aligner_layers, enc_layers=model.encoder_layers,
        dec_layers=model.decoder_layers, n_input_proj=model.projection_layers, dropout=model.dropout,
        input_dropout=model.input_dropout, share_MLP=model.shared_branch, rec_fw=model.enhance,
        rec_ss=model.reconstruct, use_txt_pos=model.positions, text_encoder=PRETRAINED, text_config=text,
        cross_sample_mask=model.cross_sample_mask,
    )  # fmt: skip


def _dev_evaluation(
    dev: Split, clips: CorpusClips, sentences: Sentences, run: RunDirectory, settings: Settings, examples: int
) -> DevEvaluation:
    asked = dev_subset(dev.questions, settings.train.dev_questions, run.seed)
    together = settings.model.cross_sample_mask == CORRECT

    def figures(model: nn.Module) -> Mapping[str, float]:
        """Track 1's figures, mIoU first, which decides."""
        network = cast(MESM, model.eval())
        localizer = MomentLocalizer(network, sentences, clips, settings.decode, together)
        answers: Iterable[Prediction] = in_given_videos(
            localizer, replace(dev, questions=asked), PredictOptions(run.config)
        )
        return evaluate(answers, asked, (1,), run.dev_progress.question)

    return DevEvaluation(figures, len(asked), len(asked) / (PASSES * examples))
