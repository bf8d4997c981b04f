"""Late interaction: against loops over tokens, weights of rare tokens, runs and questions without any."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from cmivqa_kit.neural.late_interaction import TokenIdf, late_interaction


def unit(count: int, seed: int) -> torch.Tensor:
    rows = torch.randn(count, 5, generator=torch.Generator().manual_seed(seed))
    return torch.nn.functional.normalize(rows, dim=1)


@given(st.lists(st.integers(0, 4), max_size=5), st.lists(st.integers(0, 3), max_size=3), st.integers(0, 9))
def test_every_token_of_a_question_finds_its_nearest(runs: list[int], asked: list[int], seed: int) -> None:
    said, questions = unit(sum(runs), seed), unit(sum(asked), seed + 1)
    idf = TokenIdf({number: number for number in range(4)}, 6)
    ids = [tuple((number * 3 + n) % 5 for n in range(count)) for number, count in enumerate(asked)]
    scores = late_interaction(said, torch.tensor(runs, dtype=torch.int64), questions, idf.weights(ids))
    assert scores.shape == (len(asked), len(runs))
    first = 0
    for number, own in enumerate(ids):
        total, begin = sum(idf(token) for token in own), 0
        for run, count in enumerate(runs):
            expected = sum(
                idf(token) / total * max([0.0, *(said[begin : begin + count] @ questions[first + n]).tolist()])
                for n, token in enumerate(own)
            )
            assert scores[number, run].item() == pytest.approx(expected, abs=1e-5)
            begin += count
        first += len(own)


def test_a_token_weighs_as_much_as_it_is_rare() -> None:
    idf = TokenIdf.of([[(1, 2), (2,)], [(2, 3)], []])
    assert idf.having == {1: 1, 2: 2, 3: 1}
    assert idf.passages == 3
    assert idf(2) < idf(1) == idf(3) < idf(9)
    assert idf(9) == pytest.approx(math.log(1 + 3.5 / 0.5))
    weights = idf.weights([(1, 2), (), (9,)])
    assert weights.sum(dim=1).tolist() == pytest.approx([1, 0, 1])
    assert weights[0, 2] == weights[2, 0] == 0


def test_an_encoder_learns_through_it() -> None:
    """The loss reaches the tokens that are nearest, and no others."""
    said = unit(4, 1).requires_grad_()
    asked = said.detach()[1:2] * 1.0
    late_interaction(said, torch.tensor([4]), asked, torch.ones(1, 1)).sum().backward()
    assert said.grad is not None
    assert said.grad.abs().sum(dim=1).gt(0).tolist() == [False, True, False, False]
