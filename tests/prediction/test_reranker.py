"""Lists in another order: standardised scores, their weight, ties; and who may re-rank."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmivqa_kit.data.features import SplitFeatures
from cmivqa_kit.data.span import Span
from cmivqa_kit.data.types import Question, Split
from cmivqa_kit.errors import UserError
from cmivqa_kit.plugin.registry import find_declaration
from cmivqa_kit.plugin.types import Candidate, Prediction
from cmivqa_kit.prediction.reranker import reordered, require_reranking, reranked_lists, standardised

SCORES = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=8)


def listed(*scores: float) -> Prediction:
    return Prediction(7, tuple(Candidate(f"v{at}", Span(at, at + 1.0), score) for at, score in enumerate(scores)))


def names(prediction: Prediction) -> list[str]:
    return [candidate.video_id for candidate in prediction.candidates]


def test_new_scores_order_the_list_and_nothing_else_of_it_changes() -> None:
    before = listed(-1, -2, -3)
    after = reordered(before, [0.1, 5.0, 0.2])
    assert names(after) == ["v1", "v2", "v0"]
    assert {c.video_id: c.span for c in after.candidates} == {c.video_id: c.span for c in before.candidates}


def test_the_weight_goes_from_the_order_of_before_to_the_new_one() -> None:
    before = listed(-1, -2, -3)
    new = [-1.0, -3.0, 10.0]
    assert [names(reordered(before, new, alpha)) for alpha in (0.0, 0.4, 1.0)] == [
        ["v0", "v1", "v2"], ["v0", "v2", "v1"], ["v2", "v0", "v1"],
    ]  # fmt: skip


def test_equal_scores_keep_the_order_of_before() -> None:
    assert names(reordered(listed(-1, -2, -3), [0.1, 0.1, 0.1])) == ["v0", "v1", "v2"]
    assert standardised([0.1] * 3).tolist() == [0, 0, 0]
    assert standardised([]).tolist() == []
    for far in (1e300, 5e-324):
        np.testing.assert_allclose(standardised([far, 0.0]), [1, -1])


@given(SCORES)
def test_standardised_scores_have_mean_0_and_deviation_1(scores: list[float]) -> None:
    values = standardised(scores)
    if len(set(scores)) > 1 and max(scores) - min(scores) > 1e-3:
        np.testing.assert_allclose([values.mean(), values.std()], [0, 1], atol=1e-6)
    assert np.isfinite(values).all()


class Fixed:
    """Gives what it was made with."""

    def __init__(self, *scores: float) -> None:
        self.given = scores

    def scores(self, question: Question, candidates: Sequence[Candidate]) -> Sequence[float]:
        return self.given


def test_a_reranker_gives_one_finite_score_for_each_candidate() -> None:
    split = Split("dev", (Question(7, "q"),), {}, SplitFeatures.of({}))
    (made,) = reranked_lists(Fixed(1.0, 2.0), split, [listed(-1, -2)])
    assert names(made) == ["v1", "v0"]
    for scores in ((1.0,), (1.0, float("nan")), (1.0, 2.0, 3.0)):
        with pytest.raises(UserError, match="no finite score"):
            list(reranked_lists(Fixed(*scores), split, [listed(-1, -2)]))


def test_a_baseline_that_does_not_re_rank_is_refused() -> None:
    with pytest.raises(UserError, match="bm25 does not re-rank lists\nThose that do: q2a"):
        require_reranking(find_declaration("bm25"), ["q2a"])
    require_reranking(find_declaration("q2a"), [])
