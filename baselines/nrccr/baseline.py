"""The plugs of NRCCR and MLCMR: how a training is made of a corpus, how a network answers, what each has of its own."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from torch import nn

from baselines.nrccr.collection_baseline import BERT, CollectionBaseline, M, N, S, collection_of
from baselines.nrccr.corpus import (
    VideoRows,
    examples_of,
    ranked,
    read_text,
    say_languages,
    seconds_of,
)
from baselines.nrccr.evaluation import (
    Embedded,
    Embeddings,
    Network,
    both_ways_figures,
    embed_sorted,
    embed_videos,
    recall_figures,
)  # fmt: skip
from baselines.nrccr.examples import Example, RowsOf
from baselines.nrccr.mlcmr import MLCMR
from baselines.nrccr.mlcmr_collection import MLCMRCollection
from baselines.nrccr.model import NRCCR, begin
from baselines.nrccr.network import MLCMRNetwork, NRCCRNetwork, levels_width
from baselines.nrccr.settings import IMAGES, DecodeSettings, MLCMRSettings, NRCCRSettings
from baselines.nrccr.task import MLCMRTask, NRCCRTask, RetrievalTask
from baselines.nrccr.texts import Reader
from baselines.nrccr.translations import NOTHING, Translation, mixed_scores, translations_in
from cmivqa_kit.bench.contract.types import Benchmark
from cmivqa_kit.data.display import count
from cmivqa_kit.data.span import Span
from cmivqa_kit.data.types import Question, Split, Video
from cmivqa_kit.errors import UserError
from cmivqa_kit.metrics.benchmarks.retrieval import mixed
from cmivqa_kit.neural.corpus_embedding import CorpusEmbedding, network_stamp, seen
from cmivqa_kit.neural.encoders import Encoder, every_text, plain
from cmivqa_kit.neural.networks import new_network
from cmivqa_kit.plugin.types import Candidate, Prediction, PredictOptions, Target
from cmivqa_kit.prediction.dev_evaluation import dev_subset, evaluate
from cmivqa_kit.prediction.function_retriever import FunctionRetriever
from cmivqa_kit.prediction.ranked_list import in_order
from cmivqa_kit.prediction.types import VideoRetriever
from cmivqa_kit.runs.device import resolve
from cmivqa_kit.runs.directory import RunDirectory
from cmivqa_kit.training.bucketed_task import Figures
from cmivqa_kit.training.trained import NO_DEV, DevEvaluation, Training, drawn
from cmivqa_kit.training.usable_examples import require_enough

log = logging.getLogger(__name__)


class RetrievalBaseline(CollectionBaseline[S, N, M]):
    """What both systems do alike on a corpus of the challenge."""

    def training(self, train: Split, dev: Split | None, run: RunDirectory, settings: S) -> Training:
        """A training on a corpus of the challenge, and Track 2 on its dev questions.

        Raises:
            UserError: the encoder or the rows cannot be had, or too few questions can be used.
        """
        if self.encoder is None:
            self.encoder = settings.open_encoder(every_text(train), run.seed)
        encoder, source = self.encoder, self.row_source(settings, train, run)
        reader, features = Reader(encoder.reader), source.features(train)
        width = source.size or features.width
        if not width:
            fault = f"{train.source or train.name}: the rows of its features have no common width"
            raise UserError(fault, "Extract the features again, all alike.")
        rows = VideoRows(features, width)
        given = translations_in(settings.train.translations)
        examples, dropped = examples_of(train, reader, rows, settings.train.source_language, given)
        dropped = +dropped
        require_enough(train, examples, dropped, settings.train.max_dropped)
        used = drawn(examples, settings, run)
        if run.group.main:
            say_languages(used)
        evaluation = NO_DEV
        if dev is not None:
            evaluation = self._dev_evaluation(replace(dev, features=source.features(dev)), reader, run, settings, width)
        model: Any = new_network(self.network(encoder, width, settings), self.kind, run, encoder, BERT)
        self.begin(model, settings)
        task = self.task(model, used, rows, encoder, settings, run.seed, evaluation.figures)
        return Training(task, len(used), len(examples), dropped, evaluation)

    def _dev_evaluation(
        self, dev: Split, reader: Reader, run: RunDirectory, settings: S, width: int
    ) -> DevEvaluation:  # fmt: skip
        asked = dev_subset(dev.questions, settings.train.dev_questions, run.seed)
        rows, options = VideoRows(dev.features, width), PredictOptions(run.config)
        given = translations_in(settings.decode.translations)

        def figures(model: nn.Module) -> Mapping[str, float]:
            """Track 2's figures, the one that it ranks by first."""
            network: Any = model
            videos = embed_videos(network, list(dev.videos), rows, settings.decode.batch)
            lists = _rankings(network, reader, asked, videos, list(dev.videos), rows, settings.decode, given)
            predictions = (_prediction(q, dev, row, options.limit) for q, row in zip(asked, lists, strict=True))
            return evaluate(predictions, asked, (2,), run.dev_progress.question)

        cost = (len(dev.videos) + len(asked)) / (6 * max(1, len(asked)))
        return DevEvaluation(figures, len(asked), cost)

    def retriever(self, options: PredictOptions) -> VideoRetriever:
        """The loaded run as a retriever: every video of a corpus is encoded once, and kept in the user's cache.

        Raises:
            UserError: not loaded, or no such device.
        """
        loaded, run = self.ready()
        settings, device = self.settings.of(options.config), resolve(options.device)
        model: Network = loaded.model.to(device)
        reader, width = Reader(loaded.reader), loaded.network.visual_feat_dim
        given = translations_in(settings.decode.translations)

        def encode(split: Split, videos: Sequence[Video]) -> Iterator[Any]:
            rows = VideoRows(split.features, width)
            for video in videos:  # one by one: what lies beside it in a batch would change the last digits
                yield embed_videos(model, [video.id], rows, 1)[0]

        kept = CorpusEmbedding(self.name, network_stamp(run), encode, device, seen)

        def rank(split: Split, number: int) -> Iterator[list[tuple[str, float]]]:
            split = replace(split, features=self.features(split, options))
            arrays = kept.arrays(split)
            videos = np.stack(list(arrays.values())).astype(np.float64)
            rows = VideoRows(split.features, width)
            return iter(_rankings(model, reader, split.questions, videos, list(arrays), rows, settings.decode, given))

        return FunctionRetriever(self.name, rank, network=True)

    def predict(self, split: Split, track: Target, options: PredictOptions) -> Iterator[Prediction]:
        """One prediction per question of ``split``: whole videos, best first.

        Raises:
            UserError: not loaded, another track than the second, or no such device.
        """
        if track != 2:
            raise UserError(
                f"{self.name} finds videos, no spans in them",
                f"Give --track 2; or let a localizer find the spans: cmivqa predict --retriever {self.name}",
            )
        rankings = self.retriever(options).rank(split, options.limit)
        for question, ranking in zip(split.questions, rankings, strict=True):
            yield _prediction(question, split, ranking, options.limit)


