"""Where the rows of a visual branch come from: feature files, or the subtitles themselves where there are none.

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

from cmivqa_kit.data.feature_clock import ONE_SECOND, rate_words
from cmivqa_kit.data.feature_faults import faults_error
from cmivqa_kit.data.feature_notes import name_notes, unsettled_fix
from cmivqa_kit.data.features import FeatureStore
from cmivqa_kit.data.types import Split
from cmivqa_kit.errors import NotWritten, UserError
from cmivqa_kit.files import fingerprint, sha256
from cmivqa_kit.neural.encoder_code import EncoderFiles
from cmivqa_kit.neural.encoder_origin import FEATURE_PART, EncoderOrigin, codes_of, store_origin
from cmivqa_kit.neural.encoders import TINY, Encoder, every_text, open_config, open_encoder, read_encoder
from cmivqa_kit.neural.subtitle_embedding import EMBEDDED, SubtitleEmbedding, spoken
from cmivqa_kit.plugin.settings import one_of
from cmivqa_kit.runs.device import resolve
from cmivqa_kit.runs.directory import FEATURE_ENCODER, FOREIGN_CODE, RunDirectory, has_state
from cmivqa_kit.runs.processes import ALONE, Group

log = logging.getLogger(__name__)
HOW_TO_NAME = (
    "Call each file <video_id>.npy (cmivqa data check says more); or make rows of what is said: "
    "--set features=subtitle-embedding"
)
FILES, AUTO = "files", "auto"
NAMES = (AUTO, FILES, EMBEDDED)


@dataclass(frozen=True, slots=True)
class FeatureSettings:
    """Section ``features``.

    ``name``: ``files``, ``subtitle-embedding``, or ``auto`` (files where the split has any). ``encoder``: what embeds
    the subtitles, as `open_encoder` takes it; empty: the baseline's own text encoder as it is before training.
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

    def features(self, split: Split) -> FeatureStore:
        """The features of the videos of ``split``."""
        ...


class FeatureFiles:
    """The source of a split that has feature files.

    Args:
        seconds_per_row: of the run that goes on or answers; ``None`` for a new one.
        group: the processes that ask for the same features together; one of them looks at the files.
        needed: False for a network that has no use for them: then they are not looked at.
    """

    size = None

    def __init__(self, seconds_per_row: float | None = None, group: Group = ALONE, needed: bool = True) -> None:
        self.seconds_per_row, self.group, self.needed = seconds_per_row, group, needed

    def features(self, split: Split) -> FeatureStore:
        """The split's own feature files, once all of those that it may need were read.

        All processes of the group have to call it.

        Raises:
            UserError: some of them cannot be used (all are named), none is called by a video, or nobody says how long
                a row is and the videos speak against what it is taken for.
        """
        store, seconds = split.features, self.seconds_per_row
        if seconds is not None:
            store = store.assuming(seconds)
        if self.needed:
            self.group.first(lambda: _require_usable(store, split, seconds))
        return store


def _require_usable(store: FeatureStore, split: Split, of_run: float | None) -> None:
    """Refuse features that would stop a training on its way, or let it learn nonsense.

    Args:
        store: the features of the split.
        split: whose videos they are.
        of_run: the seconds of a row that the run takes, where that is settled already.
    """
    asked = {question.video_id for question in split.questions if question.video_id is not None}
    faults = store.faults(sorted(asked | split.videos.keys()))
    if faults:
        raise faults_error(faults, len(store))
    if not len(store):
        unused = next(name_notes(store), None)
        if unused is not None:
            raise UserError(f"{unused.subject}: {unused.why}", HOW_TO_NAME)
    elif not store.settled and store.measured is not None:
        if of_run is None:
            raise UserError(f"{store.folders[0]}: {store.measured.words}", unsettled_fix(store))
        raise UserError(
            f"{store.folders[0]}: {store.measured.words} The run takes {rate_words(of_run)}",
            "Give features that were extracted as those it was trained on; "
            f"if these were, say so: --seconds-per-row {of_run:g}",
        )
    elif store.stated and store.measured is not None and not store.measured.agrees(store.stated):
        log.warning("%s is stated, but %s", rate_words(store.stated), store.measured.words)
    elif store.outlasted:
        log.warning("%d of %d videos have subtitles that go on long after their feature rows, the first: %s",
                    len(store.outlasted), len(store), next(iter(store.outlasted)))  # fmt: skip


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
        return _embedding(run, run.device)
    return FeatureFiles(run.seconds_per_row, run.group)


def source_of(run: RunDirectory, device: str) -> FeatureSource:
    """The source that a run was trained with.

    Raises:
        UserError: its encoder is damaged, or brings code that was not allowed to run; or there is no such device.
    """
    if (run.path / FEATURE_ENCODER).is_dir():
        return _embedding(run, device)
    return FeatureFiles(run.seconds_per_row or ONE_SECOND, run.group)


def _embeds(settings: FeatureSettings, split: Split, own: Encoder | None, run: RunDirectory) -> bool:
    """True where subtitles are embedded, with the encoder in the run by then; for the main process."""
    folder = run.path / FEATURE_ENCODER
    if folder.is_dir() or has_state(run.path):  # whatever files lie beside the data by now
        return folder.is_dir()
    given = len(split.features) or any(names.unnamed or names.several for names in split.features.names)
    if settings.name == FILES or (settings.name == AUTO and given):
        return False
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
    _save(encoder, folder)
    return True


def _save(encoder: Encoder, folder: Path) -> None:
    """The encoder as a folder, whole or not there."""
    transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]  # it would cut through our own output
    try:
        for left in folder.parent.glob(f".{folder.name}.*"):  # of a training that was killed here
            shutil.rmtree(left, ignore_errors=True)
        temporary = Path(mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
        try:
            made: Any = encoder.model
            made.save_pretrained(temporary)
            encoder.tokenizer.save_pretrained(temporary)
            for path in temporary.iterdir():
                with path.open("rb") as stream:
                    os.fsync(stream.fileno())
            temporary.chmod(0o755)  # mkdtemp's is private to the user
            temporary.replace(folder)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
    except (OSError, SafetensorError) as error:
        raise NotWritten(f"{folder}: cannot be written ({error})", "Free some space, then train again.") from None


def _embedding(run: RunDirectory, device: str) -> SubtitleEmbedding:
    """The source that a run's encoder makes."""
    folder, code = run.path / FEATURE_ENCODER, codes_of(run).get(FEATURE_PART)
    try:
        encoder = read_encoder(EncoderOrigin(EncoderFiles(str(folder)), code))
    except UserError as error:
        raise UserError(
            f"{folder}: the encoder of the run's features is damaged ({error.message})",
            "Copy the run again from where it was made, or train again.",
        ) from error
    # The same weights, configuration, vocabulary and code have the same stamp in every run.
    files = {path.name: sha256(path) for path in folder.iterdir() if path.is_file()}
    stamp = fingerprint(files if code is None else {**files, FOREIGN_CODE: code.digest})
    return SubtitleEmbedding(encoder, stamp, resolve(device), run.group)
