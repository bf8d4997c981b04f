"""The network: an encoder for lines and questions, and a small head that scores every span of every video.

Lines are read once per video, whatever is asked of it. The head is two stacks of convolutions over the lines: one that
knows no question (where passages begin and end at all), one that does. A span's score is a sum of what its first, its
last and its inner lines say, and of what prefix sums give for the whole: so a corpus costs one pass over its lines.

Letters: n lines of all videos of a batch, N packed positions, Q questions, S spans, D the encoder's width.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from baselines.hybrid.line_features import FEATURES
from cmivqa_kit.neural.encoders import new_encoder

BUCKETS = 16  # of a span's length, on a logarithmic scale
GAP = 2  # empty positions between videos: as far as the widest convolution looks
VECTOR_SCALE = 8.0  # unit vectors into the projections: their numbers are then about 1
COSINE_SCALE = 5.0  # cosines among the inputs: they lie within a few tenths of each other
LINE_BM25 = 0.1  # BM25 of a line among the inputs
SPAN_BM25 = 0.05  # BM25 of a span


@dataclass(frozen=True, slots=True)
class HeadSizes:
    """The sizes of the head: about 64,000 weights at a width of 384."""

    width: int  # D
    features: int = FEATURES  # of a line
    projected: int = 48  # of a line vector where no question is known
    hidden: int = 48  # of both stacks of convolutions
    context: int = 24  # what the first stack tells the second
    product: int = 16  # numbers in which a question and a line are compared
    buckets: int = BUCKETS
    dropout: float = 0.2  # few videos are learnt from


class Lines(NamedTuple):
    """The lines of some videos, one behind the other with `GAP` empty positions between videos.

    ``vectors`` (n, D) of length 1; ``features`` (n, F); ``position`` (n,) of each line, int64; ``video`` (n,) its
    number, int64; ``size``: N.
    """

    vectors: Tensor
    features: Tensor
    position: Tensor
    video: Tensor
    size: int


class Asked(NamedTuple):
    """Questions: ``vectors`` (Q, D) of length 1, ``bm25`` (Q, n) of every line."""

    vectors: Tensor
    bm25: Tensor


class Spans(NamedTuple):
    """Runs of lines, counted among the n.

    ``first`` (S,) and ``last`` (S,) lines, both inclusive; ``bucket`` (S,) of the length; ``bm25`` and ``coverage``
    (Q, S).
    """

    first: Tensor
    last: Tensor
    bucket: Tensor
    bm25: Tensor
    coverage: Tensor


class LineScores(NamedTuple):
    """What the head says of each line for each question, (Q, n) each: to begin a span, to end it, to lie inside, and
    its cosine with the question."""

    start: Tensor
    end: Tensor
    inside: Tensor
    cosine: Tensor


class Head(nn.Module):
    """Scores of lines, and of spans made of them."""

    def __init__(self, sizes: HeadSizes) -> None:
        super().__init__()
        self.sizes = sizes
        hidden, context = sizes.hidden, sizes.context
        self.project = nn.Linear(sizes.width, sizes.projected)
        self.wide = nn.Conv1d(sizes.projected + sizes.features, hidden, 5, padding=2)
        self.narrow = nn.Conv1d(hidden, 2 + context, 3, padding=1)
        self.line_product = nn.Linear(sizes.width, sizes.product)
        self.question_product = nn.Linear(sizes.width, sizes.product)
        self.first = nn.Conv1d(sizes.product + 4 + context, hidden, 5, padding=2)
        self.second = nn.Conv1d(hidden, 3, 5, padding=2)
        self.dropout = nn.Dropout(sizes.dropout)
        self.inside_weight = nn.Parameter(torch.tensor(0.3))  # of a span's sum over inner lines
        self.cosine_weight = nn.Parameter(torch.tensor(10.0))  # of the cosine with the mean of its lines
        self.bm25_weight = nn.Parameter(torch.tensor(3.0))
        self.coverage_weight = nn.Parameter(torch.tensor(2.0))  # of the share of the question's words in it
        self.length = nn.Parameter(torch.zeros(sizes.buckets))

    def lines(self, lines: Lines) -> Tensor:
        """(2 + context, N): start, end and context of every position, without a question."""
        vectors = self.dropout(self.project(lines.vectors * VECTOR_SCALE))
        packed, mask = pack(torch.cat([vectors, lines.features], dim=1).T, lines)
        hidden = self.dropout(torch.relu(self.wide(packed[None]))) * mask
        found: Tensor = self.narrow(hidden)[0] * mask
        return found

    def questions(self, lines: Lines, free: Tensor, asked: Asked) -> LineScores:
        """The scores of every line for every question; ``free`` is that of `lines`."""
        cosine = asked.vectors @ lines.vectors.T
        own = self.line_product(lines.vectors * VECTOR_SCALE)[None]
        product = self.dropout(own * self.question_product(asked.vectors * VECTOR_SCALE)[:, None])
        beside = cosine - video_means(cosine, lines)
        words = torch.stack([asked.bm25 * LINE_BM25, (asked.bm25 > 0).to(cosine.dtype)], dim=1)
        meaning = torch.stack([cosine, beside], dim=1) * COSINE_SCALE
        inputs, mask = pack(torch.cat([product.transpose(1, 2), meaning, words], dim=1), lines)
        context = free[2:].expand(len(cosine), -1, -1)
        hidden = self.dropout(torch.relu(self.first(torch.cat([inputs, context], dim=1)))) * mask
        scores = (self.second(hidden) + nn.functional.pad(free[:2], (0, 0, 0, 1)))[:, :, lines.position]
        return LineScores(scores[:, 0], scores[:, 1], scores[:, 2], cosine)

    def spans(self, scores: LineScores, spans: Spans, norms: Tensor) -> Tensor:
        """(Q, S) the score of every span; ``norms`` (S,) are those of the sums of its lines' vectors."""
        cosine = run_sums(scores.cosine, spans) / norms.clamp_min(1e-6)
        return (
            scores.start[:, spans.first]
            + scores.end[:, spans.last]
            + self.inside_weight * run_sums(scores.inside, spans)
            + self.cosine_weight * cosine
            + self.bm25_weight * SPAN_BM25 * spans.bm25
            + self.coverage_weight * spans.coverage
            + self.length[spans.bucket]
        )

    def forward(self, lines: Lines, asked: Asked, spans: Spans) -> Tensor:
        """(Q, S) the score of every span for every question."""
        scores = self.questions(lines, self.lines(lines), asked)
        return self.spans(scores, spans, span_norms(sums_before(lines.vectors), spans.first, spans.last))


