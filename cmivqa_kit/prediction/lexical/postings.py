"""Which subtitle lines of a corpus say which term how often: all that is known of the texts once they are read."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Postings:
    """Terms and their lines.

    Attributes:
        vocabulary: term -> its row, rows counted in order of first appearance.
        counts: int32, shape (terms, lines): how often each line says a term.
        lengths: tokens of each line, shape (lines,).
    """

    vocabulary: Mapping[str, int]
    counts: csr_array
    lengths: Ints

    @classmethod
    def of(cls, lines: Iterable[Sequence[str]]) -> Postings:
        """The postings of lines of tokens."""
        vocabulary: dict[str, int] = {}
        terms, lengths = array("i"), array("i")
        for tokens in lines:
            terms.extend([vocabulary.setdefault(token, len(vocabulary)) for token in tokens])
            lengths.append(len(tokens))
        term, size = np.array(terms, np.int64), np.array(lengths, np.int64)
        line = np.repeat(np.arange(len(size)), size)
        cells, times = np.unique(term * max(1, len(size)) + line, return_counts=True)
        row, column = np.divmod(cells, max(1, len(size)))
        first = np.searchsorted(row, np.arange(len(vocabulary) + 1))
        shape = len(vocabulary), len(size)
        counts = csr_array((times.astype(np.int32), column.astype(np.int32), first.astype(np.int32)), shape=shape)
        return cls(vocabulary, counts, size)

    def rows(self, tokens: Iterable[str]) -> list[int]:
        """The rows of the tokens that are known, in their order, repeated ones too."""
        return [self.vocabulary[token] for token in tokens if token in self.vocabulary]
