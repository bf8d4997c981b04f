"""The trained tier in one corpus: the head passes over its lines once a question, spans come from prefix sums."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from baselines.hybrid.corpus import Corpus, groups_of
from baselines.hybrid.encoding import EncodedTier
from baselines.hybrid.examples import corpus_features, pack_lines, spans_of
from baselines.hybrid.model import Asked, Head, Lines, LineScores, Spans, span_norms, sums_before
from baselines.hybrid.settings import Settings
from baselines.hybrid.untrained import Remembered, Scored, forget, of_whole_videos, standardized, together
from cmivqa_kit.data.types import Question
from cmivqa_kit.neural.row_file import RowFile, Rows
from cmivqa_kit.prediction.spans.candidates import SpanBlock
from cmivqa_kit.prediction.spans.lexical import AskedWords, Overlap
from cmivqa_kit.prediction.spans.scores import Score, SpanScores, VideoScores, look_through

Floats = NDArray[np.float64]
LINES = 4096  # of the corpus that the head looks at together
QUESTIONS = 8  # that it is asked together: their line scores are kept for the whole corpus
NORMS = 20_000  # spans whose sums of vectors are in memory at once
SILENT = -30.0  # score of the one span of a video without lines: below what anything that is said gets


@dataclass(frozen=True, slots=True, eq=False)
class Member:
    """One network of an ensemble in one corpus.

    Attributes:
        head: on its device.
        lines: (lines of the corpus, D) float16.
        embed: questions -> (questions, D).
    """

    head: Head
    lines: Rows
    embed: Callable[[Sequence[Question]], NDArray[np.float32]]


class Chunk(NamedTuple):
    """Some neighbouring videos of the corpus as one member's head takes them.

    ``lines`` are without vectors and features; ``first`` and ``stop`` their bounds in the corpus; ``free`` what is
    known of them unasked.
    """

    lines: Lines
    first: int
    stop: int
    free: Tensor


class MemberScores:
    """What one member says in a corpus.

    Args:
        member: the network.
        corpus: that is asked.
        features: (lines, F) of all its lines.
    """

    def __init__(self, member: Member, corpus: Corpus, features: NDArray[np.float32]) -> None:
        self.member, self.corpus, self.head = member, corpus, member.head
        self.device = next(member.head.parameters()).device
        self._chunks = list(self._packed(features))
        self._norms = RowFile(np.float32)
        self._normed: dict[int, slice] = {}  # the first video of a block -> where the norms of its spans stand

    def of_lines(self, questions: Sequence[Question], words: Sequence[AskedWords]) -> LineScores:
        """The scores of all lines of the corpus for some questions, (questions, lines) each."""
        vectors = torch.from_numpy(self.member.embed(questions)).to(self.device)
        empty = vectors.new_zeros(len(questions), 0)
        parts = [LineScores(empty, empty, empty, empty)]
        for chunk in self._chunks:
            numbers = np.arange(chunk.first, chunk.stop)
            bm25 = np.stack([asked.lines(numbers) for asked in words]).astype(np.float32)
            asked = Asked(vectors, torch.from_numpy(bm25).to(self.device))
            lines = chunk.lines._replace(vectors=self._vectors(chunk.first, chunk.stop))
            parts.append(self.head.questions(lines, chunk.free, asked))
        return LineScores(*(torch.cat(some, dim=1) for some in zip(*parts, strict=True)))

    def of_spans(self, scores: LineScores, block: SpanBlock, common: Overlap) -> Floats:
        """The scores of spans that have lines; ``scores`` (lines,) and ``common`` are those of one question."""
        low, high = int(block.first.min()), int(block.stop.max())
        bm25, coverage = (torch.from_numpy(values.astype(np.float32))[None] for values in common)
        spans = spans_of(self.corpus, block, low)._replace(bm25=bm25, coverage=coverage)
        spans = Spans(*(value.to(self.device) for value in spans))
        inside = LineScores(*(some[None, low:high] for some in scores))
        total: Floats = self.head.spans(inside, spans, self._norms_of(block))[0].double().cpu().numpy()
        return total

    def _norms_of(self, block: SpanBlock) -> Tensor:
        """(S,) the lengths of sums of vectors, which no question changes; written down, apart from single videos."""
        if len(block.offset) > 2 and block.begin in self._normed:
            return torch.from_numpy(self._norms[self._normed[block.begin]].copy()).to(self.device)
        parts = [slice(at, at + NORMS) for at in range(0, len(block), NORMS)]
        norms = torch.cat([self._norms_between(block.first[some], block.stop[some]) for some in parts])
        if len(block.offset) > 2:
            self._normed[block.begin] = self._norms.append(norms.cpu().numpy())
        return norms

    def _norms_between(self, first: NDArray[np.int64], stop: NDArray[np.int64]) -> Tensor:
        low = int(first.min())
        before = sums_before(self._vectors(low, int(stop.max())))
        first_row, last_row = (torch.from_numpy(rows - low).to(self.device) for rows in (first, stop - 1))
        return span_norms(before, first_row, last_row)

    def _vectors(self, first: int, stop: int) -> Tensor:
        return torch.from_numpy(self.member.lines[first:stop].astype(np.float32)).to(self.device)

    def _packed(self, features: NDArray[np.float32]) -> Iterator[Chunk]:
        counts = np.diff(self.corpus.spans.first_line)
        for some in groups_of(counts.tolist(), LINES):
            lines, numbers = pack_lines(self.corpus, some, features)
            if len(numbers):
                first, stop = int(numbers[0]), int(numbers[-1]) + 1
                lines = Lines(
                    self._vectors(first, stop), lines.features.to(self.device), lines.position.to(self.device),
                    lines.video.to(self.device), lines.size,
                )  # fmt: skip
                free, empty = self.head.lines(lines), lines.vectors.new_zeros(0)
                yield Chunk(lines._replace(vectors=empty, features=empty), first, stop, free)


class TrainedTier:
    """An ensemble in one corpus, beside the untrained tier.

    Args:
        corpus: that is asked.
        members: whose span scores are averaged.
        untrained: has its share in the videos' scores; ``None``: none.
        settings: how much that is.
    """

    def __init__(
        self, corpus: Corpus, members: Sequence[Member], untrained: EncodedTier | None, settings: Settings
    ) -> None:
        self.corpus, self.untrained, self.settings = corpus, untrained, settings
        features = corpus_features(corpus)
        with torch.inference_mode():
            self._members = [MemberScores(member, corpus, features) for member in members]

    def scored(self, questions: Sequence[Question]) -> list[Scored]:
        """The scores of each question."""
        scored: list[Scored] = []
        for begin in range(0, len(questions), QUESTIONS):
            scored += self._some(questions[begin : begin + QUESTIONS])
        return scored

    @torch.inference_mode()
    def _some(self, questions: Sequence[Question]) -> list[Scored]:
        spans = self.corpus.spans
        asked = [self.corpus.bm25.asked(question.text) for question in questions]
        more = of_whole_videos(self.corpus, questions, self.settings.fusion)
        lines = [member.of_lines(questions, asked) for member in self._members]
        common = [Remembered(spans, words.spans) for words in asked]
        own = [
            SpanScores(spans, self._score([LineScores(*(some[number] for some in scores)) for scores in lines], words))
            for number, words in enumerate(common)
        ]
        said = [bm25_of(words) for words in common]
        fusions = self.untrained.fusions(questions, said) if self.untrained is not None else []
        others = [VideoScores(spans, fusion.of_videos) for fusion in fusions]
        for some in together(spans, len(questions)):
            look_through(spans, fusions[some])
            look_through(spans, [*own[some], *others[some]])
            forget(common[some], fusions[some])
        scored: list[Scored] = []
        for number, scores in enumerate(own):
            videos = scores.total + more[number]
            if others:
                beside = fusions[number].ranking(others[number].best + more[number])
                videos = fused(videos, beside, self.settings.decode.untrained_share)
            scored.append(Scored(scores, videos))
        return scored

    def _score(self, lines: Sequence[LineScores], words: Remembered[Overlap]) -> Callable[[SpanBlock], Floats]:
        @torch.inference_mode()
        def score(block: SpanBlock) -> Floats:
            total = np.full(len(block), SILENT)
            spoken = block.stop > block.first
            if spoken.any():
                some, common = block.only(spoken), Overlap(*(values[spoken] for values in words(block)))
                members = zip(self._members, lines, strict=True)
                total[spoken] = np.mean([member.of_spans(own, some, common) for member, own in members], axis=0)
            return total

        return score


def bm25_of(words: Remembered[Overlap]) -> Score:
    """The BM25 of what is remembered of a question's words."""
    return lambda block: words(block).bm25


def fused(videos: Floats, others: Floats, share: float) -> Floats:
    """The scores of videos by two systems, each on the scale of its own corpus; ``share`` is that of the second."""
    return (1 - share) * standardized(videos) + share * standardized(others)
