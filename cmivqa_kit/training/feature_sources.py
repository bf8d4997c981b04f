"""Where the rows of a visual branch come from: feature files, or the subtitles themselves where there are none.

``subtitle-embedding``: every second of a video is the mean of what a frozen text encoder makes of the lines that are
spoken in it. The encoder stays in the run, so that prediction has the same one; the rows are kept in the user's cache,
by what they were made of. A baseline takes its source by name: section ``features`` of its settings.
"""

from __future__ import annotations

import hashlib
import logging
import math
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from cmivqa_kit.data.features import FeatureStore
from cmivqa_kit.data.types import Split, Subtitle, Video
from cmivqa_kit.errors import RunFailed, UserError
from cmivqa_kit.files import atomic_path, cache_root, fingerprint, sha256
from cmivqa_kit.plugin.settings import one_of
from cmivqa_kit.prediction.jobs import batches
from cmivqa_kit.training.device import resolve
from cmivqa_kit.training.encoders import Encoder, open_encoder, position_limit
from cmivqa_kit.training.run import RunDirectory

log = logging.getLogger(__name__)
Rows = NDArray[np.float32]
FILES, EMBEDDED, AUTO = "files", "subtitle-embedding", "auto"
NAMES = (AUTO, FILES, EMBEDDED)
FOLDER = "feature-encoder"  # in the run: the frozen encoder and its tokenizer
VERSION = 1  # part of the name of every kept file: raise it whenever a row would come out differently
LONGEST = 6 * 3600.0  # seconds: a stated duration beyond it is no reason to make rows
TOKENS = 8192  # per batch, padding included


@dataclass(frozen=True, slots=True)
class FeatureSettings:
    """Section ``features``.

    ``name``: ``files``, ``subtitle-embedding``, or ``auto`` (files where the split has any). ``encoder``: what embeds
    the subtitles, a folder or a Hugging Face name; empty: the baseline's own text encoder as it is before training.
    """

    name: str = AUTO
    encoder: str = ""

    def __post_init__(self) -> None:
        one_of(NAMES, "features.name", self.name)


class FeatureSource(Protocol):
    """Gives every split its features."""

    @property
    def size(self) -> int | None:
        """The numbers in a row; ``None`` where the files decide."""
        ...

    def features(self, split: Split) -> FeatureStore:
        """The features of the videos of ``split``."""
        ...


class FeatureFiles:
    """What the split brings along."""

    size = None

    def features(self, split: Split) -> FeatureStore:
        """The split's own feature files."""
        return split.features


class SubtitleEmbedding:
    """Subtitles embedded per second by a frozen encoder.

    Args:
        encoder: is not changed and not trained.
        stamp: what tells it from other encoders.
        device: where it runs.
        cache: the folder that keeps the rows; by default one in the user's cache.
    """

    def __init__(self, encoder: Encoder, stamp: str, device: torch.device, cache: Path | None = None) -> None:
        self.model, self.tokenizer, self.device = encoder.model.eval(), encoder.tokenizer, device
        self.size: int = encoder.config.hidden_size
        self.limit = position_limit(encoder.config)
        self.folder = (cache or cache_root() / EMBEDDED) / f"{stamp[:32]}-{VERSION}"

    def features(self, split: Split) -> FeatureStore:
        """One file per video that says anything, (seconds, `size`); made now where the cache lacks it.

        Raises:
            RunFailed: the cache cannot be written.
        """
        files = {name: self.folder / f"{_stamp(video)}.npy" for name, video in split.videos.items() if _spoken(video)}
        lacking = [name for name, path in files.items() if not _sound(path, self.size)]
        if lacking:
            log.info("embedding the subtitles of %d videos into %s", len(lacking), self.folder)
            self.model.to(self.device)
        for name in lacking:
            with atomic_path(files[name]) as temporary, temporary.open("wb") as stream:
                np.save(stream, self.rows(split.videos[name]))
        return FeatureStore.of(files)

    def rows(self, video: Video) -> Rows:
        """(seconds, `size`): the mean of the lines of each second, zeros where nothing is said.

        A line's vector is the mean of its tokens, scaled so that its numbers have a mean square of 1. One video is
        embedded at a time, so that its rows do not depend on what else is.
        """
        lines = _spoken(video)
        texts = sorted({line.text for line in lines})
        vectors = dict(zip(texts, self._embedded(texts), strict=True))
        length = min(LONGEST, max(1.0, video.duration or 0.0, *(line.end for line in lines)))
        total = np.zeros((math.ceil(length), self.size), np.float32)
        spoken = np.zeros((len(total), 1), np.float32)
        for line in lines:
            first = max(0, math.floor(line.start))
            last = max(first + 1, math.ceil(min(line.end, LONGEST)))
            total[first:last] += vectors[line.text]
            spoken[first:last] += 1
        rows: Rows = (total / np.maximum(spoken, 1)).astype(np.float32)
        return rows

    def _embedded(self, texts: Sequence[str]) -> Rows:
        """A vector per text, in their order, (texts, `size`)."""
        ids = [self._ids(text) for text in texts]
        sizes = np.array([len(one) for one in ids], np.int32)
        order = np.argsort(-sizes, kind="stable")
        made = np.zeros((len(ids), self.size), np.float32)
        for part in batches(sizes[order], TOKENS):
            made[order[part]] = self._vectors([ids[number] for number in order[part]])
        return made

    def _ids(self, text: str) -> list[int]:
        found: list[int] = self.tokenizer(text, verbose=False)["input_ids"]
        return found if self.limit is None else found[: self.limit]

    def _vectors(self, ids: Sequence[Sequence[int]]) -> Rows:
        longest = max(map(len, ids))
        tokens = torch.full((len(ids), longest), self.tokenizer.pad_token_id)
        mask = torch.zeros(len(ids), longest)
        for row, one in enumerate(ids):
            tokens[row, : len(one)] = torch.tensor(one)
            mask[row, : len(one)] = 1
        tokens, mask = tokens.to(self.device), mask.to(self.device)
        with torch.inference_mode():
            states: Any = self.model(input_ids=tokens, attention_mask=mask.long()).last_hidden_state.float()
            mean = (states * mask[:, :, None]).sum(1) / mask.sum(1, keepdim=True)
            scaled = mean / mean.square().mean(1, keepdim=True).sqrt().clamp_min(1e-6)
        vectors: Rows = scaled.cpu().numpy()
        return vectors


