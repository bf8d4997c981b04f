"""Sentences become rows of words: ids or vectors, how likely each is masked, and what it is to be guessed as.

Letters: W word positions, P positions of the text encoder, T width of a vector. Source: docs/spec/mesm.md, section 1.4.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from baselines.mesm.glove import WordVectors
from cmivqa_kit.bench.tasks.moments.token_counts import RESERVED
from cmivqa_kit.data.english_words import Tagger, word_weights
from cmivqa_kit.errors import UserError
from cmivqa_kit.files import decode, read_bytes
from cmivqa_kit.neural.clip_tokens import CONTEXT, ClipTokens
from cmivqa_kit.neural.tokens import TextReader

K = TypeVar("K", int, str)


class WordRow(NamedTuple):
    """A sentence.

    Attributes:
        words: (P,) ids, 0 on padding; or (W, T) vectors.
        weights: (W,), how likely a word is masked; 0 on special tokens and padding.
        labels: (W,), classes of the words; 0 on padding.
        unknown: (W,), True on words without a class of their own.
    """

    words: NDArray[Any]
    weights: NDArray[np.int64]
    labels: NDArray[np.int64]
    unknown: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Labels(Generic[K]):
    """Classes of masked words: the most frequent ones of a count file have one of their own, all others one together.

    ``classes`` maps those words, or ids of tokens, to 0, 1, ...
    """

    classes: Mapping[K, int]

    @property
    def unknown(self) -> int:
        """The class of all other words."""
        return len(self.classes)


def most_frequent(words: Iterable[K], size: int) -> Labels[K]:
    """Labels of the first ``size`` of ``words``, which stand in descending order of frequency."""
    return Labels({word: number for number, word in zip(range(size), words, strict=False)})


def read_counts(path: Path) -> list[tuple[str, ...]]:
    """The columns of a count file: ``token id, count`` or ``word, word id, count``.

    Raises:
        UserError: it is missing or no count file.
    """
    rows = [tuple(line.split()) for line in decode(read_bytes(path, "count file"), path).splitlines()]
    for number, row in enumerate(rows):
        if len(row) not in (2, 3) or len(row) != len(rows[0]) or not all(column.isdecimal() for column in row[1:]):
            raise UserError(
                f"{path}: line {number + 1} is no token with its count",
                "Make it: `cmivqa data token-counts BENCHMARK --data ROOT --tokenizer DIR --out FOLDER`",
            )
    if not rows:
        raise UserError(f"{path}: counts nothing", "Give the count file of the training sentences.")
    return rows


class WordReader(ABC):
    """How sentences are read.

    Args:
        longest: W.
        tagger: of parts of speech; ``None`` weighs every word 1.
    """

    def __init__(self, longest: int, tagger: Tagger | None = None) -> None:
        self.longest, self.tagger = longest, tagger

    @abstractmethod
    def read(self, text: str) -> WordRow:
        """The row of a sentence."""

    def _row(
        self, words: NDArray[Any], weights: Sequence[int], labels: Sequence[int], unknown: Sequence[bool]
    ) -> WordRow:
        return WordRow(words, self._padded(weights), self._padded(labels), self._padded(unknown).astype(np.bool_))

    def _padded(self, values: Sequence[int], length: int = 0) -> NDArray[np.int64]:
        row = np.zeros(length or self.longest, dtype=np.int64)
        row[: len(values)] = values
        return row


class ClipWords(WordReader):
    """CLIP's tokens between start and end, (P,) ids. Id 0, which ``!`` within a word has, counts as padding (Q26).

    Args:
        tokens: CLIP's tokenizer.
        labels: by id.
        longest: W, start and end included.
        tagger: it is given parts of words, as published.
    """

    def __init__(self, tokens: ClipTokens, labels: Labels[int], longest: int, tagger: Tagger | None = None) -> None:
        super().__init__(longest, tagger)
        self.tokens, self.labels = tokens, labels

    def read(self, text: str) -> WordRow:
        """The row of a sentence."""
        ids = self.tokens.row(text, self.longest)
        content, unknown = ids[1:-1], self.labels.unknown
        labels = [self.labels.classes.get(number, unknown) for number in content]
        return self._row(
            self._padded(ids, CONTEXT),
            [0, *word_weights(self.tokens.pieces(content), self.tagger), 0],
            [unknown + 1, *labels, unknown + 2],
            [False, *(label == unknown for label in labels), False],
        )


class PretrainedWords(WordReader):
    """Tokens of a pretrained encoder between its special ones, (2 + W,) ids; -1 is padding. All weigh the same.

    Args:
        reader: of texts for the encoder.
        labels: by id.
        longest: W.
    """

    def __init__(self, reader: TextReader, labels: Labels[int], longest: int) -> None:
        limit = longest if reader.limit is None else min(longest, reader.limit - 2)
        super().__init__(longest)
        self.tokens, self.special, self.labels, self.limit = reader.tokens, reader.special, labels, limit

    def read(self, text: str) -> WordRow:
        """The row of a sentence."""
        content = self.tokens(text)[: self.limit]
        ids = np.full(2 + self.longest, -1, dtype=np.int64)
        ids[: 2 + len(content)] = (self.special.cls, *content, self.special.sep)
        labels = [self.labels.classes.get(number, self.labels.unknown) for number in content]
        return self._row(ids, [1] * len(content), labels, [label == self.labels.unknown for label in labels])


class VocabularyWords(WordReader):
    """Words as ids of a vocabulary, (W,); 1 for those that it lacks.

    Args:
        split: cuts a sentence into words.
        vocabulary: words by id.
        labels: by id.
        longest: W.
        tagger: of the words.
    """

    def __init__(
        self, split: Callable[[str], list[str]], vocabulary: Sequence[str], labels: Labels[int], longest: int,
        tagger: Tagger | None = None,
    ) -> None:  # fmt: skip
        super().__init__(longest, tagger)
        self.split, self.labels = split, labels
        self.ids = {word: number for number, word in enumerate(vocabulary)}

    def read(self, text: str) -> WordRow:
        """The row of a sentence."""
        words = self.split(text)[: self.longest]
        ids = [self.ids.get(word, RESERVED - 1) for word in words]
        labels = [self.labels.classes.get(number, self.labels.unknown) for number in ids]
        unknown = [label == self.labels.unknown for label in labels]
        return self._row(self._padded(ids), word_weights(words, self.tagger), labels, unknown)


class VectorWords(WordReader):
    """Words as vectors, (W, T); those without one are left out.

    Args:
        split: cuts a sentence into words.
        vectors: of words.
        labels: by word.
        longest: W.
        tagger: of the words.
    """

    def __init__(
        self, split: Callable[[str], list[str]], vectors: WordVectors, labels: Labels[str], longest: int,
        tagger: Tagger | None = None,
    ) -> None:  # fmt: skip
        super().__init__(longest, tagger)
        self.split, self.vectors, self.labels = split, vectors.vectors, labels
        self.ids = {word: number for number, word in enumerate(vectors.words)}

    def read(self, text: str) -> WordRow:
        """The row of a sentence."""
        words = [word for word in self.split(text) if word in self.ids][: self.longest]
        rows = np.zeros((self.longest, self.vectors.shape[1]), dtype=np.float32)
        rows[: len(words)] = self.vectors[[self.ids[word] for word in words]]
        labels = [self.labels.classes.get(word, self.labels.unknown) for word in words]
        unknown = [label == self.labels.unknown for label in labels]
        return self._row(rows, word_weights(words, self.tagger), labels, unknown)
