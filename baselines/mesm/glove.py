"""Word vectors: of the authors' ``glove.pkl``, or of plain ``glove.*.txt``; kept in a run as tensors and JSON.

Source: docs/spec/mesm.md, sections 1.4 and 7.
"""

from __future__ import annotations

import pickle
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from cmivqa_kit.damage import reading
from cmivqa_kit.errors import UserError
from cmivqa_kit.neural.plain_values import STAND_INS, StoredArray

PADDING, UNKNOWN = "<PAD>", "<UNK>"
UNKNOWN_SEED = 2019  # the authors' seed: their vector of unknown words was the first that it gave (Q18)
ARRAYS = ("numpy.dtype", "numpy.ndarray", "numpy.core.multiarray._reconstruct", "numpy._core.multiarray._reconstruct")
GET_PICKLE = "Give glove.pkl of MESM's or CPL's data, or plain text: --set text.encoder=glove --set text.source=FILE"
GET_TEXT = "Give a plain text file of GloVe: a word and its numbers in each line, e.g. glove.6B.300d.txt."


@dataclass(frozen=True, slots=True, eq=False)
class WordVectors:
    """Words and what stands for each.

    Attributes:
        words: by id; the first is padding.
        vectors: (words, width), zeros for padding.
        counts: how often a word stands in the authors' data; empty where they are not known. In their order.
    """

    words: tuple[str, ...]
    vectors: NDArray[np.float32]
    counts: Mapping[str, int]


def read_glove_pickle(path: Path) -> WordVectors:
    """The vectors of a ``glove.pkl``: dictionaries, arrays and a counter, and nothing else is ever made of it.

    Raises:
        UserError: it is missing, damaged, something else, or asks for other classes.
    """
    with reading(path, "word vectors", GET_PICKLE), path.open("rb") as stream:
        content = _Reader(stream, path).load()
        ids, rows, counts = (content[key] for key in ("w2id", "id2vec", "counter"))
        words = sorted(ids, key=ids.__getitem__)
        if [ids[word] for word in words] != list(range(len(rows))) or not all(isinstance(w, str) for w in words):
            raise ValueError("the ids of its words are not those of its vectors")
        vectors = np.stack([_array(row) for row in rows]).astype(np.float32)
        if vectors.ndim != 2 or not np.isfinite(vectors).all():
            raise ValueError("its vectors are not rows of finite numbers")
        counted = {str(word): int(number) for word, number in counts.items()}
    return WordVectors(tuple(words), vectors, counted)


class _Reader(pickle.Unpickler):
    """Reads plain containers, NumPy arrays (as stand-ins that check what is stored) and counters (as dictionaries)."""

    def __init__(self, stream: Any, path: Path) -> None:
        super().__init__(stream)
        self.path = path

    def find_class(self, module: str, name: str) -> Any:
        """What stands for a name of the pickle.

        Raises:
            UserError: it is none of the four that such a file needs.
        """
        asked = f"{module}.{name}"
        if asked in ARRAYS:
            return STAND_INS[asked]
        if asked == "collections.Counter":
            return _counter
        raise UserError(f"{self.path}: asks for {asked[:80]}: code or objects, which are never loaded", GET_PICKLE)


def _counter(items: Any = ()) -> dict[Any, Any]:
    if items and type(items) is not dict:
        raise ValueError("a counter that is made of no dictionary")
    return dict(items)


def _array(row: Any) -> NDArray[Any]:
    array = row.array if isinstance(row, StoredArray) else row
    if array is None:
        raise ValueError("a word without a vector")
    return np.asarray(array)


def read_glove_text(path: Path, words: Iterable[str], width: int = 300) -> dict[str, NDArray[np.float32]]:
    """The vectors of some words in a text file of GloVe.

    Args:
        path: of the file; the last ``width`` columns of a line are numbers, all before them is the word.
        words: which are looked for.
        width: of a vector.

    Raises:
        UserError: it is missing, no such file, or has none of the words.
    """
    wanted = frozenset(words)
    vectors: dict[str, NDArray[np.float32]] = {}
    with reading(path, "word vectors", GET_TEXT), path.open(encoding="utf-8", newline="\n") as lines:
        for number, line in enumerate(lines):
            columns = line.rstrip("\n").split(" ")
            word = " ".join(columns[:-width])
            if len(columns) <= width:
                raise ValueError(f"line {number + 1} has {len(columns)} columns, not a word and {width} numbers")
            if word in wanted:
                vectors[word] = np.array(columns[-width:], dtype=np.float32)
    if not vectors:
        raise UserError(f"{path}: has none of the words that are needed", GET_TEXT)
    return vectors


def vocabulary(words: Iterable[str]) -> tuple[str, ...]:
    """Words by id: padding, unknown, then all in sorted order."""
    return (PADDING, UNKNOWN, *sorted(set(words)))


def word_table(words: Sequence[str], vectors: Mapping[str, NDArray[np.float32]], width: int = 300) -> Tensor:
    """(words, width) for `vocabulary`: zeros for padding; all words without a vector share one that is drawn."""
    unknown = torch.randn(width, generator=torch.Generator().manual_seed(UNKNOWN_SEED))
    table = unknown.repeat(len(words), 1)
    table[0] = 0
    for number, word in enumerate(words):
        if word in vectors:
            table[number] = torch.from_numpy(vectors[word])
    return table
