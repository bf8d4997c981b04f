"""How long answers usually are: what is learnt of training answers, and how likely it makes a length."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

from cmivqa_kit.data.span import Span
from cmivqa_kit.data.types import Question, Split
from cmivqa_kit.data.usual_span import ANSWERS, LEAST_SPREAD, UsualLength, usual_length
from tests.baselines.corpora import clinic

EMPTY = replace(clinic(videos=1), questions=())


def asked(lengths: list[float]) -> Split:
    """Questions whose answers have these lengths."""
    questions = [Question(n, "how?", None, "v00", Span(5.0, 5.0 + length)) for n, length in enumerate(lengths)]
    return replace(EMPTY, questions=tuple(questions))


@given(st.floats(0.0, 5.0), st.floats(0.2, 2.0), st.lists(st.floats(0.1, 500.0), min_size=1, max_size=9))
def test_lengths_are_as_likely_as_a_normal_distribution_of_their_logs_makes_them(
    mean: float, spread: float, seconds: list[float]
) -> None:
    logs = UsualLength(mean, spread).logs(np.array(seconds))
    expected = norm.logpdf(np.log(seconds), mean, spread) - norm.logpdf(mean, mean, spread)
    assert logs == pytest.approx(expected, abs=1e-9)


def test_the_distribution_is_that_of_the_answers() -> None:
    lengths = np.exp(np.random.default_rng(0).normal(3.0, 0.5, 4000)).tolist()
    learnt = usual_length(asked(lengths))
    assert learnt is not None
    assert learnt.log_mean == pytest.approx(3.0, abs=0.03)
    assert learnt.log_spread == pytest.approx(0.5, abs=0.03)


def test_few_answers_say_nothing_and_alike_ones_forbid_nothing() -> None:
    assert usual_length(EMPTY) is None
    assert usual_length(asked([20.0] * (ANSWERS - 1))) is None
    assert usual_length(asked([20.0] * ANSWERS)) == UsualLength(round(math.log(20.0), 4), LEAST_SPREAD)


@pytest.mark.parametrize(("mean", "spread"), [(3.0, 0.0), (3.0, -1.0), (math.nan, 1.0), (3.0, math.inf), (1e9, 1.0)])
def test_what_is_no_distribution_is_refused(mean: float, spread: float) -> None:
    with pytest.raises(ValueError, match="no distribution of lengths"):
        UsualLength(mean, spread)


def test_answers_that_are_no_spans_are_left_out() -> None:
    split = asked([20.0] * ANSWERS)
    broken = [Question("x", "how?", None, "v00", Span(9.0, 3.0)), Question("y", "how?", None, "v00", None)]
    assert usual_length(replace(split, questions=(*split.questions, *broken))) == usual_length(split)
