"""Texts and subtitle lines as vectors of a pretrained encoder, each computed once and kept in the user's cache.

Vectors have length 1 and are kept as float16, under the name of all that they depend on: the encoder's digest, how its
tokens become a vector, and the texts. Whoever asks next, another run or another baseline, finds them there.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from cmivqa_kit.errors import RunFailed, UserError
from cmivqa_kit.neural.array_cache import ArrayCache, computed_on
from cmivqa_kit.neural.encoders import Encoder
from cmivqa_kit.neural.late_interaction import SCALE
from cmivqa_kit.neural.line_reading import LineBlock, lengths_of, line_blocks, line_parts, mean_weights, token_places
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


def _same_begin(first: Ids, second: Ids) -> int:
    """How many tokens both begin with."""
    pairs = enumerate(zip(first, second, strict=False))
    return next((number for number, (one, other) in pairs if one != other), min(len(first), len(second)))


def _row(text: str, reader: TextReader, most: int) -> Ids:
    room = max(1, min(most, reader.limit or most) - 2)
    return (reader.special.cls, *reader.tokens(text)[:room], reader.special.sep)


class CachedVectors(Mapping[str, NDArray[Any]]):
    """Vectors that lie in the cache, by video; those of one are read when they are asked for.

    Args:
        cache: where they lie.
        paths: the file of each video; ``None`` for one without texts.
        empty: the vectors of a video without texts.
    """

    def __init__(self, cache: ArrayCache, paths: Mapping[str, Path | None], empty: NDArray[Any]) -> None:
        self._cache, self._paths, self._empty = cache, paths, empty

    def __getitem__(self, name: str) -> NDArray[Any]:
        """The vectors of a video, (texts, size).

        Raises:
            RunFailed: the file is gone, or was damaged meanwhile.
        """
        path = self._paths[name]
        if path is None:
            return self._empty
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
        self._prefix = self.reader.tokens(settings.passage_prefix)
        self.size: int = encoder.config.hidden_size
        made_by = [stamp, VERSION, settings.passage_prefix, *computed_on(device)]
        passages = [*made_by, settings.pooling, settings.passage_tokens]
        self.passages_kept = ArrayCache("passage-embedding", passages, NOUN, self._sound(np.float16))
        lines = [*made_by, settings.line_tokens]
        self.lines_kept = ArrayCache("line-embedding", lines, NOUN, self._sound(np.float16))
        self.tokens_kept = ArrayCache("token-embedding", lines, NOUN, self._sound(np.int8))

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
        return self._all(self.passages_kept, texts, self._passages, np.float16)

    def lines(self, texts: Mapping[str, Sequence[str]]) -> CachedVectors:
        """The vector of each line of each video, read beside its neighbours, (lines, `size`).

        Raises:
            UserError: the encoder gives numbers that are not finite.
            RunFailed: the cache cannot be written, or memory ran out.
        """
        return self._all(self.lines_kept, texts, self._lines, np.float16)

    def tokens(self, texts: Mapping[str, Sequence[str]]) -> CachedVectors:
        """The vectors of the tokens of all lines of each video, read as for `lines`, (tokens, `size`) int8.

        They are of length 1 and times `SCALE`, one line's behind another's; a line has as many as `token_counts` says.

        Raises:
            UserError: the encoder gives numbers that are not finite.
            RunFailed: the cache cannot be written, or memory ran out.
        """
        return self._all(self.tokens_kept, texts, self._tokens, np.int8)

    def token_counts(self, lines: Sequence[Ids]) -> NDArray[np.int64]:
        """(lines,) how many tokens of each line of a video are read: a very long one is cut."""
        return lengths_of(line_parts(self._blocks(lines)))

    def question_tokens(self, text: str) -> tuple[Ids, Vectors]:
        """The tokens of a question without special ones and prefix, and their vectors, (tokens, `size`); not kept.

        A vector is of length 1 and that of the token beside the others of the question.
        """
        row = question_ids(text, self.reader, self.settings)
        begin = 1 + _same_begin(row[1:-1], self.reader.tokens(self.settings.query_prefix))
        with self.at_work():
            states = self._states([row])[0][0, begin : len(row) - 1].cpu().numpy()
        return row[begin:-1], _finite(unit(states))

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
        embed: Callable[[Sequence[Sequence[str]]], Iterable[Vectors]], dtype: type[np.generic],
    ) -> CachedVectors:  # fmt: skip
        paths = {name: cache.path(_stamp(some)) if some else None for name, some in texts.items()}

        def made(names: Sequence[str]) -> Generator[NDArray[Any], None, None]:
            with self.at_work():
                for begin in range(0, len(names), TOGETHER):
                    self.report(TITLE, begin, len(names))
                    for vectors in embed([texts[name] for name in names[begin : begin + TOGETHER]]):
                        yield _finite(vectors).astype(dtype)
                self.report(TITLE, len(names), len(names))

        cache.fill({name: path for name, path in paths.items() if path is not None}, made)
        return CachedVectors(cache, paths, np.zeros((0, self.size), dtype))

    def _sound(self, dtype: type[np.generic]) -> Callable[[NDArray[Any]], bool]:
        return lambda array: array.ndim == 2 and array.shape[1] == self.size and array.dtype == dtype

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
            yield unit(self._read(lines, self._line_means))

    def _tokens(self, videos: Sequence[Sequence[str]]) -> Iterator[Vectors]:
        for lines in videos:
            yield np.rint(_finite(unit(self._read(lines, self._line_tokens))) * SCALE)

    def _read(self, lines: Sequence[str], of: Callable[[Sequence[LineBlock]], Vectors]) -> Vectors:
        """What is made of the rows in which the lines of a video are read, a few at once."""
        blocks = self._blocks([self.reader.tokens(line) for line in lines])
        most = max(1, TOKENS // self.settings.line_tokens)
        return np.concatenate([of(blocks[begin : begin + most]) for begin in range(0, len(blocks), most)])

    def _blocks(self, lines: Sequence[Ids]) -> list[LineBlock]:
        return line_blocks(lines, self.reader, self.settings.line_tokens, self._prefix)

    def _line_means(self, blocks: Sequence[LineBlock]) -> Vectors:
        states = self._states([block.ids for block in blocks])[0]
        weights = mean_weights(line_parts(blocks), states.shape[1], len(blocks)).to(states.device)
        means: Vectors = (weights @ states.reshape(-1, states.shape[2])).cpu().numpy()
        return means

    def _line_tokens(self, blocks: Sequence[LineBlock]) -> Vectors:
        states = self._states([block.ids for block in blocks])[0]
        places = token_places(line_parts(blocks), states.shape[1]).to(states.device)
        tokens: Vectors = states.reshape(-1, states.shape[2])[places].cpu().numpy()
        return tokens

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
