"""Subtitles as a visual sequence: every second of a video is the mean of the lines that are spoken in it.

The rows of a video depend on its own lines and on the encoder alone. They are kept in the user's cache under the name
of all that could make them come out differently, so that what lies there never changes a result; it may be deleted at
any time.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from cmivqa_kit.data.features import SplitFeatures
from cmivqa_kit.data.types import Split, Subtitle, Video
from cmivqa_kit.errors import RunFailed, UserError
from cmivqa_kit.neural.array_cache import ArrayCache, computed_on
from cmivqa_kit.neural.encoders import Encoder, position_limit
from cmivqa_kit.neural.tokens import Ids, Special, tokenize_with
from cmivqa_kit.runs.processes import ALONE, Group

Rows = NDArray[np.float32]
Ints = NDArray[np.int64]
EMBEDDED = "subtitle-embedding"
VERSION = 2  # raise it whenever a row would come out differently
LONGEST = 6 * 3600  # seconds; times beyond are no reason to make rows
LINE = 512  # tokens that are read at once; a longer line is read in parts
TOKENS = 8192  # per batch, padding included
MULTIPLE = 2  # tokens; rows are padded to whole multiples
TOGETHER = 32  # videos whose lines are sorted by length and embedded together


class SubtitleEmbedding:
    """Subtitles embedded per second by a frozen encoder.

    Args:
        encoder: is not trained.
        stamp: the same for the same encoder, and for no other.
        device: where it runs.
        group: the processes that ask for the same features together; they share the work.
    """

    def __init__(self, encoder: Encoder, stamp: str, device: torch.device, group: Group = ALONE) -> None:
        self.model, self.device, self.group = encoder.model.eval(), device, group
        self.tokens, self.special = tokenize_with(encoder.tokenizer), Special.of(encoder.tokenizer)
        self.size: int = encoder.config.hidden_size
        self.room = max(1, min(position_limit(encoder.config) or LINE, LINE) - 2)
        made_by = [stamp, VERSION, *computed_on(device)]
        self.kept = ArrayCache(EMBEDDED, made_by, "Embedded subtitles", self._sound, group)

    @property
    def folder(self) -> Path:
        """Where the files of this encoder lie."""
        return self.kept.folder

    def features(self, split: Split) -> SplitFeatures:
        """One file per video that says anything, (seconds, `size`) float32; made now where the cache lacks it.

        All processes of the group have to call it.

        Raises:
            UserError: the encoder gives numbers that are not finite.
            RunFailed: the cache cannot be written, or memory ran out.
        """
        store = self.store(split)

        def rows_of(names: Sequence[str]) -> Generator[Rows, None, None]:
            with self.at_work():
                for begin in range(0, len(names), TOGETHER):
                    yield from self.rows_of_all([split.videos[name] for name in names[begin : begin + TOGETHER]])

        self.kept.fill(store.files, rows_of)
        return store

    def rows(self, video: Video) -> Rows:
        """(seconds, `size`): the mean of the lines of each second, zeros where nothing is said.

        A line is the sum over its tokens, scaled to a mean square of 1.

        Raises:
            UserError: the encoder gives numbers that are not finite.
        """
        return next(self.rows_of_all([video]))

    def rows_of_all(self, videos: Sequence[Video]) -> Iterator[Rows]:
        """`rows` of each video; equal lines are embedded once, those of similar length together."""
        texts = distinct_texts(videos)
        vectors = dict(zip(texts, self.vectors(texts), strict=True))
        for video in videos:
            total = np.zeros((seconds_of(video), self.size), np.float32)
            count = np.zeros((len(total), 1), np.float32)
            for line in spoken(video):
                first, stop = _seconds(line)
                total[first:stop] += vectors[line.text]
                count[first:stop] += 1
            yield np.divide(total, np.maximum(count, 1), dtype=np.float32)

    def lacking(self, split: Split) -> list[str]:
        """The videos of ``split`` that say something and are not in the cache."""
        return self.kept.lacking(self.store(split).files)

    def store(self, split: Split) -> SplitFeatures:
        """The files of `features`, whether they are there yet or not."""
        files = {name: self.kept.path(_stamp(video)) for name, video in split.videos.items() if spoken(video)}
        return SplitFeatures.of(files)

    def _sound(self, array: Rows) -> bool:
        return array.ndim == 2 and len(array) > 0 and array.shape[1] == self.size and array.dtype == np.float32

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """The encoder is on its device inside.

        Raises:
            RunFailed: memory ran out.
        """
        try:
            self.model.to(self.device)
            yield
        except torch.OutOfMemoryError as error:
            raise RunFailed(
                "out of memory while subtitles were embedded",
                "Free some, give a smaller encoder (--set features.encoder=DIR), or --device cpu.",
            ) from error
        finally:
            self.model.to("cpu")  # what is trained needs the room

    def vectors(self, texts: Sequence[str]) -> Rows:
        """A vector per text, in their order, (texts, `size`): the sum over its tokens, scaled to a mean square of 1.

        Raises:
            UserError: the encoder gives numbers that are not finite.
        """
        parts = [(number, part) for number, text in enumerate(texts) for part in self.parts(text)]
        owners = np.array([number for number, _ in parts], np.int64)
        total = np.zeros((len(texts), self.size), np.float32)
        for some in self.batches([len(part) for _, part in parts]):
            np.add.at(total, owners[some], self.sums([parts[number][1] for number in some]))
        if not np.isfinite(total).all():
            raise UserError(
                "the encoder that embeds the subtitles gives numbers that are not finite",
                "Give another one: --set features.encoder=DIR",
            )
        scale = np.sqrt(np.square(total).mean(axis=1, keepdims=True))
        vectors: Rows = total / np.maximum(scale, np.float32(1e-6))
        return vectors

    def batches(self, sizes: Sequence[int]) -> Iterator[Ints]:
        """The numbers of rows that are read together, of rows of so many tokens.

        All rows of a batch are padded alike, by their own lengths: by how much changes last digits, and no other row
        has a part in a line's vector.
        """
        padded = np.array([self.padded(size) for size in sizes], np.int64)
        for length in np.unique(padded)[::-1].tolist():
            rows, most = np.flatnonzero(padded == length), max(1, TOKENS // length)
            yield from (rows[begin : begin + most] for begin in range(0, len(rows), most))

    def padded(self, size: int) -> int:
        """The tokens of a row of ``size`` tokens with its padding."""
        return min(-(-size // MULTIPLE) * MULTIPLE, self.room + 2)

    def parts(self, text: str) -> Iterator[Ids]:
        """The ids of a text in pieces that the encoder takes, at least one."""
        ids = self.tokens(text)
        for at in range(0, max(1, len(ids)), self.room):
            yield self.special.cls, *ids[at : at + self.room], self.special.sep

    def sums(self, rows: Sequence[Ids]) -> Rows:
        """The sum over the tokens of each row, (rows, `size`)."""
        tokens = torch.full((len(rows), self.padded(max(map(len, rows)))), self.special.pad)
        mask = torch.zeros_like(tokens)
        for number, ids in enumerate(rows):
            tokens[number, : len(ids)] = torch.tensor(ids)
            mask[number, : len(ids)] = 1
        tokens, mask = tokens.to(self.device), mask.to(self.device)
        with torch.inference_mode():
            states: Any = self.model(input_ids=tokens, attention_mask=mask).last_hidden_state
            sums: Rows = (states.float() * mask[:, :, None]).sum(dim=1).cpu().numpy()
        return sums


def distinct_texts(videos: Iterable[Video]) -> list[str]:
    """What is said in some videos, each text once, sorted."""
    return sorted({line.text for video in videos for line in spoken(video)})


def seconds_of(video: Video) -> int:
    """How many rows a video has: until its stated end, or that of its last line if it is later."""
    stated = video.duration if video.duration is not None and 0 < video.duration <= LONGEST else 1
    return max(math.ceil(stated), *(stop for _, stop in map(_seconds, spoken(video))), 1)


def spoken(video: Video) -> tuple[Subtitle, ...]:
    """The lines of a video that say something at a possible time, in the first language that has any."""
    translated: Mapping[str, tuple[Subtitle, ...]] = video.translations
    for lines in (video.subtitles, *(translated[language] for language in sorted(translated))):
        said = tuple(line for line in lines if line.text.strip() and _possible(line))
        if said:
            return said
    return ()


def _possible(line: Subtitle) -> bool:
    return math.isfinite(line.end) and line.start < LONGEST and (line.start >= 0 or line.end > 0)


def _seconds(line: Subtitle) -> tuple[int, int]:
    """The first row of a line and the one behind its last; a line without length has the row it stands in."""
    first = max(0, math.floor(line.start))
    return first, max(first + 1, math.ceil(min(line.end, LONGEST)))


def _stamp(video: Video) -> str:
    """A name for the rows of a video: the same for the same lines and duration."""
    lines = [[line.text, float(line.start), float(line.end)] for line in spoken(video)]
    return hashlib.sha256(repr((lines, video.duration)).encode()).hexdigest()[:32]
