"""Videos with their questions as the network takes them: packed lines, spans, the words in common, and the targets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from baselines.hybrid.corpus import Corpus
from baselines.hybrid.line_features import FEATURES, line_features
from baselines.hybrid.model import BUCKETS, GAP, Lines, Spans
from cmivqa_kit.data.span import Span
from cmivqa_kit.data.types import Question, Split
from cmivqa_kit.prediction.expected_overlap import overlaps, soft_target
from cmivqa_kit.prediction.spans.candidates import SpanBlock
from cmivqa_kit.prediction.spans.lexical import AskedWords

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class AskedVideo:
    """A video of a corpus with the questions about it that have an answer there."""

    corpus: Corpus
    number: int
    questions: tuple[Question, ...]


class PackedVideos(NamedTuple):
    """Some videos of a corpus, ready for the head.

    Attributes:
        lines: without vectors yet.
        line_numbers: (n,) of the lines in the corpus.
        blocks: the spans of each video.
        spans: without the words in common yet, lines counted among the n.
        owner: (S,) which of the videos each span is of.
    """

    lines: Lines
    line_numbers: NDArray[np.int64]
    blocks: tuple[SpanBlock, ...]
    spans: Spans
    owner: NDArray[np.int64]

    def words(self, asked: Sequence[AskedWords]) -> tuple[torch.Tensor, Spans]:
        """(Q, n) BM25 of every line, and the spans with what they have in common with each question."""
        lines = [words.lines(self.line_numbers) for words in asked]
        common = [[words.spans(block) for block in self.blocks] for words in asked]
        bm25 = [np.concatenate([one.bm25 for one in some]) for some in common]
        coverage = [np.concatenate([one.coverage for one in some]) for some in common]
        spans = self.spans._replace(bm25=_tensor(bm25), coverage=_tensor(coverage))
        return _tensor(lines), spans


def pack_lines(corpus: Corpus, videos: Sequence[int], features: NDArray[np.float32]) -> tuple[Lines, NDArray[np.int64]]:
    """The lines of some videos, without vectors yet, and their numbers in the corpus.

    Args:
        corpus: whose videos.
        videos: their numbers; those without lines are left out.
        features: (lines of the corpus, F).
    """
    first_line = corpus.spans.first_line
    spoken = [video for video in videos if first_line[video + 1] > first_line[video]]
    runs = [np.arange(first_line[video], first_line[video + 1]) for video in spoken]
    numbers = np.concatenate([np.zeros(0, np.int64), *runs])
    video = np.repeat(np.arange(len(spoken)), [len(run) for run in runs])
    position = torch.from_numpy(np.arange(len(numbers)) + GAP * video)
    size = len(numbers) + GAP * len(spoken)
    lines = Lines(torch.zeros(0), torch.from_numpy(features[numbers]), position, torch.from_numpy(video), size)
    return lines, numbers


def spans_of(corpus: Corpus, block: SpanBlock, low: int) -> Spans:
    """The spans of a block without the words in common yet; lines are counted from ``low``."""
    limits = corpus.spans.limits
    bucket = buckets(block.end - block.start, limits.shortest, max(limits.seconds, 2 * limits.shortest))
    empty = torch.zeros(0)
    first, last = torch.from_numpy(block.first - low), torch.from_numpy(block.stop - 1 - low)
    return Spans(first, last, torch.from_numpy(bucket), empty, empty)


def pack_videos(corpus: Corpus, videos: Sequence[int], features: NDArray[np.float32]) -> PackedVideos:
    """Some videos with their spans, all of which have lines; the arguments are those of `pack_lines`."""
    lines, numbers = pack_lines(corpus, videos, features)
    blocks = tuple(corpus.spans.block(video, video + 1) for video in videos)
    begins = np.append(0, np.cumsum(np.diff(corpus.spans.first_line)[list(videos)]))
    lows = corpus.spans.first_line[list(videos)] - begins[:-1]
    parts = [spans_of(corpus, block, int(low)) for block, low in zip(blocks, lows, strict=True)]
    joined = Spans(*(torch.cat(columns) for columns in zip(*parts, strict=True)))
    owner = np.repeat(np.arange(len(videos)), [len(block) for block in blocks])
    return PackedVideos(lines, numbers, blocks, joined, owner)


def buckets(seconds: Floats, shortest: float, longest: float) -> NDArray[np.int64]:
    """The number of each length on a logarithmic scale of `BUCKETS`; what lies beyond is in the first or last."""
    scale = BUCKETS / np.log(longest / shortest)
    numbers = np.floor(scale * np.log(np.maximum(seconds, shortest) / shortest))
    clipped: NDArray[np.int64] = np.clip(numbers, 0, BUCKETS - 1).astype(np.int64)
    return clipped


def corpus_features(corpus: Corpus) -> NDArray[np.float32]:
    """(lines, F) of all lines of a corpus."""
    empty = np.zeros((0, FEATURES), np.float32)
    return np.concatenate([empty, *(line_features(lines) for lines in corpus.spans.lines if lines)])


def asked_videos(split: Split, corpora: dict[str | None, Corpus], dropped: Counter[str]) -> Iterator[AskedVideo]:
    """The videos that can be trained on; questions that cannot be are counted in ``dropped``.

    Args:
        split: with answers.
        corpora: of its languages.
        dropped: reason -> questions.
    """
    known = {language for language in corpora if language is not None}
    about: dict[tuple[str | None, int], list[Question]] = {}
    for question in split.questions:
        language = question.language if question.language in known else None
        corpus = corpora[language]
        number = corpus.numbers.get(question.video_id or "")
        if question.answer is None or not question.answer.valid:
            dropped["no-answer"] += 1
        elif number is None or not corpus.spans.lines[number]:
            dropped["no-subtitles"] += 1
        else:
            about.setdefault((language, number), []).append(question)
    for (language, number), questions in sorted(about.items(), key=lambda item: (item[0][0] or "", item[0][1])):
        yield AskedVideo(corpora[language], number, tuple(questions))


def target_of(answer: Span, videos: PackedVideos, video: int) -> tuple[Floats, NDArray[np.bool_]]:
    """What the spans of a batch are held against, (S,), and which of them are of the right video, (S,)."""
    own = videos.owner == video
    start = np.concatenate([block.start for block in videos.blocks])[own]
    end = np.concatenate([block.end for block in videos.blocks])[own]
    target = np.zeros(len(own))
    target[own] = soft_target(overlaps(np.array([answer.start]), np.array([answer.end]), start, end)[0])
    return target, own


def _tensor(rows: Sequence[Floats]) -> torch.Tensor:
    return torch.from_numpy(np.stack(rows).astype(np.float32)) if rows else torch.zeros(0, 0)
