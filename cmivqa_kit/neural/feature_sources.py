"""Where the rows of a visual branch come from: feature files, the subtitles themselves, or both beside each other.

A baseline takes its source by name (section ``features`` of its settings). A run goes on, and predicts, with the source
that it was begun with: where subtitles are embedded, the frozen encoder lies in the run.
"""

from __future__ import annotations

import logging
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp
from typing import Any, Protocol

from safetensors import SafetensorError
from transformers.utils import logging as transformers_logging

from cmivqa_kit.damage import COPY_AGAIN
from cmivqa_kit.data.feature_clock import ONE_SECOND
from cmivqa_kit.data.features import SplitFeatures
from cmivqa_kit.data.types import Split
from cmivqa_kit.errors import NotWritten, UserError
from cmivqa_kit.files import fingerprint, sha256, write_json
from cmivqa_kit.neural.encoder_code import EncoderFiles
from cmivqa_kit.neural.encoder_origin import FEATURE_PART, EncoderOrigin, codes_of, store_origin
from cmivqa_kit.neural.encoders import TINY, Encoder, every_text, open_config, open_encoder, read_encoder
from cmivqa_kit.neural.joined_rows import JoinedRows, Widths
from cmivqa_kit.neural.planned_embedding import PlannedEmbedding
from cmivqa_kit.neural.stored_features import FeatureFiles
from cmivqa_kit.neural.subtitle_embedding import EMBEDDED, SubtitleEmbedding, spoken
from cmivqa_kit.plugin.settings import one_of
from cmivqa_kit.runs.device import resolve
from cmivqa_kit.runs.directory import FEATURE_ENCODER, FOREIGN_CODE, JOINED_FEATURES, RunDirectory, has_state

log = logging.getLogger(__name__)
FILES, AUTO, JOINED = "files", "auto", "joined"
NAMES = (AUTO, FILES, EMBEDDED, JOINED)
MOST_NUMBERS = 2**20  # of a row


@dataclass(frozen=True, slots=True)
class FeatureSettings:
    """Section ``features``.

    ``name``: ``files``, ``subtitle-embedding``, ``joined`` (both, side by side), or ``auto`` (files where the split has
    any). ``encoder``: what embeds the subtitles, as `open_encoder` takes it; empty: the baseline's own text encoder as
    it is before training.
    """

    name: str = AUTO
    encoder: str = ""

    def __post_init__(self) -> None:
        one_of(NAMES, "features.name", self.name)

    def prepare(self) -> None:
        """Look whether the encoder can be had, before any data is loaded.

        Raises:
            UserError: its configuration cannot be read or fetched.
        """
        if self.name != FILES and self.encoder not in ("", TINY):
            open_config(self.encoder)


class FeatureSource(Protocol):
    """A source of visual rows: it gives every split its features."""

    @property
    def size(self) -> int | None:
        """The numbers in a row; ``None`` where the files decide."""
        ...

    def features(self, split: Split) -> SplitFeatures:
        """The features of the videos of ``split``."""
        ...


@dataclass(frozen=True, slots=True)
class JoinedSource:
    """The source of rows that are stored features beside embedded subtitles.

    Attributes:
        files: of the stored part.
        embedding: of the other, a `SubtitleEmbedding` or what plans one.
        width: of the stored part.
        seconds_per_row: of a split without stored features.
    """

    files: FeatureFiles
    embedding: SubtitleEmbedding | PlannedEmbedding
    width: int
    seconds_per_row: float

    @property
    def size(self) -> int:
        """The numbers in a row, of both parts."""
        return self.width + self.embedding.size

    def features(self, split: Split) -> SplitFeatures:
        """The rows of ``split``; all processes of the group have to call it.

        Raises:
            UserError: as `FeatureFiles` and `SubtitleEmbedding`, or the stored rows have another width.
            RunFailed: the cache cannot be written, or memory ran out.
        """
        stored = self.files.features(split)
        if len(stored) and stored.width != self.width:
            raise UserError(
                f"{stored.folders[0]}: rows of {stored.width} numbers; the run was trained beside rows of {self.width}",
                "Give the features that it was trained with.",
            )
        seconds = stored.seconds_per_row if len(stored) else self.seconds_per_row
        widths = Widths(self.width, self.embedding.size)
        joined = JoinedRows(stored, self.embedding.features(split), split.videos, widths, seconds)
        lacking = [video for video in joined if video not in stored]
        if lacking and self.files.group.main:
            log.warning("%d of %d videos have no stored features: that part of their rows is zero, the first: %s",
                        len(lacking), len(joined), lacking[0])  # fmt: skip
        return joined


def source_for(settings: FeatureSettings, split: Split, own: Encoder | None, run: RunDirectory) -> FeatureSource:
    """The source for a training on ``split``; an encoder that embeds is written into the run.

    All processes that train together have to call it.

    Args:
        settings: which source.
        split: what is trained on; ``auto`` asks it for files.
        own: the baseline's text encoder before it is trained; ``None`` for one without.
        run: the run that is made, or gone on with.

    Raises:
        UserError: the encoder cannot be had, or no video has anything to embed.
        RunFailed: the run cannot be written.
    """
    if run.group.first(lambda: _embeds(settings, split, own, run)):
        return _made_source(run, run.device)
    return FeatureFiles(run.seconds_per_row, run.group)


