"""Late interaction in one corpus: how well each line says the words of a question, by an encoder's tokens.

BM25 knows a word where it is said; here every token of a question looks for the nearest token of a line, so that
"crop" is found where somebody trims. Neighbouring lines are read together, but a line has its own tokens only: what is
said is found to the line.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from baselines.hybrid.corpus import Corpus
from baselines.hybrid.settings import Settings
from cmivqa_kit.data.types import Question
from cmivqa_kit.neural.late_interaction import SCALE, TokenIdf, late_interaction
from cmivqa_kit.neural.line_reading import ReadLines, lengths_of, line_parts
from cmivqa_kit.neural.sentence_embedding import SentenceEmbedding
from cmivqa_kit.neural.tokens import Ids, Tokenize
from cmivqa_kit.prediction.lexical.windows import windows

TOKENS = 16_384  # of the corpus that are compared with questions at once


class Late:
    """The lines of a corpus by their tokens.

    Args:
        corpus: that is asked.
        embedding: of the encoder.
        read: what it reads of every video; read anew for every few questions, for it may be too much for memory.
        idf_seconds: length of the windows in which tokens are counted for their weights.
    """

    def __init__(
        self, corpus: Corpus, embedding: SentenceEmbedding, read: Mapping[str, ReadLines], idf_seconds: float
    ) -> None:
        self.embedding, self._read, self._ids = embedding, read, corpus.ids
        every = line_ids(corpus, embedding.reader.tokens)
        self.idf = token_idf(corpus, every, idf_seconds)
        self._lengths = [lengths_of(line_parts(embedding.line_blocks(ids))) for ids in every]
        self._asked: tuple[list[str], NDArray[np.float32]] = [], np.zeros((0, 0), np.float32)
        self._best: dict[tuple[str, bytes], NDArray[np.float64]] = {}  # dev evaluations ask a frozen encoder again

    def of_lines(self, questions: Sequence[Question]) -> NDArray[np.float32]:
        """(questions, lines) how well each line of the corpus says each question, 0 to 1; the last answer is kept."""
        texts = [question.text for question in questions]
        if texts != self._asked[0]:
            self._asked = texts, self.of_videos(questions, range(len(self._ids)))
        return self._asked[1]

    @torch.inference_mode()
    def of_videos(self, questions: Sequence[Question], videos: Iterable[int]) -> NDArray[np.float32]:
        """(questions, lines of these videos) likewise, one video behind the other."""
        device = self.embedding.device
        ids, vectors = self.embedding.question_tokens([question.text for question in questions])
        asked, weights = torch.from_numpy(vectors).to(device), self.idf.weights(ids).to(device) / SCALE
        scores = [np.zeros((len(questions), 0), np.float32)]
        for some in self._groups(videos):
            tokens = np.concatenate([self._read[self._ids[video]].tokens for video in some])
            said = torch.from_numpy(tokens).to(device).float()  # times `SCALE`, which the weights take away
            lengths = torch.from_numpy(np.concatenate([self._lengths[video] for video in some])).to(device)
            scores.append(late_interaction(said, lengths, asked, weights).cpu().numpy())
        return np.concatenate(scores, axis=1)

    def best_lines(self, question: Question) -> Callable[[NDArray[np.int64]], NDArray[np.float64]]:
        """For numbers of videos: how well the best line of each says a question; 0 for a video without lines."""

        def best(videos: NDArray[np.int64]) -> NDArray[np.float64]:
            key = question.text, videos.tobytes()
            if key not in self._best:
                self._best[key] = self._best_of(question, videos)
            return self._best[key]

        return best

    def _best_of(self, question: Question, videos: NDArray[np.int64]) -> NDArray[np.float64]:
        scores, best = self.of_videos([question], videos.tolist())[0], np.zeros(len(videos))
        counts = np.array([len(self._lengths[video]) for video in videos.tolist()], np.int64)
        spoken = np.flatnonzero(counts)
        if len(spoken):
            best[spoken] = np.maximum.reduceat(scores, (np.cumsum(counts) - counts)[spoken])
        return best

    def _groups(self, videos: Iterable[int]) -> Iterator[list[int]]:
        """Videos that say something, in groups of about `TOKENS` tokens."""
        group: list[int] = []
        total = 0
        for video in videos:
            count = int(self._lengths[video].sum())
            if group and total + count > TOKENS:
                yield group
                group, total = [], 0
            if len(self._lengths[video]):
                group.append(video)
                total += count
        if group:
            yield group


def late_in(corpus: Corpus, embedding: SentenceEmbedding, settings: Settings) -> Late:
    """Late interaction of an encoder that is not trained any more; what it reads lies in the cache.

    Raises:
        UserError: the encoder gives numbers that are not finite.
        RunFailed: the cache cannot be written, or memory ran out.
    """
    return Late(corpus, embedding, embedding.lines(line_texts(corpus)), settings.lexical.idf_seconds)


def line_texts(corpus: Corpus) -> dict[str, list[str]]:
    """What is said in each video, line by line, by its id."""
    spans = corpus.spans
    return {video.id: [line.text for line in lines] for video, lines in zip(spans.videos, spans.lines, strict=True)}


def line_ids(corpus: Corpus, tokens: Tokenize) -> list[list[Ids]]:
    """The tokens of every line of each video."""
    return [[tokens(line.text) for line in lines] for lines in corpus.spans.lines]


def token_idf(corpus: Corpus, ids: Sequence[Sequence[Ids]], seconds: float) -> TokenIdf:
    """How rare tokens are in windows of so many seconds."""
    return TokenIdf.of(
        own[first:stop]
        for lines, own in zip(corpus.spans.lines, ids, strict=True)
        for first, stop in windows(lines, (seconds,), 0.0)
    )
