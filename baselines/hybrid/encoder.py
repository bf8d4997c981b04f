"""The pretrained encoder: opened with plain advice where it cannot be had, kept in the run, asked for windows."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from baselines.hybrid.corpus import Corpus
from baselines.hybrid.settings import Settings
from baselines.hybrid.training_settings import TrainingSettings
from baselines.hybrid.untrained import WindowVectors
from cmivqa_kit.data.types import Split
from cmivqa_kit.errors import UserError
from cmivqa_kit.neural.encoder_errors import HOW_TO_GET
from cmivqa_kit.neural.encoder_origin import FEATURE_PART, store_origin
from cmivqa_kit.neural.encoders import TINY, Encoder, every_text
from cmivqa_kit.neural.feature_sources import kept_encoder, save_encoder
from cmivqa_kit.neural.row_file import RowFile
from cmivqa_kit.neural.sentence_embedding import SentenceEmbedding
from cmivqa_kit.plugin.types import Report
from cmivqa_kit.prediction.spans.windows import LineWindows
from cmivqa_kit.runs.device import resolve
from cmivqa_kit.runs.directory import FEATURE_ENCODER, RunDirectory
from cmivqa_kit.runs.settings import Config

ADVICE = (
    "Behind a firewall set HF_ENDPOINT to a mirror; or download it elsewhere and name its folder: "
    "--set encoder.name=DIR. Without an encoder BM25 answers alone: --set model.tier=lexical. "
    "To try the program: --preset tiny."
)


def pretrained(settings: TrainingSettings) -> Encoder | None:
    """The pretrained encoder; ``None`` where it is made from the corpus (``tiny``).

    Raises:
        UserError: it cannot be read or fetched.
    """
    if settings.encoder.name == TINY:
        return None
    try:
        return settings.open_encoder((), 0)
    except UserError as error:
        raise UserError(error.message, error.fix.replace(HOW_TO_GET, ADVICE), error.code) from error


def store_encoder(opened: Encoder | None, settings: TrainingSettings, train: Split, run: RunDirectory) -> None:
    """Keep the encoder in a run as it is before any training; one that lies there already stays.

    All processes that train together have to call it.

    Args:
        opened: the pretrained one, where there is one.
        settings: say how ``tiny`` is made.
        train: the corpus that it is made of.
        run: the run that is made, or gone on with.

    Raises:
        UserError: its code is not the code that the run was begun with.
        RunFailed: the run cannot be written.
    """

    def store() -> None:
        folder = run.path / FEATURE_ENCODER
        if not folder.is_dir():
            encoder = opened or settings.open_encoder(every_text(train), run.seed)
            if encoder.origin is not None:
                store_origin(run, FEATURE_PART, encoder.origin)
            save_encoder(encoder, folder)

    run.group.first(store)


class Encoding:
    """The encoder of a run as it was before any training, and the embeddings that it makes.

    Args:
        run: with the encoder in it.
    """

    def __init__(self, run: RunDirectory) -> None:
        self.encoder, self.stamp = kept_encoder(run)

    def embedding(self, config: Config, device: str, report: Report) -> SentenceEmbedding:
        """How the encoder makes vectors of texts, on a device.

        Raises:
            UserError: no such device.
        """
        return SentenceEmbedding(self.encoder, self.stamp, Settings.of(config).encoder, resolve(device), report)


def window_vectors(corpus: Corpus, embedding: SentenceEmbedding, settings: Settings) -> WindowVectors:
    """The windows of a corpus as the encoder reads them, from the cache where they lie there.

    Raises:
        UserError: the encoder gives numbers that are not finite.
        RunFailed: the cache cannot be written, or memory ran out.
    """
    unit = corpus.lines_per_unit(settings.windows.line_seconds)
    windows = LineWindows.of(corpus.spans, sorted({size * unit for size in settings.windows.lines}))
    return WindowVectors(windows, in_order(embedding.passages(windows.texts(corpus.spans)), corpus, embedding.size))


def line_texts(corpus: Corpus) -> dict[str, list[str]]:
    """What is said in each video, line by line, by its id."""
    spans = corpus.spans
    return {video.id: [line.text for line in lines] for video, lines in zip(spans.videos, spans.lines, strict=True)}


def in_order(vectors: Mapping[str, NDArray[np.float16]], corpus: Corpus, size: int) -> RowFile:
    """The vectors of all videos of a corpus, one behind the other.

    Raises:
        RunFailed: the cache cannot be written, or lost some meanwhile.
    """
    rows = RowFile(np.float16, (size,))
    for video in corpus.spans.videos:
        rows.append(vectors[video.id])
    return rows