class NRCCRBaseline(RetrievalBaseline[NRCCRSettings, NRCCRNetwork, NRCCR]):
    """NRCCR: embeddings of both languages, which the benchmark mixes at all weights."""

    name, settings, sizes, kind = "nrccr", NRCCRSettings, NRCCRNetwork, NRCCR

    def network(self, encoder: Encoder, width: int, settings: NRCCRSettings) -> NRCCRNetwork:
        """Sizes as the settings say.

        Raises:
            UserError: a discriminator that cannot read the pretrained encoder's states.
        """
        model, images = settings.model, settings.data.kind == IMAGES
        own = int(encoder.config.hidden_size)
        hidden = model.text_hidden or own
        if hidden != own and settings.train.scale:
            raise UserError(
                f"model.text_hidden = {hidden}: the discriminator reads the pretrained encoder's states, {own} wide",
                f"Give --set model.text_hidden={own}, or --set train.scale=0 for no discriminator.",
            )
        clip = images and settings.data.feature.startswith("clip")
        visual = width if images and not clip else model.video_hidden
        return NRCCRNetwork(
            bert=plain(encoder.config), visual_feat_dim=width, visual_mapping_layers=[visual, model.space],
            text_mapping_layers=[hidden, model.space], dropout=model.dropout, padding=model.padding,
            text_hidden_size=hidden, text_num_attention=model.text_heads, video_hidden_size=model.video_hidden,
            video_num_attention=model.video_heads, model_type="img" if images else "video",
            img_encoder="clip" if clip else "resnet_152", video_pooling=model.video_pooling,
            disc_type=model.discriminator,
        )  # fmt: skip

    def begin(self, model: NRCCR, settings: NRCCRSettings) -> None:
        """As section ``model`` says."""
        begin(model, settings.model.positions, settings.model.alike)

    def task(
        self, model: NRCCR, examples: Sequence[Example], rows_of: RowsOf, encoder: Encoder, settings: NRCCRSettings,
        seed: int, figures: Figures,
    ) -> RetrievalTask:  # fmt: skip
        """The losses of NRCCR and its discriminator."""
        pad = encoder.reader.special.pad
        return NRCCRTask(model, examples, rows_of, pad, settings.train, seed, figures)

    def validation(
        self, embedded: Embedded, examples: Sequence[Example], videos: Sequence[str], settings: NRCCRSettings
    ) -> Mapping[str, float]:
        """Recalls from text to video of both languages mixed."""
        return recall_figures(embedded, examples, videos, settings.decode.source_weight)

    def write(
        self, embedded: Embedded, captions: Sequence[str], videos: Sequence[str], settings: NRCCRSettings, folder: Path
    ) -> Path:
        """``videos``, ``source`` and ``translation`` with their ids."""
        for name, rows, ids in (
            ("videos", embedded.videos, videos),
            ("source", embedded.source, captions),
            ("translation", embedded.translation, captions),
        ):
            np.savez(folder / f"{name}.npz", embeddings=rows, ids=np.array(ids))
        return folder


