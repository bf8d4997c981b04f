"""Texts and subtitle lines as vectors of a pretrained encoder, each computed once and kept in the user's cache.

Vectors have length 1 and are kept as float16, under the name of all that they depend on: the encoder's digest, how its
tokens become a vector, and the texts. Whoever asks next, another run or another baseline, finds them there.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from cmivqa_kit.errors import RunFailed, UserError
from cmivqa_kit.neural.array_cache import ArrayCache, computed_on
from cmivqa_kit.neural.encoders import Encoder
from cmivqa_kit.neural.pooling import PoolingSettings
from cmivqa_kit.neural.tokens import Ids, TextReader, pad_rows

Vectors = NDArray[np.float32]
Report = Callable[[str, int, int], None]
VERSION = 1  # raise it whenever a vector would come out differently
TOKENS = 4096  # per batch, padding included
MULTIPLE = 4  # tokens; rows are padded to whole multiples
TOGETHER = 16  # videos whose texts are sorted by length and embedded together
TITLE, NOUN = "embedding subtitles", "Embedded subtitles"


class LineBlock(NamedTuple):
    """Neighbouring lines of a video as one row of tokens; ``bounds`` (lines + 1,) say where each begins in ``ids``."""

    ids: Ids
    bounds: tuple[int, ...]


class TokenPart(NamedTuple):
    """The tokens ``begin`` to ``stop - 1`` of a row of a batch."""

    row: int
    begin: int
    stop: int


def line_blocks(
    lines: Sequence[Ids], reader: TextReader, tokens: int, prefix: Ids = (), shift: int = 0
) -> list[LineBlock]:
    """The lines of a video in rows of at most ``tokens`` tokens, special ones included; a longer line is cut.

    Args:
        lines: token ids of each.
        reader: of the encoder.
        tokens: of a row at most.
        prefix: stands before the lines of each row.
        shift: tokens by which the first row is shorter: other lines then stand together.
    """
    begin = 1 + len(prefix)
    room = max(1, min(tokens, reader.limit or tokens) - begin - 1)
    blocks: list[LineBlock] = []
    ids: list[int] = []
    bounds = [begin]

    def close() -> None:
        if len(bounds) > 1:
            blocks.append(LineBlock((reader.special.cls, *prefix, *ids, reader.special.sep), tuple(bounds)))

    most = max(1, room - shift)
    for line in lines:
        if ids and len(ids) + len(line) > most:
            close()
            ids, bounds, most = [], [begin], room
        ids += line[: room - len(ids)]
        bounds.append(begin + len(ids))
    close()
    return blocks


def line_parts(blocks: Sequence[LineBlock]) -> list[TokenPart]:
    """Where the tokens of every line stand, block by block."""
    return [TokenPart(row, begin, stop) for row, block in enumerate(blocks) for begin, stop in pairwise(block.bounds)]


def mean_weights(parts: Sequence[TokenPart], length: int, rows: int) -> Tensor:
    """(parts, rows * length): what each token of padded rows adds to the mean of each part; zeros for an empty one."""
    weights = torch.zeros(len(parts), rows * length)
    for number, (row, begin, stop) in enumerate(parts):
        weights[number, row * length + begin : row * length + stop] = 1 / max(1, stop - begin)
    return weights


def question_ids(text: str, reader: TextReader, settings: PoolingSettings) -> Ids:
    """A question as a row of tokens."""
    return _row(settings.query_prefix + text, reader, settings.question_tokens)


def _row(text: str, reader: TextReader, most: int) -> Ids:
    room = max(1, min(most, reader.limit or most) - 2)
    return (reader.special.cls, *reader.tokens(text)[:room], reader.special.sep)


class CachedVectors(Mapping[str, NDArray[np.float16]]):
    """Vectors that lie in the cache, by video; those of one are read when they are asked for.

    Args:
        cache: where they lie.
        paths: the file of each video; ``None`` for one without texts.
        size: of a vector.
    """

    def __init__(self, cache: ArrayCache, paths: Mapping[str, Path | None], size: int) -> None:
        self._cache, self._paths, self._size = cache, paths, size

    def __getitem__(self, name: str) -> NDArray[np.float16]:
        """The vectors of a video, (texts, size).

        Raises:
            RunFailed: the file is gone, or was damaged meanwhile.
        """
        path = self._paths[name]
        if path is None:
            return np.zeros((0, self._size), np.float16)
        array = self._cache.read(path)
        if array is None:
            raise RunFailed(f"{path}: vanished or was damaged while it was read", "Run the same command again.")
        return np.array(array)  # a map would hold the file open, and systems allow so many of them

    def __iter__(self) -> Iterator[str]:
        return iter(self._paths)

    def __len__(self) -> int:
        return len(self._paths)


class SentenceEmbedding:
    """A frozen encoder, and what it makes of texts.

    Args:
        encoder: is not trained.
        stamp: the same for the same encoder, and for no other.
        settings: how tokens become a vector.
        device: where it runs.
        report: told how many videos are embedded.
    """

    def __init__(
        self, encoder: Encoder, stamp: str, settings: PoolingSettings, device: torch.device,
        report: Report = lambda title, done, total: None,
    ) -> None:  # fmt: skip
        self.model: nn.Module = encoder.model.eval()
        self.reader, self.settings, self.device, self.report = encoder.reader, settings, device, report
        self.size: int = encoder.config.hidden_size
        made_by = [stamp, VERSION, settings.passage_prefix, *computed_on(device)]
        passages = [*made_by, settings.pooling, settings.passage_tokens]
        self.passages_kept = ArrayCache("passage-embedding", passages, "Embedded subtitles", self._sound)
        self.lines_kept = ArrayCache(
            "line-embedding", [*made_by, settings.line_tokens], "Embedded subtitles", self._sound
        )

    def questions(self, texts: Sequence[str]) -> Vectors:
        """The vector of each question, (questions, `size`); not kept."""
        with self.at_work():
            return self._embedded([question_ids(text, self.reader, self.settings) for text in texts])

    def passages(self, texts: Mapping[str, Sequence[str]]) -> CachedVectors:
        """The vectors of the passages of each video, (passages, `size`); made now where the cache lacks them.

        Raises:
            UserError: the encoder gives numbers that are not finite.
            RunFailed: the cache cannot be written, or memory ran out.
        """
        return self._all(self.passages_kept, texts, self._passages)

    def lines(self, texts: Mapping[str, Sequence[str]]) -> CachedVectors:
        """The vector of each line of each video, read beside its neighbours, (lines, `size`).

        Raises:
            UserError: the encoder gives numbers that are not finite.
            RunFailed: the cache cannot be written, or memory ran out.
        """
        return self._all(self.lines_kept, texts, self._lines)

    def lines_now(self, texts: Mapping[str, Sequence[str]]) -> dict[str, NDArray[np.float16]]:
        """`lines` of an encoder that is still trained: nothing is kept, and nothing taken from the cache."""
        with self.at_work():
            empty = np.zeros((0, self.size), np.float16)
            return {name: next(self._lines([some])).astype(np.float16) if some else empty
                    for name, some in texts.items()}  # fmt: skip

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """The encoder is on its device inside.

        Raises:
            RunFailed: memory ran out.
        """
        try:
            self.model.to(self.device)
            with torch.inference_mode():
                yield
        except torch.OutOfMemoryError as error:
            raise RunFailed(
                "out of memory while subtitles were embedded",
                "Free some, give a smaller encoder (--set encoder=DIR), or --device cpu.",
            ) from error

    def _all(
        self, cache: ArrayCache, texts: Mapping[str, Sequence[str]],
        embed: Callable[[Sequence[Sequence[str]]], Iterable[Vectors]],
    ) -> CachedVectors:  # fmt: skip
        paths = {name: cache.path(_stamp(some)) if some else None for name, some in texts.items()}

        def made(names: Sequence[str]) -> Generator[NDArray[np.float16], None, None]:
            with self.at_work():
                for begin in range(0, len(names), TOGETHER):
                    self.report(TITLE, begin, len(names))
                    for vectors in embed([texts[name] for name in names[begin : begin + TOGETHER]]):
                        yield _finite(vectors).astype(np.float16)
                self.report(TITLE, len(names), len(names))

        cache.fill({name: path for name, path in paths.items() if path is not None}, made)
        return CachedVectors(cache, paths, self.size)

    def _sound(self, array: NDArray[Any]) -> bool:
        return array.ndim == 2 and array.shape[1] == self.size and array.dtype == np.float16

    def _passages(self, videos: Sequence[Sequence[str]]) -> Iterator[Vectors]:
        texts = sorted({text for passages in videos for text in passages})
        settings = self.settings
        rows = [_row(settings.passage_prefix + text, self.reader, settings.passage_tokens) for text in texts]
        vectors = self._embedded(rows)
        at = {text: number for number, text in enumerate(texts)}
        for passages in videos:
            yield vectors[[at[text] for text in passages]]

    def _lines(self, videos: Sequence[Sequence[str]]) -> Iterator[Vectors]:
        for lines in videos:
            ids = [self.reader.tokens(line) for line in lines]
            prefix = self.reader.tokens(self.settings.passage_prefix)
            blocks = line_blocks(ids, self.reader, self.settings.line_tokens, prefix)
            most = max(1, TOKENS // self.settings.line_tokens)
            parts = [self._line_means(blocks[begin : begin + most]) for begin in range(0, len(blocks), most)]
            yield unit(np.concatenate(parts))

    def _line_means(self, blocks: Sequence[LineBlock]) -> Vectors:
        states = self._states([block.ids for block in blocks])[0]
        weights = mean_weights(line_parts(blocks), states.shape[1], len(blocks)).to(states.device)
        means: Vectors = (weights @ states.reshape(-1, states.shape[2])).cpu().numpy()
        return means

    def _embedded(self, rows: Sequence[Ids]) -> Vectors:
        """A vector per row, in their order; those of one padded length are read together."""
        most = self.reader.limit or max(map(len, rows), default=0) + MULTIPLE
        padded = np.array([min(most, -(-len(row) // MULTIPLE) * MULTIPLE) for row in rows], np.int64)
        vectors = np.zeros((len(rows), self.size), np.float32)
        for length in np.unique(padded)[::-1].tolist():
            same, count = np.flatnonzero(padded == length), max(1, TOKENS // length)
            for begin in range(0, len(same), count):
                some = same[begin : begin + count]
                vectors[some] = self._pooled([rows[number] for number in some.tolist()], length)
        return _finite(unit(vectors))

    def _pooled(self, rows: Sequence[Ids], length: int) -> Vectors:
        states, mask = self._states(rows, length)
        weights = mask[:, :, None].float()
        means = states[:, 0] if self.settings.pooling == "cls" else (states * weights).sum(1) / weights.sum(1)
        pooled: Vectors = means.cpu().numpy()
        return pooled

    def _states(self, rows: Sequence[Ids], length: int = 0) -> tuple[Tensor, Tensor]:
        """The encoder's states (B, L, D) float32, and the mask; padded to ``length``."""
        ids, mask, _ = pad_rows(rows, [(0,) * len(row) for row in rows], self.reader.special.pad)
        if ids.shape[1] < length:
            more = (0, length - ids.shape[1])
            ids = nn.functional.pad(ids, more, value=self.reader.special.pad)
            mask = nn.functional.pad(mask, more)
        ids, mask = ids.to(self.device), mask.to(self.device)
        return self.model(input_ids=ids, attention_mask=mask).last_hidden_state.float(), mask


def unit(vectors: Vectors) -> Vectors:
    """The vectors scaled to length 1; zeros stay zeros."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    scaled: Vectors = vectors / np.maximum(lengths, np.float32(1e-12))
    return scaled


def _finite(vectors: Vectors) -> Vectors:
    if not np.isfinite(vectors).all():
        raise UserError(
            "the encoder that embeds the subtitles gives numbers that are not finite",
            "Give another one: --set encoder=DIR",
        )
    return vectors


def _stamp(texts: Sequence[str]) -> str:
    return hashlib.sha256(repr(list(texts)).encode("utf-8", "surrogatepass")).hexdigest()[:32]
