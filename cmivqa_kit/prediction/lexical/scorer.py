"""BM25 scores of documents that are runs of lines, in Lucene's form (idf never negative).

A document's term frequencies are a sparse product (term x line times line x document), made for the terms of the
questions only: a corpus has many more terms, and windows repeat every line many times.
Source: Robertson and Zaragoza 2009; the form, its precisions and its order of adding are those of the library bm25s
(Lù 2024, arXiv 2407.03618), so that the numbers are the same to the last bit.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_array, csr_array

from cmivqa_kit.prediction.lexical.postings import Ints, Postings

Scores = NDArray[np.float64]
CELLS = 24_000_000  # of (term, document) that are in memory at once, 12 bytes each while they are made


class Scorer:
    """BM25 scores of all documents of a corpus.

    Args:
        postings: the terms of the lines.
        line: the first line of each document, shape (documents,).
        stop: the line behind its last, shape (documents,).
        k1: saturation of term frequency.
        b: length normalisation, 0 to 1.
    """

    def __init__(self, postings: Postings, line: Ints, stop: Ints, k1: float, b: float) -> None:
        self.postings, self.size = postings, len(line)
        before = np.append(0, np.cumsum(postings.lengths))
        lengths = before[stop] - before[line]
        self._saturation = k1 * ((1 - b) + b * lengths / (lengths.mean() or 1.0))
        self._spread = _line_by_document(line, stop, len(postings.lengths))

    def scores(self, tokens: Sequence[str]) -> Scores:
        """One score per document, shape (documents,), all 0 where no token of the question is known."""
        return next(self.scores_of_all([tokens]))

    def scores_of_all(self, questions: Iterable[Sequence[str]]) -> Iterator[Scores]:
        """The scores for each question, shape (documents,) each, one after the other."""
        for asked in self._groups([self.postings.rows(tokens) for tokens in questions]):
            terms = sorted({term for question in asked for term in question})
            weights, at = self._weights(terms), {term: row for row, term in enumerate(terms)}
            for question in asked:
                # Column by column, so that every document adds its terms in the order of the question.
                columns = weights[[at[term] for term in question]].T if question else csc_array((self.size, 0))
                yield (columns @ np.ones(len(question), np.float32)).astype(np.float64)
            del weights, columns  # before the next ones are made

    def _groups(self, questions: Sequence[list[int]]) -> Iterator[list[list[int]]]:
        """Neighbouring questions whose terms have at most `CELLS` cells together, or a single one."""
        terms = sorted({term for question in questions for term in question})
        cells = dict(zip(terms, self._most_cells(terms), strict=True))
        group: list[list[int]] = []
        known: set[int] = set()
        total = 0
        for question in questions:
            more = sum(cells[term] for term in set(question) - known)
            if group and total + more > CELLS:
                yield group
                group, known, total, more = [], set(), 0, sum(cells[term] for term in set(question))
            group.append(question)
            known.update(question)
            total += more
        if group:
            yield group

    def _most_cells(self, terms: Sequence[int]) -> list[int]:
        """In how many documents each term stands at most: no line is in more than so many."""
        if not terms:
            return []
        counts = self.postings.counts[terms]
        covered = np.diff(self._spread.indptr).astype(np.int64)[counts.indices]
        most: list[int] = np.minimum(np.add.reduceat(covered, counts.indptr[:-1]), self.size).tolist()
        return most

    def _weights(self, terms: Sequence[int]) -> Any:
        """What a document's score gains by each term, float32, sparse, shape (terms, documents)."""
        times_said = self.postings.counts[terms] @ self._spread
        weights = np.empty(times_said.nnz, np.float32)
        for begin, end in zip(times_said.indptr[:-1], times_said.indptr[1:], strict=True):
            idf = np.float32(math.log(1 + (self.size - int(end - begin) + 0.5) / (int(end - begin) + 0.5)))
            times = times_said.data[begin:end].astype(np.float64)
            weights[begin:end] = float(idf) * (times / (self._saturation[times_said.indices[begin:end]] + times))
        return csr_array((weights, times_said.indices, times_said.indptr), shape=times_said.shape)


def _line_by_document(line: Ints, stop: Ints, lines: int) -> Any:
    """1 where a document holds a line, int32, sparse, shape (lines, documents)."""
    size = stop - line
    end = np.cumsum(size)
    held = np.arange(int(size.sum())) + np.repeat(line - (end - size), size)
    ones = np.ones(len(held), np.int32)
    columns = (ones, held.astype(np.int32), np.append(0, end).astype(np.int32))
    return csc_array(columns, shape=(lines, len(line))).tocsr()
