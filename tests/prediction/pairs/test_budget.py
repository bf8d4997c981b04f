"""The number of videos that a budget allows: by the tokens of the videos themselves, the first stage's time counted."""

from __future__ import annotations

from pathlib import Path

import pytest

from cmivqa_kit.data.types import Question
from cmivqa_kit.prediction.pairs import budget
from cmivqa_kit.prediction.pairs.budget import most_videos, token_share, within_budget
from cmivqa_kit.prediction.pairs.corpus_pass import CorpusPass
from cmivqa_kit.prediction.pairs.engine import TopK
from cmivqa_kit.prediction.pairs.pass_options import CostEstimate, PassOptions
from cmivqa_kit.prediction.types import Ranking
from tests.prediction.pairs.scorers import KnownScorer, split_of, video

LINES = [(f"line {n}", 2.0 * n, 2.0) for n in range(9)]
SPLIT = split_of(
    [video("a", *LINES[:1]), video("b", *LINES[:2]), video("c", *LINES)], [Question(n, "what?") for n in range(2)]
)
COST = CostEstimate(2, 3, 6, 6, 100, 60.0, 0, 400, "cpu")


class LongFirst:
    """A first stage that finds the long videos first."""

    name = "long"
    facts: dict[str, str] = {}

    def rank(self, split: object, count: int) -> list[Ranking]:
        ranking: Ranking = (("c", 3.0), ("b", 2.0), ("a", 1.0))
        return [ranking[:count]] * 2

    def recall(self, dev: object, count: int) -> float | None:
        return None

    def costs_network(self, split: object) -> bool:
        return False


@pytest.fixture
def corpus_pass() -> CorpusPass:
    return CorpusPass(KnownScorer(), SPLIT, SPLIT.questions, TopK())


def test_the_share_of_tokens_is_that_of_the_chosen_videos(corpus_pass: CorpusPass) -> None:
    ranked = LongFirst().rank(SPLIT, 3)
    assert token_share(corpus_pass, ranked, 1) == pytest.approx(71 / 108)  # lines of 7, a question of 5, 3 more
    assert token_share(corpus_pass, ranked, 2) == pytest.approx(93 / 108)
    assert token_share(corpus_pass, ranked, 3) == pytest.approx(1.0)


def test_as_many_videos_as_fit(corpus_pass: CorpusPass) -> None:
    ranked = LongFirst().rank(SPLIT, 3)
    first, second = (token_share(corpus_pass, ranked, videos) for videos in (1, 2))
    assert [most_videos(corpus_pass, ranked, share) for share in (0.0, first - 0.01, first, second, 1.0)] == [
        1, 1, 1, 2, 3,
    ]  # fmt: skip


def test_the_time_of_the_first_stage_is_taken_off(corpus_pass: CorpusPass, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([0.0, 0.0, 0.0, 20.0])
    monkeypatch.setattr(budget.time, "perf_counter", lambda: next(clock))
    options = PassOptions(budget=59.0)

    def chosen(pass_options: PassOptions) -> int:
        first, ranked = within_budget(COST, LongFirst(), corpus_pass, pass_options, Path("pass"))
        assert first is not None
        assert all(len(row) == first.videos for row in ranked)
        return first.videos

    assert chosen(options) == 2  # nothing was spent on ranking
    assert chosen(options) == 1


def test_enough_time_for_everything_needs_no_first_stage(corpus_pass: CorpusPass) -> None:
    assert within_budget(COST, LongFirst(), corpus_pass, PassOptions(budget=60.0), Path("pass")) == (None, [])
