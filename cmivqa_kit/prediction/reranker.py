"""Re-ranking: the candidates of lists scored anew. What a baseline gives for it, and how new scores order a list.

A baseline whose declaration says `reranks` gives a `Reranker`; the kit reads the lists, orders them and writes them.
Source: docs/spec/q2a.md, section 6.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from cmivqa_kit.data.types import Question, Split
from cmivqa_kit.errors import UserError
from cmivqa_kit.plugin.types import Candidate, Declaration, Prediction, PredictOptions

Scores = NDArray[np.float64]


class Reranker(Protocol):
    """Scores the candidates of lists anew; one object serves one split."""

    def scores(self, question: Question, candidates: Sequence[Candidate]) -> Sequence[float]:
        """New scores of the candidates of one question, in their order; higher is better.

        Args:
            question: of the split, without its answer.
            candidates: a first stage's list, best first, all of videos of the corpus; never empty. Their scores are
                minus their ranks where the list comes from a submission file.
        """
        ...


@runtime_checkable
class ReranksLists(Protocol):
    """A baseline that scores lists of others anew (`cmivqa rerank`); its declaration says so: `Declaration.reranks`."""

    def reranker(self, split: Split, options: PredictOptions) -> Reranker:
        """The re-ranker of the loaded run, ready for the lists of ``split`` on the device that ``options`` name.

        Raises:
            UserError: not loaded, a run that cannot re-rank, a setting out of its range, or no such device.
        """
        ...


def require_reranking(declaration: Declaration, names: Iterable[str]) -> None:
    """Refuse a baseline that re-ranks nothing; ``names`` are those that do.

    Raises:
        UserError: it does not.
    """
    if not declaration.reranks:
        raise UserError(
            f"baseline {declaration.name} does not re-rank lists", f"Those that do: {', '.join(names) or 'none'}."
        )


def reranked_lists(
    reranker: Reranker, split: Split, lists: Iterable[Prediction], alpha: float = 1.0
) -> Iterator[Prediction]:
    """The lists of all questions of a split with their new scores, best first.

    Args:
        reranker: scores them.
        split: without answers.
        lists: one for each of its questions, in their order.
        alpha: weight of the new scores, of 0 to 1; see `reordered`.

    Raises:
        UserError: not one finite score for each candidate.
    """
    for question, prediction in zip(split.questions, lists, strict=True):
        scores = reranker.scores(question, prediction.candidates)
        if len(scores) != len(prediction.candidates) or not np.isfinite(np.asarray(scores, float)).all():
            raise UserError(
                f"question {question.id!r}: the re-ranker gives no finite score for each of "
                f"{len(prediction.candidates)} candidates",
                "Train it again with a lower learning rate.",
            )
        yield reordered(prediction, scores, alpha)


def reordered(prediction: Prediction, scores: Sequence[float], alpha: float = 1.0) -> Prediction:
    """A list ordered by ``alpha`` times its new scores and ``1 - alpha`` times those of before, both standardised.

    Videos and spans stay as they are; ties stay in the order of before.
    """
    before = [candidate.score for candidate in prediction.candidates]
    mixed = alpha * standardised(scores) + (1 - alpha) * standardised(before)
    order = np.argsort(-mixed, kind="stable")
    best = (prediction.candidates[number] for number in order)
    ordered = zip(best, mixed[order], strict=True)
    return Prediction(prediction.question_id, tuple(Candidate(c.video_id, c.span, float(s)) for c, s in ordered))


def standardised(scores: Sequence[float]) -> Scores:
    """Scores less their mean, over their standard deviation; zeros where all are equal."""
    values = np.asarray(scores, np.float64)
    if not len(values) or values.min() == values.max():
        return np.zeros_like(values)
    values = values / np.abs(values).max()  # whose squares neither overflow nor vanish
    standard: Scores = (values - values.mean()) / values.std()
    return standard