def source_of(run: RunDirectory, device: str) -> FeatureSource:
    """The source that a run was trained with.

    Raises:
        UserError: its encoder is damaged, or brings code that was not allowed to run; or there is no such device.
    """
    if (run.path / FEATURE_ENCODER).is_dir():
        return _made_source(run, device)
    return FeatureFiles(run.seconds_per_row or ONE_SECOND, run.group)


def _embeds(settings: FeatureSettings, split: Split, own: Encoder | None, run: RunDirectory) -> bool:
    """True where subtitles are embedded, with the encoder in the run by then; for the main process."""
    folder = run.path / FEATURE_ENCODER
    if folder.is_dir() or has_state(run.path):  # whatever files lie beside the data by now
        return folder.is_dir()
    given = len(split.features) or any(names.unnamed or names.several for names in split.features.names)
    if settings.name == FILES or (settings.name == AUTO and given):
        return False
    if settings.name == JOINED:
        FeatureFiles(run.seconds_per_row).features(split)
        if not split.features.width:
            raise UserError(
                f"{split.source or split.name}: no video has features that could stand beside its subtitles",
                "Give some: --features PATH; or do without: --set features=subtitle-embedding",
            )
    if not any(spoken(video) for video in split.videos.values()):
        raise UserError(
            f"{split.source or split.name}: no video has features, and none has subtitles that could be embedded",
            "Put <video_id>.npy files into video_feature/ beside the questions.",
        )
    if settings.name == AUTO:
        log.warning("no video of this split has features: its subtitles, embedded per second, stand in for them "
                    "(features = %s)", EMBEDDED)  # fmt: skip
    encoder = open_encoder(settings.encoder, every_text(split), run.seed) if settings.encoder else own
    if encoder is None:
        raise UserError(
            f"{run.baseline} has no text encoder of its own that could embed subtitles",
            "Name one: --set features.encoder=DIR (or tiny); or give feature files.",
        )
    if encoder.origin is not None:
        store_origin(run, FEATURE_PART, encoder.origin)
    save_encoder(encoder, folder, split.features.width if settings.name == JOINED else None)
    return True


def save_encoder(encoder: Encoder, folder: Path, stored_width: int | None = None) -> None:
    """Write the encoder as a folder, whole or not there; with the width of stored features beside which it stands.

    Raises:
        RunFailed: it cannot be written.
    """
    transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]  # it would cut through our own output
    try:
        for left in folder.parent.glob(f".{folder.name}.*"):  # of a training that was killed here
            shutil.rmtree(left, ignore_errors=True)
        temporary = Path(mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
        try:
            made: Any = encoder.model
            made.save_pretrained(temporary)
            encoder.tokenizer.save_pretrained(temporary)
            if stored_width is not None:
                write_json(temporary / Path(JOINED_FEATURES).name, {"stored_width": stored_width})
            for path in temporary.iterdir():
                with path.open("rb") as stream:
                    os.fsync(stream.fileno())
            temporary.chmod(0o755)  # mkdtemp's is private to the user
            temporary.replace(folder)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
    except (OSError, SafetensorError) as error:
        raise NotWritten(f"{folder}: cannot be written ({error})", "Free some space, then train again.") from None


def _made_source(run: RunDirectory, device: str) -> FeatureSource:
    """The source of a run with an encoder: what it embeds, alone or beside stored features."""
    embedding = _embedding(run, device)
    if not (run.path / JOINED_FEATURES).is_file():
        return embedding
    width = run.read_object(JOINED_FEATURES, stored_width=int)["stored_width"]
    if not 0 < width <= MOST_NUMBERS:
        raise UserError(f"{run.path / JOINED_FEATURES}: damaged ({width} is no width)", COPY_AGAIN)
    files = FeatureFiles(run.seconds_per_row, run.group)
    return JoinedSource(files, embedding, width, run.seconds_per_row or ONE_SECOND)


def _embedding(run: RunDirectory, device: str) -> SubtitleEmbedding:
    """The source that a run's encoder makes."""
    encoder, stamp = kept_encoder(run)
    return SubtitleEmbedding(encoder, stamp, resolve(device), run.group)


def kept_encoder(run: RunDirectory) -> tuple[Encoder, str]:
    """The frozen encoder that lies in a run, and a stamp: the same for the same encoder in every run.

    Raises:
        UserError: it is damaged, or brings code that was not allowed to run.
    """
    folder, code = run.path / FEATURE_ENCODER, codes_of(run).get(FEATURE_PART)
    try:
        encoder = read_encoder(EncoderOrigin(EncoderFiles(str(folder)), code))
    except UserError as error:
        raise UserError(
            f"{folder}: the encoder of the run's features is damaged ({error.message})",
            "Copy the run again from where it was made, or train again.",
        ) from error
    # The same weights, configuration, vocabulary and code have the same stamp in every run.
    files = {
        path.name: sha256(path)
        for path in folder.iterdir()
        if path.is_file() and path.name != Path(JOINED_FEATURES).name
    }
    return encoder, fingerprint(files if code is None else {**files, FOREIGN_CODE: code.digest})
