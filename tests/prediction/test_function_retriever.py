"""A retriever made of a function, and recall."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

import pytest

from cmivqa_kit.data.types import Question, Split
from cmivqa_kit.errors import UserError
from cmivqa_kit.prediction.function_retriever import FunctionRetriever, measured_recall
from cmivqa_kit.prediction.types import VideoRetriever
from tests.prediction.pairs.scorers import split_of, video

SPLIT = split_of(
    [video(name) for name in "abc"],
    [Question(0, "?", video_id="c"), Question(1, "?", video_id="a"), Question(2, "? of no known video")],
)


def by_id(split: Split, count: int) -> Iterator[list[tuple[str, float]]]:
    for _ in split.questions:
        yield [("b", 1.0), ("nowhere", 9.0), ("a", 2.0), ("c", 2.0)]


def test_the_function_s_videos_in_order() -> None:
    retriever: VideoRetriever = FunctionRetriever("by id", by_id)
    assert retriever.rank(SPLIT, 2) == [(("a", 2.0), ("c", 2.0))] * 3
    assert (retriever.name, retriever.facts, retriever.costs_network(SPLIT)) == ("by id", {"name": "by id"}, False)


def test_recall_is_of_the_questions_whose_video_is_known() -> None:
    retriever = FunctionRetriever("by id", by_id)
    assert retriever.recall(SPLIT, 1) == measured_recall(retriever, SPLIT, 1) == 0.5
    assert retriever.recall(SPLIT, 2) == 1.0
    assert retriever.recall(None, 2) is None
    assert retriever.recall(replace(SPLIT, questions=SPLIT.questions[2:]), 2) is None


def test_recall_is_not_worth_a_network_over_the_corpus() -> None:
    def never(split: Split, count: int) -> Iterator[list[tuple[str, float]]]:
        raise AssertionError

    retriever = FunctionRetriever("dear", never, network=True)
    assert retriever.costs_network(SPLIT) and retriever.recall(SPLIT, 2) is None


def test_a_score_that_is_no_number_is_told() -> None:
    retriever = FunctionRetriever("odd", lambda split, count: [[("a", math.nan)] for _ in split.questions])
    with pytest.raises(UserError, match="video 'a' is no number"):
        retriever.rank(SPLIT, 2)
