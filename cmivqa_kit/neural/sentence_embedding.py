"""Texts and subtitle lines as vectors of a pretrained encoder, each computed once and kept in the user's cache.

Vectors have length 1 and are kept as float16, under the name of all that they depend on: the encoder's digest, how its
tokens become a vector, and the texts. Whoever asks next, another run or another baseline, finds them there.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from cmivqa_kit.errors import RunFailed, UserError
from cmivqa_kit.neural.array_cache import ArrayCache, Cached, Kept, computed_on
from cmivqa_kit.neural.encoders import Encoder
from cmivqa_kit.neural.late_interaction import SCALE
from cmivqa_kit.neural.line_reading import (
    LineBlock,
    ReadLines,
    TokenPart,
    line_blocks,
    line_parts,
    mean_weights,
    token_places,
)
from cmivqa_kit.neural.pooling import PoolingSettings
from cmivqa_kit.neural.tokens import Ids, TextReader, pad_rows

Vectors = NDArray[np.float32]
Report = Callable[[str, int, int], None]
VERSION = 1  # raise it whenever a vector would come out differently
TOKENS = 4096  # per batch, padding included
MULTIPLE = 4  # tokens; rows are padded to whole multiples
TOGETHER = 16  # videos whose texts are sorted by length and embedded together
TITLE, NOUN = "embedding subtitles", "Embedded subtitles"


def question_ids(text: str, reader: TextReader, settings: PoolingSettings) -> Ids:
    """A question as a row of tokens."""
    return _row(settings.query_prefix + text, reader, settings.question_tokens)


def question_parts(rows: Sequence[Ids], prefix: Ids) -> list[TokenPart]:
    """The tokens of each question's row without special ones and those of the prefix."""

    def begin(row: Ids) -> int:
        same = 0
        while same < len(prefix) and same < len(row) - 2 and row[1 + same] == prefix[same]:
            same += 1
        return 1 + same

    return [TokenPart(number, begin(row), len(row) - 1) for number, row in enumerate(rows)]


