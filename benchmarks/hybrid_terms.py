"""BM25 whose terms weigh what training questions teach: part of `hybrid_ranking.py`.

A term weighs the exponential of a sum over six things that are known of it (`FEATURES`), times its idf. The six numbers
are learnt by a softmax over the windows of all videos, held against those that overlap with the answer.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from baselines.hybrid.corpus import Corpus
from cmivqa_kit.data.types import Question
from cmivqa_kit.prediction.expected_overlap import overlaps, soft_target
from cmivqa_kit.prediction.spans.lexical import AskedWords, SpanBM25
from cmivqa_kit.prediction.spans.windows import LineWindows

FEATURES = ("idf", "videos that say it", "questions that ask for it", "digits", "length", "position")
STEPS, BATCH, RATE, PENALTY = 60, 150, 0.05, 1e-3
Floats = NDArray[np.float64]


class Asked:
    """How often terms are asked for: in questions about other videos, so that it is as much for a video held out."""

    def __init__(self, questions: Iterable[Question], bm25: SpanBM25) -> None:
        self._all, self._own = Counter[str](), Counter[tuple[str | None, str]]()
        for question in questions:
            terms = set(bm25.tokens(question.text))
            self._all.update(terms)
            self._own.update((question.video_id, term) for term in terms)

    def elsewhere(self, term: str, video: str | None) -> int:
        """Questions with a term that are not about a video."""
        return self._all[term] - self._own[video, term]


class Example(NamedTuple):
    """What weights are learnt of: (terms, windows) BM25, (terms, `FEATURES`), and (windows,) to be held against."""

    gains: NDArray[np.float16]
    features: NDArray[np.float32]
    target: NDArray[np.float32]


def example(question: Question, corpus: Corpus, windows: LineWindows, asked: Asked) -> Example:
    """A training question."""
    bm25, words = corpus.bm25, corpus.bm25.asked(question.text)
    said = words.prefix[:, windows.stop] - words.prefix[:, windows.first]
    saturated = said / np.where(said > 0, bm25.saturation(windows.first, windows.stop) + said, 1.0)
    gains = (words.times * words.idf * (bm25.k1 + 1))[:, None] * saturated
    target = np.zeros(len(windows.first), np.float32)
    if question.answer is not None and question.video_id is not None:
        sides = np.array([question.answer.start]), np.array([question.answer.end])
        ious = overlaps(*sides, corpus.spans.start[windows.first], corpus.spans.end[windows.stop - 1])[0]
        of_window = np.repeat(np.arange(len(corpus.spans)), windows.count.sum(axis=1))
        target = soft_target(ious * (of_window == corpus.numbers[question.video_id])).astype(np.float32)
    return Example(
        gains.astype(np.float16), features_of(question.text, words, corpus, asked, question.video_id), target
    )


def features_of(
    text: str, words: AskedWords, corpus: Corpus, asked: Asked, video: str | None = None
) -> NDArray[np.float32]:
    """What is known of the terms of a question, (terms, `FEATURES`), in the order of ``words``."""
    tokens = corpus.bm25.tokens(text)
    terms: dict[int, tuple[int, str]] = {}
    for position, token in enumerate(tokens):
        for row in corpus.bm25.postings.rows([token]):
            terms.setdefault(row, (position, token))
    first_line = corpus.spans.first_line
    videos = (words.prefix[:, first_line[1:]] > words.prefix[:, first_line[:-1]]).sum(axis=1)
    rows = [
        (idf / 5, np.log1p(count) / 4, np.log1p(asked.elsewhere(term, video)) / 5, term.isdigit(), len(term) / 8,
         position / max(1, len(tokens) - 1))
        for (_, (position, term)), idf, count in zip(sorted(terms.items()), words.idf, videos, strict=True)
    ]  # fmt: skip
    return np.array(rows, np.float32).reshape(-1, len(FEATURES))


def learnt_weights(examples: Sequence[Example], seed: int = 0) -> NDArray[np.float32]:
    """What each of the `FEATURES` adds to the logarithm of a term's weight."""
    drawn = torch.Generator().manual_seed(seed)
    weights, scale = torch.zeros(len(FEATURES), requires_grad=True), torch.tensor(-1.0, requires_grad=True)
    optimizer = torch.optim.Adam([weights, scale], lr=RATE)
    for _ in range(STEPS):
        losses = []
        for number in torch.randperm(len(examples), generator=drawn)[:BATCH].tolist():
            gains, features, target = (torch.from_numpy(part).float() for part in examples[number])
            scores = (features @ weights).exp() @ gains * scale.exp()
            losses.append(-(target * scores.log_softmax(0)).sum())
        loss = torch.stack(losses).mean() + PENALTY * (weights**2).sum()
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    learnt: NDArray[np.float32] = weights.detach().numpy()
    return learnt


class WeightedBM25:
    """BM25 of spans whose terms weigh more or less; that of whole videos stays.

    Args:
        corpus: whose BM25.
        weights: as learnt, for the `FEATURES`.
        asked: how often terms are asked for.
    """

    def __init__(self, corpus: Corpus, weights: NDArray[np.float32], asked: Asked) -> None:
        self.corpus, self.weights, self._asked = corpus, weights, asked

    def asked(self, text: str) -> AskedWords:
        """A question, ready to be compared."""
        words = self.corpus.bm25.asked(text)
        known = features_of(text, words, self.corpus, self._asked)
        return AskedWords(words.index, words.prefix, words.idf * np.exp(known @ self.weights), words.times)

    def videos(self, texts: Sequence[str]) -> list[Floats]:
        """For each question the scores of whole videos, (videos,)."""
        return self.corpus.bm25.videos(texts)