class SpanScorer(nn.Module):
    """The head, and the encoder that is trained with it; without one lines and questions come as vectors.

    Args:
        head: sizes of the head.
        encoder: configuration of the encoder; ``None`` for a head on frozen lines.
    """

    def __init__(self, head: HeadSizes, encoder: Any | None = None) -> None:
        super().__init__()
        self.head = Head(head)
        if encoder is not None:
            self.encoder: Any = new_encoder(encoder)

    def states(self, ids: Tensor, mask: Tensor) -> Tensor:
        """(B, L, D) float32: the encoder's states of rows of tokens."""
        states: Tensor = self.encoder(input_ids=ids, attention_mask=mask).last_hidden_state
        return states.float()

    def vectors(self, batch: Mapping[str, Tensor]) -> tuple[Tensor, Tensor]:
        """The vectors of lines (n, D) and questions (Q, D), of length 1.

        Rows of tokens ``line_ids`` and ``question_ids`` with their masks go through the encoder; ``line_rows`` (n, B *
        L) and ``question_rows`` (Q, B * L) say of which tokens a vector is the mean.
        """
        if "line_vectors" in batch:
            return batch["line_vectors"], batch["question_vectors"]
        vectors = []
        for name in ("line", "question"):
            states = self.states(batch[f"{name}_ids"], batch[f"{name}_mask"])
            with torch.autocast(states.device.type, enabled=False):
                means = batch[f"{name}_rows"] @ states.reshape(-1, states.shape[2])
            vectors.append(nn.functional.normalize(means, dim=1))
        return vectors[0], vectors[1]

    def forward(self, batch: Mapping[str, Tensor], lines: Lines, asked: Asked, spans: Spans) -> Tensor:
        """(Q, S) the scores; the vectors of ``lines`` and ``asked`` are made of the batch."""
        of_lines, of_questions = self.vectors(batch)
        with torch.autocast(of_lines.device.type, enabled=False):
            scores: Tensor = self.head(lines._replace(vectors=of_lines), asked._replace(vectors=of_questions), spans)
        return scores


def pack(values: Tensor, lines: Lines) -> tuple[Tensor, Tensor]:
    """(..., n) values of lines -> (..., N) with zeros between videos, and the mask (N,), 1 on lines."""
    packed = values.new_zeros(*values.shape[:-1], lines.size)
    mask = values.new_zeros(lines.size)
    packed[..., lines.position] = values
    mask[lines.position] = 1
    return packed, mask


def video_means(values: Tensor, lines: Lines) -> Tensor:
    """(Q, n) the mean of the values (Q, n) over all lines of each line's video."""
    count = int(lines.video.max()) + 1 if len(lines.video) else 0
    totals = values.new_zeros(len(values), count).index_add_(1, lines.video, values)
    sizes = values.new_zeros(count).index_add_(0, lines.video, torch.ones_like(lines.video, dtype=values.dtype))
    return (totals / sizes.clamp_min(1))[:, lines.video]


def run_sums(values: Tensor, spans: Spans) -> Tensor:
    """(Q, n) values of lines -> (Q, S) their sums over each span, by prefix sums in float64: a corpus is long."""
    before = nn.functional.pad(values.cumsum(dim=1, dtype=torch.float64), (1, 0))
    return (before[:, spans.last + 1] - before[:, spans.first]).to(values.dtype)


def sums_before(vectors: Tensor) -> Tensor:
    """(n + 1, D) float64: the sum of the vectors (n, D) before each line."""
    return nn.functional.pad(vectors.cumsum(dim=0, dtype=torch.float64), (0, 0, 1, 0))


def span_norms(before: Tensor, first: Tensor, last: Tensor) -> Tensor:
    """(S,) the length of the sum of each span's line vectors, of what `sums_before` gives."""
    norms: Tensor = torch.linalg.vector_norm((before[last + 1] - before[first]).float(), dim=1)
    return norms
