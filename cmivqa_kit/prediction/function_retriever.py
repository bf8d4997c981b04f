"""A retriever made of a function that ranks videos, and the recall of any retriever."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from cmivqa_kit.data.types import Split
from cmivqa_kit.prediction.ranked_list import in_order, within
from cmivqa_kit.prediction.types import Ranking, VideoRetriever

# (split, count) -> per question, in the order of the split, at most ``count`` videos with scores.
RankVideos = Callable[[Split, int], Iterable[Iterable[tuple[str, float]]]]


@dataclass(frozen=True, slots=True)
class FunctionRetriever:
    """A `VideoRetriever` made of a function.

    Attributes:
        name: what output calls it.
        function: ranks the videos; scores need no order, and videos that the corpus lacks are left out.
        network: True where the function runs a network over the corpus.
    """

    name: str
    function: RankVideos
    network: bool = False

    @property
    def facts(self) -> Mapping[str, Any]:
        """The facts known here: the name alone; the kit adds run, weights and settings."""
        return {"name": self.name}

    def costs_network(self, split: Split) -> bool:
        """True where the function says so."""
        return self.network

    def rank(self, split: Split, count: int) -> list[Ranking]:
        """The best ``count`` videos of each question.

        Raises:
            UserError: a score is no number.
        """
        return [within(in_order(videos), split.videos, count) for videos in self.function(split, count)]

    def recall(self, dev: Split | None, count: int) -> float | None:
        """The recall among the best ``count``; not known where ranking costs a network."""
        return measured_recall(self, dev, count)


def measured_recall(retriever: VideoRetriever, dev: Split | None, count: int) -> float | None:
    """The share of the dev questions whose right video is among the best ``count`` of a retriever.

    ``None`` where it is not known: there is no dev split with videos of questions, or asking it would run a network.
    """
    if dev is None:
        return None
    known = replace(dev, questions=tuple(question for question in dev.questions if question.video_id is not None))
    if not known.questions or retriever.costs_network(known):
        return None
    rankings = retriever.rank(known, count)
    hits = (question.video_id in dict(ranking) for question, ranking in zip(known.questions, rankings, strict=True))
    return sum(hits) / len(known.questions)
