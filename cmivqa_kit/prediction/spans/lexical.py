"""BM25 over every span of a corpus: a span's term frequencies are differences of prefix sums over its lines.

Weights of terms come from windows of fixed length, of which every line stands in about as many: a term that is said
in long stretches would else be common in long spans alone. The form is that with a factor of k1 + 1, so that one said
word weighs about its idf.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cmivqa_kit.data.words import Tokenizer
from cmivqa_kit.prediction.lexical.postings import Postings
from cmivqa_kit.prediction.lexical.scorer import Scorer
from cmivqa_kit.prediction.lexical.windows import windows
from cmivqa_kit.prediction.spans.candidates import SpanBlock, SpanCorpus

Floats = NDArray[np.float64]
RUNS = 16_384  # that are compared with a question at once


class Overlap(NamedTuple):
    """What the words of a question and of each span have in common, shape (spans,) each.

    ``bm25`` is the score; ``coverage`` the share of the question's words in the span, weighted by idf, 0 to 1.
    """

    bm25: Floats
    coverage: Floats


class SpanBM25:
    """BM25 of the spans, lines and whole videos of a corpus.

    Args:
        corpus: whose lines.
        tokens: text -> tokens.
        k1: saturation of term frequency.
        b: length normalisation, 0 to 1.
        idf_seconds: length of the windows in which terms are counted for their weights.
        report: told how many lines are read.
    """

    def __init__(
        self, corpus: SpanCorpus, tokens: Tokenizer, k1: float, b: float, idf_seconds: float,
        report: Callable[[str, int, int], None] = lambda title, done, total: None,
    ) -> None:  # fmt: skip
        self.tokens, self.k1, self.b = tokens, k1, b

        def read() -> Iterator[list[str]]:
            for done, spoken in enumerate(corpus.lines, 1):
                yield from (tokens(line.text) for line in spoken)
                report("reading subtitles", done, len(corpus.lines))

        self.postings = Postings.of(read())
        self._before = np.append(0, np.cumsum(self.postings.lengths))
        runs = [
            (first + low, stop + low)
            for low, spoken in zip(corpus.first_line.tolist(), corpus.lines, strict=False)
            for first, stop in windows(spoken, (idf_seconds,), 0.0)
        ]
        self._line, self._stop = np.array(runs, np.int64).reshape(-1, 2).T
        self._mean = float((self._before[self._stop] - self._before[self._line]).mean()) if runs else 1.0
        self._videos = Scorer(self.postings, corpus.first_line[:-1], corpus.first_line[1:], k1, b)

    def asked(self, text: str) -> AskedWords:
        """A question, ready to be compared."""
        times = Counter(self.postings.rows(self.tokens(text)))
        terms = sorted(times)
        counts = self.postings.counts[terms].toarray() if terms else np.zeros((0, len(self.postings.lengths)))
        prefix = np.zeros((len(terms), counts.shape[1] + 1), np.int32)
        np.cumsum(counts, axis=1, out=prefix[:, 1:])
        having = (prefix[:, self._stop] > prefix[:, self._line]).sum(axis=1)
        idf = np.log(1 + (len(self._line) - having + 0.5) / (having + 0.5))
        return AskedWords(self, prefix, idf, np.array([times[term] for term in terms], float))

    def videos(self, texts: Sequence[str]) -> list[Floats]:
        """For each question the scores of whole videos, shape (videos,)."""
        scores = self._videos.scores_of_all([self.tokens(text) for text in texts])
        return [(self.k1 + 1) * some for some in scores]

    def saturation(self, first: NDArray[np.int64], stop: NDArray[np.int64]) -> Floats:
        """What the frequency of a term is held against in each run of lines."""
        lengths = self._before[stop] - self._before[first]
        saturation: Floats = self.k1 * ((1 - self.b) + self.b * lengths / (self._mean or 1.0))
        return saturation


class AskedWords:
    """The words of one question in a corpus.

    Args:
        index: the corpus.
        prefix: (terms, lines + 1) how often each term was said before a line.
        idf: (terms,) weights.
        times: (terms,) how often the question says each.
    """

    def __init__(self, index: SpanBM25, prefix: NDArray[np.int32], idf: Floats, times: Floats) -> None:
        self.index, self.prefix, self.idf, self.times = index, prefix, idf, times

    def spans(self, block: SpanBlock) -> Overlap:
        """BM25 and coverage of the spans of a block; zeros where the question has no known word."""
        coverage = np.zeros(len(block))
        return Overlap(self._runs(block.first, block.stop, coverage), coverage)

    def bm25(self, block: SpanBlock) -> Floats:
        """BM25 alone of the spans of a block."""
        return self._runs(block.first, block.stop)

    def lines(self, numbers: NDArray[np.int64]) -> Floats:
        """BM25 of single lines by their numbers, shape (numbers,)."""
        return self._runs(numbers, numbers + 1)

    def _runs(self, first: NDArray[np.int64], stop: NDArray[np.int64], coverage: Floats | None = None) -> Floats:
        """BM25 of runs of lines, so many at once as a processor's cache holds; their coverage is added up beside."""
        bm25, total = np.zeros(len(first)), float(self.idf.sum()) or 1.0
        for begin in range(0, len(first), RUNS):
            some = slice(begin, begin + RUNS)
            begins, ends, sums = first[some], stop[some], bm25[some]
            low, high = int(begins.min()), int(ends.max())
            saturation = np.maximum(self.index.saturation(begins, ends), np.finfo(float).tiny)  # nothing said: 0
            said, before, gain = np.empty(len(sums), np.int32), np.empty(len(sums), np.int32), np.empty(len(sums))
            for prefix, idf, times in zip(self.prefix, self.idf.tolist(), self.times.tolist(), strict=True):
                if prefix[low] == prefix[high]:
                    continue
                np.take(prefix, ends, out=said, mode="clip")  # else it would copy first
                said -= np.take(prefix, begins, out=before, mode="clip")
                np.add(saturation, said, out=gain)
                np.divide(said, gain, out=gain)
                gain *= times * idf * (self.index.k1 + 1)
                sums += gain
                if coverage is not None:
                    coverage[some] += (idf / total) * (said > 0)
        return bm25
