"""Three videos and two questions for tests of retrievers, and what they are asked with."""

from __future__ import annotations

from collections.abc import Sequence

from cmivqa_kit.data.types import Question
from cmivqa_kit.plugin.types import PredictOptions
from cmivqa_kit.prediction.types import Ranking
from tests.prediction.pairs.scorers import split_of, video

OPTIONS = PredictOptions(limit=50)
CLINIC = split_of(
    [video("a", ("press the wound", 0, 5)), video("b", ("check the pulse", 0, 5)), video("c", ("the pulse", 0, 5))],
    [Question(1, "check the pulse", "English", "b"), Question(2, "nothing of it", "English", "c")],
)


def ids(rankings: Sequence[Ranking]) -> list[list[str]]:
    return [[name for name, _ in ranking] for ranking in rankings]
