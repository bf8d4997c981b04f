"""Late interaction in one corpus: how well the best line of a video says a question, by an encoder's tokens.

BM25 knows a word where it is said; here every token of a question looks for the nearest token of a line, so that
"crop" is found where somebody trims. Neighbouring lines are read together, but a line has its own tokens only.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from baselines.hybrid.corpus import Corpus, groups_of
from baselines.hybrid.encoder import line_texts
from baselines.hybrid.untrained import BestLines
from cmivqa_kit.data.types import Question
from cmivqa_kit.neural.late_interaction import SCALE, TokenIdf, late_interaction
from cmivqa_kit.neural.sentence_embedding import SentenceEmbedding
from cmivqa_kit.prediction.lexical.windows import windows

TOKENS = 16_384  # that are compared with a question at once


class LateInteraction:
    """The tokens of a corpus as an encoder reads them; they lie in the cache, and are read for each question.

    Args:
        corpus: that is asked.
        embedding: of the encoder, which is not trained any more.
        idf_seconds: length of the windows in which tokens are counted for their weights.

    Raises:
        UserError: the encoder gives numbers that are not finite.
        RunFailed: the cache cannot be written, or memory ran out.
    """

    def __init__(self, corpus: Corpus, embedding: SentenceEmbedding, idf_seconds: float) -> None:
        self.embedding, self._ids = embedding, corpus.ids
        self._tokens = embedding.tokens(line_texts(corpus))
        spoken = [[embedding.reader.tokens(line.text) for line in lines] for lines in corpus.spans.lines]
        self._counts = [embedding.token_counts(ids) for ids in spoken]
        self.idf = TokenIdf.of(
            ids[first:stop]
            for lines, ids in zip(corpus.spans.lines, spoken, strict=True)
            for first, stop in windows(lines, (idf_seconds,), 0.0)
        )
        self._known: dict[tuple[str, bytes], NDArray[np.float64]] = {}  # each dev evaluation of a training asks again

    def best_lines(self, question: Question) -> BestLines:
        """For numbers of videos: how well the best line of each says a question, 0 to 1; 0 where nothing is said."""

        def best(videos: NDArray[np.int64]) -> NDArray[np.float64]:
            key = question.text, videos.tobytes()
            if key not in self._known:
                self._known[key] = self._best(question.text, videos.tolist())
            return self._known[key]

        return best

    @torch.inference_mode()
    def _best(self, text: str, videos: Sequence[int]) -> NDArray[np.float64]:
        device = self.embedding.device
        ids, vectors = self.embedding.question_tokens(text)
        asked, weights = torch.from_numpy(vectors).to(device), self.idf.weights([ids]).to(device) / SCALE
        best = dict.fromkeys(videos, 0.0)
        spoken = [video for video in videos if len(self._counts[video])]
        for group in groups_of([int(self._counts[video].sum()) for video in spoken], TOKENS):
            some = [spoken[number] for number in group]
            tokens = np.concatenate([self._tokens[self._ids[video]] for video in some])
            said = torch.from_numpy(tokens).to(device).float()  # times `SCALE`, which the weights take away
            counts = torch.from_numpy(np.concatenate([self._counts[video] for video in some])).to(device)
            lines = late_interaction(said, counts, asked, weights)[0].double().cpu().numpy()
            ends = np.cumsum([len(self._counts[video]) for video in some])
            begins = np.append(0, ends[:-1])
            best.update(zip(some, np.maximum.reduceat(lines, begins).tolist(), strict=True))
        return np.array([best[video] for video in videos])
