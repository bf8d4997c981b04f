"""Rankings of videos: from scores, from lists, and within a corpus."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmivqa_kit.data.span import Span
from cmivqa_kit.errors import UserError
from cmivqa_kit.plugin.types import Candidate
from cmivqa_kit.prediction.ranked_list import MOST, by_rank, in_order, of_list, within
from cmivqa_kit.prediction.types import Ranking

CORPUS = ("a", "b", "c")


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from([1.0, -1.0, 0.0, -math.inf, math.inf])), max_size=9))
def test_videos_in_order_each_once(videos: list[tuple[str, float]]) -> None:
    ranking = in_order(videos)
    best = {name: max(score for other, score in videos if other == name) for name, _ in videos}
    assert [name for name, _ in ranking] == sorted(best, key=lambda name: (-best[name], name))
    assert all(math.isfinite(score) for _, score in ranking)


def test_scores_that_json_could_not_hold_are_numbers() -> None:
    ranking = in_order([("a", np.float32(0.5)), ("b", -np.inf), ("c", np.inf)])
    assert ranking == (("c", MOST), ("a", 0.5), ("b", -MOST))
    assert json.loads(json.dumps(ranking, allow_nan=False)) == [list(one) for one in ranking]
    with pytest.raises(UserError, match="score of video 'b' is no number") as caught:
        in_order([("a", 1.0), ("b", math.nan)])
    assert "give another --retriever" in caught.value.fix


def test_the_videos_of_a_list() -> None:
    def listed(*scores: tuple[str, float]) -> Ranking:
        return of_list(Candidate(name, Span(0, 1), score) for name, score in scores)

    assert listed(("b", 3.0), ("a", 2.0), ("b", 1.0)) == (("b", 3.0), ("a", 2.0))
    assert listed(("b", 2.0), ("a", 2.0), ("c", 1.0)) == (("a", 2.0), ("b", 2.0), ("c", 1.0))  # ties by id
    ranked = (("b", -1.0), ("a", -2.0), ("c", -3.0))
    assert listed(("b", 0.0), ("a", 0.0), ("c", 0.0)) == ranked  # they say nothing
    assert listed(("b", 1.0), ("a", 3.0), ("c", 0.0)) == ranked
    assert listed(("b", 1.0), ("a", math.nan), ("c", 0.0)) == ranked
    assert listed(("b", 7.0)) == (("b", 7.0),)
    assert listed() == ()
    assert by_rank("aabac") == (("a", -1.0), ("b", -2.0), ("c", -3.0))


def test_what_the_corpus_lacks_is_left_out_and_nothing_stands_in_for_it() -> None:
    assert within((("x", 3.0), ("b", 2.0), ("a", 1.0)), CORPUS, 1) == (("b", 2.0),)
    assert within((("x", 3.0),), CORPUS, 2) == within((), CORPUS, 2) == ()