def _row(text: str, reader: TextReader, most: int) -> Ids:
    room = max(1, min(most, reader.limit or most) - 2)
    return (reader.special.cls, *reader.tokens(text)[:room], reader.special.sep)


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
        self._prefix = self.reader.tokens(settings.passage_prefix)
        self.size: int = encoder.config.hidden_size
        made_by = [stamp, VERSION, settings.passage_prefix, *computed_on(device)]
        passages = [*made_by, settings.pooling, settings.passage_tokens]
        self.passages_kept = ArrayCache("passage-embedding", passages, "Embedded subtitles", self._sound)
        self.lines_kept = ArrayCache(
            "line-token-embedding", [*made_by, settings.line_tokens], "Embedded subtitles", self._packed
        )

    def questions(self, texts: Sequence[str]) -> Vectors:
        """The vector of each question, (questions, `size`); not kept."""
        with self.at_work():
            return self._embedded([question_ids(text, self.reader, self.settings) for text in texts])

    def question_tokens(self, texts: Sequence[str]) -> tuple[list[Ids], Vectors]:
        """The tokens of each question without special ones and prefix, and the vectors of all of them, (tokens, D).

        A vector is of length 1 and that of the token beside the others of its question; not kept.
        """
        prefix = self.reader.tokens(self.settings.query_prefix)
        rows = [question_ids(text, self.reader, self.settings) for text in texts]
        parts = question_parts(rows, prefix)
        vectors = []
        with self.at_work():
            for row, part in zip(rows, parts, strict=True):  # one by one: it may not matter what is asked beside it
                states = self._states([row])[0][0, part.begin : part.stop]
                vectors.append(states.cpu().numpy())
        ids = [row[part.begin : part.stop] for row, part in zip(rows, parts, strict=True)]
        return ids, _finite(unit(np.concatenate([np.zeros((0, self.size), np.float32), *vectors])))

    def passages(self, texts: Mapping[str, Sequence[str]]) -> Cached[NDArray[np.float16]]:
        """The vectors of the passages of each video, (passages, `size`); made now where the cache lacks them.

        Raises:
            UserError: the encoder gives numbers that are not finite.
            RunFailed: the cache cannot be written, or memory ran out.
        """

        def made(name: str, array: NDArray[Any] | None) -> NDArray[np.float16]:
            return np.zeros((0, self.size), np.float16) if array is None else array

        return self._all(self.passages_kept, texts, self._passages, made)

    def lines(self, texts: Mapping[str, Sequence[str]]) -> Cached[ReadLines]:
        """The lines of each video, read beside their neighbours; made now where the cache lacks them.

        Raises:
            UserError: the encoder gives numbers that are not finite.
            RunFailed: the cache cannot be written, or memory ran out.
        """

        def made(name: str, array: NDArray[Any] | None) -> ReadLines:
            return self._silent() if array is None else ReadLines.unpacked(array, len(texts[name]), self.size)

        return self._all(self.lines_kept, texts, lambda some: (one.packed() for one in self._lines(some)), made)

    def lines_now(self, texts: Mapping[str, Sequence[str]]) -> dict[str, ReadLines]:
        """`lines` of an encoder that is still trained: nothing is kept, and nothing taken from the cache."""
        with self.at_work():
            return {name: next(self._lines([some])) if some else self._silent() for name, some in texts.items()}

    def line_blocks(self, lines: Sequence[Ids]) -> list[LineBlock]:
        """The rows in which the lines of a video are read."""
        return line_blocks(lines, self.reader, self.settings.line_tokens, self._prefix)

    def _silent(self) -> ReadLines:
        return ReadLines(np.zeros((0, self.size), np.float16), np.zeros((0, self.size), np.int8))

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
        embed: Callable[[Sequence[Sequence[str]]], Iterable[NDArray[Any]]],
        made: Callable[[str, NDArray[Any] | None], Kept],
    ) -> Cached[Kept]:  # fmt: skip
        paths = {name: cache.path(_stamp(some)) if some else None for name, some in texts.items()}

        def make(names: Sequence[str]) -> Generator[NDArray[Any], None, None]:
            with self.at_work():
                for begin in range(0, len(names), TOGETHER):
                    self.report(TITLE, begin, len(names))
                    yield from embed([texts[name] for name in names[begin : begin + TOGETHER]])
                self.report(TITLE, len(names), len(names))

        cache.fill({name: path for name, path in paths.items() if path is not None}, make)
        return Cached(cache, paths, made)

    def _sound(self, array: NDArray[Any]) -> bool:
        return array.ndim == 2 and array.shape[1] == self.size and array.dtype == np.float16

    def _packed(self, array: NDArray[Any]) -> bool:
        return array.ndim == 1 and array.dtype == np.uint8 and len(array) % self.size == 0

    def _passages(self, videos: Sequence[Sequence[str]]) -> Iterator[NDArray[np.float16]]:
        texts = sorted({text for passages in videos for text in passages})
        settings = self.settings
        rows = [_row(settings.passage_prefix + text, self.reader, settings.passage_tokens) for text in texts]
        vectors = self._embedded(rows)
        at = {text: number for number, text in enumerate(texts)}
        for passages in videos:
            yield vectors[[at[text] for text in passages]].astype(np.float16)

    def _lines(self, videos: Sequence[Sequence[str]]) -> Iterator[ReadLines]:
        for lines in videos:
            blocks = self.line_blocks([self.reader.tokens(line) for line in lines])
            most = max(1, TOKENS // self.settings.line_tokens)
            read = [self._read(blocks[begin : begin + most]) for begin in range(0, len(blocks), most)]
            means, tokens = (np.concatenate(parts) for parts in zip(*read, strict=True))
            yield ReadLines(_finite(unit(means)).astype(np.float16), np.rint(unit(tokens) * SCALE).astype(np.int8))

    def _read(self, blocks: Sequence[LineBlock]) -> tuple[Vectors, Vectors]:
        """The means of lines, (lines, D), and the states of their tokens, (T, D)."""
        states = self._states([block.ids for block in blocks])[0]
        parts, every = line_parts(blocks), states.reshape(-1, states.shape[2])
        weights = mean_weights(parts, states.shape[1], len(blocks)).to(states.device)
        tokens = every[token_places(parts, states.shape[1]).to(states.device)]
        return (weights @ every).cpu().numpy(), tokens.cpu().numpy()

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
