"""Every question gets videos: of the retriever, or of another one where it has none; never in alphabetical order."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from cmivqa_kit.data.types import Question, Split
from cmivqa_kit.errors import UserError
from cmivqa_kit.prediction.complete_retriever import CompleteRetriever, ids_in_words, too_many
from cmivqa_kit.prediction.function_retriever import FunctionRetriever
from tests.prediction.pairs.scorers import split_of, video

QUESTIONS = [Question(number, f"question {number}") for number in range(4)]
SPLIT = split_of([video(name) for name in "abc"], QUESTIONS)


def retriever(*lacking: int) -> FunctionRetriever:
    def rank(split: Split, count: int) -> Any:
        return [[] if question.id in lacking else [("b", 1.0)] for question in split.questions]

    return FunctionRetriever("mine", rank)


def spare(asked: list[Split]) -> FunctionRetriever:
    def rank(split: Split, count: int) -> Any:
        asked.append(split)
        return [[("c", 2.0), ("a", 1.0)] for _ in split.questions]

    return FunctionRetriever("words", rank)


def test_questions_without_a_video_are_ranked_by_the_other_one(caplog: pytest.LogCaptureFixture) -> None:
    asked: list[Split] = []
    complete = CompleteRetriever(retriever(1, 3), lambda: spare(asked))
    assert complete.rank(SPLIT, 2) == [(("b", 1.0),), (("c", 2.0), ("a", 1.0))] * 2
    assert [question.id for question in asked[0].questions] == [1, 3]
    assert (complete.without, complete.spare_name) == (2, "words")
    assert "for 2 of 4 questions (ids 1, 3); for these the list is that of words" in caplog.text
    assert (complete.name, complete.facts, complete.costs_network(SPLIT)) == ("mine", {"name": "mine"}, False)
    assert complete.recall(replace(SPLIT, questions=(replace(QUESTIONS[0], video_id="b"),)), 1) == 1.0


def test_one_that_names_videos_is_left_alone() -> None:
    complete = CompleteRetriever(retriever(), lambda: pytest.fail("asked for another one"))
    assert complete.rank(SPLIT, 2) == [(("b", 1.0),)] * 4
    assert complete.without == 0


def test_one_that_names_too_few_is_refused() -> None:
    complete = CompleteRetriever(retriever(0, 1, 2), lambda: pytest.fail("asked for another one"))
    with pytest.raises(UserError, match="--retriever mine: it names no video of the corpus for 3 of 4 questions"):
        complete.rank(SPLIT, 2)


@pytest.mark.parametrize(
    ("without", "questions", "refused"),
    [(0, 0, False), (1, 1, True), (1, 2, False), (2, 3, True), (57, 113, False), (63, 113, True), (113, 113, True)],
)
def test_half_of_the_questions_may_go_without(without: int, questions: int, refused: bool) -> None:
    assert too_many(without, questions) is refused


def test_ids_in_words() -> None:
    assert ids_in_words(QUESTIONS[:1]) == "id 0"
    assert ids_in_words(QUESTIONS, most=2) == "ids 0, 1 and 2 more"