class MLCMRBaseline(RetrievalBaseline[MLCMRSettings, MLCMRNetwork, MLCMR]):
    """MLCMR: one matrix of both languages, raw cosines mixed at one weight."""

    name, settings, sizes, kind = "mlcmr", MLCMRSettings, MLCMRNetwork, MLCMR

    def collection(self, benchmark: Benchmark, root: Path, settings: MLCMRSettings) -> MLCMRCollection:
        """The files of a benchmark, of one or both languages."""
        data = settings.data
        collection = collection_of(MLCMRCollection, benchmark, root, data)
        return replace(collection, mode=data.mode, asked_in=data.target)

    def network(self, encoder: Encoder, width: int, settings: MLCMRSettings) -> MLCMRNetwork:
        """Sizes as the settings say."""
        model, own = settings.model, int(encoder.config.hidden_size)
        levels = levels_width(width, model.recurrent, model.kernels, len(model.kernel_sizes))
        return MLCMRNetwork(
            bert=plain(encoder.config), visual_feat_dim=width, visual_mapping_layers=[levels, model.space],
            text_mapping_layers=[own, model.space], dropout=model.dropout, padding=model.padding,
            visual_rnn_size=model.recurrent, visual_kernel_num=model.kernels, visual_kernel_sizes=model.kernel_sizes,
            gru_pool=model.pooling,
        )  # fmt: skip

    def task(
        self, model: MLCMR, examples: Sequence[Example], rows_of: RowsOf, encoder: Encoder, settings: MLCMRSettings,
        seed: int, figures: Figures,
    ) -> RetrievalTask:  # fmt: skip
        """The losses of MLCMR; its masked views need the tokenizer's mask.

        Raises:
            UserError: the tokenizer has none.
        """
        mask = encoder.tokenizer.mask_token_id
        if mask is None:
            raise UserError("the text encoder's tokenizer has no [MASK] token", "Give a BERT-like encoder.")
        pad = encoder.reader.special.pad
        return MLCMRTask(model, examples, rows_of, pad, settings.train, seed, figures, mask)

    def validation(
        self, embedded: Embedded, examples: Sequence[Example], videos: Sequence[str], settings: MLCMRSettings
    ) -> Mapping[str, float]:
        """All recalls of both languages, unmixed."""
        return both_ways_figures(embedded, examples, videos)

    def write(
        self, embedded: Embedded, captions: Sequence[str], videos: Sequence[str], settings: MLCMRSettings, folder: Path
    ) -> Path:
        """``scores.npz``: cosines of both languages, mixed."""
        errors = mixed(*embedded.errors(), settings.decode.source_weight)
        scores = -errors.rows(0, errors.captions)
        path = folder / "scores.npz"
        np.savez(path, scores=scores, caption_ids=np.array(captions), video_ids=np.array(videos))
        return path


def _rankings(
    model: Network, reader: Reader, questions: Sequence[Question], videos: Embeddings, names: Sequence[str],
    rows: VideoRows, decode: DecodeSettings, given: Mapping[str, Translation],
) -> list[list[tuple[str, float]]]:  # fmt: skip
    """Per question all videos with the cosine of their embeddings, not sorted; mixed with that of its translation."""
    if not questions:
        return []

    def cosines(texts: Iterable[str]) -> Embeddings:
        tokens = [read_text(reader, text) for text in texts]
        return embed_sorted(model, tokens, decode.batch, reader.reader.special.pad) @ videos.T

    scores = cosines(question.text for question in questions)
    own = (given.get(str(question.id), NOTHING) for question in questions)
    texts = {at: translation.text for at, translation in enumerate(own) if translation.text}
    if texts:
        scores = mixed_scores(scores, cosines(texts.values()), list(texts), decode.question_weight)
    elif given:
        log.warning("%s: a translation of none of the %s", decode.translations, count(len(questions), "question"))
    return [ranked(row, names, rows) for row in scores]


def _prediction(question: Question, split: Split, scores: Iterable[tuple[str, float]], limit: int) -> Prediction:
    """The best videos as candidates, from their first second to their last."""
    best = in_order(scores)[:limit]
    candidates = (Candidate(name, Span(0.0, seconds_of(split.videos[name])), score) for name, score in best)
    return Prediction(question.id, tuple(candidates))