def source_for(settings: FeatureSettings, split: Split, own: Encoder, run: RunDirectory, seed: int) -> FeatureSource:
    """The source for a training on ``split``; an encoder that embeds is written into the run.

    Args:
        settings: which source.
        split: what is trained on; ``auto`` asks it for files.
        own: the baseline's text encoder before it is trained.
        run: the run that is made.
        seed: of parts that a checkpoint lacks.

    Raises:
        UserError: the encoder cannot be had.
    """
    if settings.name == FILES or (settings.name == AUTO and len(split.features)):
        return FeatureFiles()
    if settings.name == AUTO and run.group.main:
        log.warning("no video of this split has features: its subtitles, embedded per second, stand in for them "
                    "(features = %s)", EMBEDDED)  # fmt: skip
    place = run.path / FOLDER
    if run.group.main and not place.is_dir():
        encoder = open_encoder(settings.encoder, (), seed) if settings.encoder else own
        _save(encoder, place)
    run.group.check()
    return source_of(run, run.device)


def _save(encoder: Encoder, place: Path) -> None:
    """The encoder as a folder, whole or not there."""
    try:
        temporary = Path(mkdtemp(prefix=f".{place.name}.", dir=place.parent))
        try:
            made: Any = encoder.model
            made.save_pretrained(temporary)
            encoder.tokenizer.save_pretrained(temporary)
            temporary.chmod(0o755)  # mkdtemp's is private to the user
            temporary.replace(place)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
    except OSError as error:
        raise RunFailed(
            f"{place}: cannot be written ({error.strerror or error})", "Free some space, then train again."
        ) from None


def source_of(run: RunDirectory, device: str) -> FeatureSource:
    """The source that a run was trained with.

    Raises:
        UserError: its encoder is damaged, or there is no such device.
    """
    place = run.path / FOLDER
    if not place.is_dir():
        return FeatureFiles()
    try:
        encoder = open_encoder(str(place), (), 0)
    except UserError as error:
        raise UserError(
            f"{place}: the encoder of the run's features is damaged ({error.message})", "Train again."
        ) from error
    return SubtitleEmbedding(encoder, _encoder_stamp(place), resolve(device))


def _encoder_stamp(place: Path) -> str:
    """The same for the same weights, configuration and vocabulary."""
    return fingerprint({path.name: sha256(path) for path in sorted(place.iterdir()) if path.is_file()})


def _spoken(video: Video) -> tuple[Subtitle, ...]:
    """Its lines; where there are several languages, those of the first."""
    return video.subtitles or next(iter(video.translations.values()), ())


def _stamp(video: Video) -> str:
    lines = [[line.text, line.start, line.duration] for line in _spoken(video)]
    return hashlib.sha256(repr((lines, video.duration)).encode()).hexdigest()[:32]


def _sound(path: Path, size: int | None) -> bool:
    """True for a kept file that is whole."""
    if not path.is_file():
        return False
    try:
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return False
    return bool(array.ndim == 2 and array.shape[1] == size)
