"""Late interaction: how well runs of tokens say each token of a question, by meaning.

Every token of a question looks for the token that is nearest to it in each run, and a run's score is the weighted mean
of these cosines (ColBERT: Khattab and Zaharia, SIGIR 2020). Weights are idf: a term counts as much as it is rare.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from cmivqa_kit.neural.tokens import Ids

SCALE = 127  # of unit vectors as int8: a cosine moves by a few thousandths


@dataclass(frozen=True, slots=True)
class TokenIdf:
    """How rare tokens are in a corpus.

    Attributes:
        having: token id -> passages that hold it.
        passages: how many there are.
    """

    having: Mapping[int, int]
    passages: int

    @classmethod
    def of(cls, passages: Iterable[Iterable[Ids]]) -> TokenIdf:
        """Count the tokens of passages, each some rows of tokens."""
        having: Counter[int] = Counter()
        count = 0
        for rows in passages:
            having.update({token for row in rows for token in row})
            count += 1
        return cls(having, count)

    def __call__(self, token: int) -> float:
        """The weight of a token, above 0; largest for one that no passage holds."""
        having = self.having.get(token, 0)
        return math.log(1 + (self.passages - having + 0.5) / (having + 0.5))

    def weights(self, questions: Sequence[Ids]) -> Tensor:
        """(questions, tokens of all questions): what each token is of its own question, 1 together; 0 of others."""
        weights = torch.zeros(len(questions), sum(map(len, questions)))
        begin = 0
        for number, ids in enumerate(questions):
            own = torch.tensor([self(token) for token in ids])
            weights[number, begin : begin + len(ids)] = own / own.sum().clamp_min(1e-6)
            begin += len(ids)
        return weights


def late_interaction(said: Tensor, lengths: Tensor, asked: Tensor, weights: Tensor) -> Tensor:
    """(Q, runs) how well each run says each question, 0 to 1; 0 where a run or a question has no tokens.

    Args:
        said: (T, D) the tokens of all runs, of length 1.
        lengths: (runs,) how many tokens each run has.
        asked: (t, D) the tokens of all questions, of length 1.
        weights: (Q, t) of each token in each question (`TokenIdf.weights`).
    """
    cosines = said @ asked.T
    nearest = torch.segment_reduce(cosines, "max", lengths=lengths, axis=0, unsafe=True, initial=0.0)
    return weights @ nearest.T
