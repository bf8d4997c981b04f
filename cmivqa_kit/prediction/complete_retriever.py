"""A retriever whose questions all get videos: those it names none for are ranked by another one, and counted."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from cmivqa_kit.data.types import Question, Split
from cmivqa_kit.errors import UserError
from cmivqa_kit.prediction.types import Ranking, VideoRetriever

log = logging.getLogger(__name__)
# The share of questions without a video past which a retriever is refused. Above one half, so that one which is half
# wrong, by a question more or less, is counted and used.
TOO_MANY = 0.55


def too_many(without: int, questions: int) -> bool:
    """True where a retriever names a video of the corpus for too few of the questions to be one of this corpus."""
    return without > TOO_MANY * questions


class CompleteRetriever:
    """A `VideoRetriever` behind which another one stands, for the questions that it has no video for.

    Args:
        retriever: is asked first.
        spare: makes the other one, where it is needed.

    Attributes:
        without: how many questions of the last `rank` the retriever had no video for.
        spare_name: whose list they got instead; empty where there was none.
    """

    def __init__(self, retriever: VideoRetriever, spare: Callable[[], VideoRetriever]) -> None:
        self.retriever, self._spare = retriever, spare
        self.without, self.spare_name = 0, ""

    @property
    def name(self) -> str:
        """That of the retriever."""
        return self.retriever.name

    @property
    def facts(self) -> Mapping[str, Any]:
        """Those of the retriever."""
        return self.retriever.facts

    def costs_network(self, split: Split) -> bool:
        """True where the retriever runs a network."""
        return self.retriever.costs_network(split)

    def recall(self, dev: Split | None, count: int) -> float | None:
        """That of the retriever."""
        return self.retriever.recall(dev, count)

    def rank(self, split: Split, count: int) -> list[Ranking]:
        """The rankings of the retriever; those without a video come from the other one, with a warning.

        Raises:
            UserError: most questions have none, or as the two retrievers.
        """
        rankings = self.retriever.rank(split, count)
        lacking = [number for number, ranking in enumerate(rankings) if not ranking]
        self.without = len(lacking)
        if not lacking:
            return rankings
        if too_many(len(lacking), len(rankings)):
            raise UserError(
                f"--retriever {self.name}: it names no video of the corpus for {len(lacking)} of {len(rankings)} "
                f"questions of {split.name}",
                "Give another --retriever, e.g. bm25.",
            )
        spare = self._spare()
        self.spare_name = spare.name
        questions = [split.questions[number] for number in lacking]
        log.warning("--retriever %s: it names no video of the corpus for %d of %d questions (%s); for these the list "
                    "is that of %s", self.name, len(lacking), len(rankings), ids_in_words(questions),
                    spare.name)  # fmt: skip
        instead = spare.rank(replace(split, questions=tuple(questions)), count)
        for number, ranking in zip(lacking, instead, strict=True):
            rankings[number] = ranking
        return rankings


def ids_in_words(questions: Sequence[Question], most: int = 5) -> str:
    """``ids 3, 7 and 12 more``."""
    ids = ", ".join(str(question.id)[:40] for question in questions[:most])
    more = f" and {len(questions) - most} more" if len(questions) > most else ""
    return f"id{'s' if len(questions) > 1 else ''} {ids}{more}"
