"""Batches by length: every example once, within the budget, the same for the same seed and epoch."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from cmivqa_kit.neural.buckets import buckets

SIZES = st.lists(st.tuples(st.integers(1, 3), st.integers(1, 60)), max_size=80)


def padded(batch: tuple[int, ...], sizes: list[tuple[int, int]]) -> int:
    return sum(sizes[n][0] for n in batch) * max(sizes[n][1] for n in batch)


@given(SIZES, st.integers(0, 400), st.integers(0, 3), st.integers(0, 3))
def test_every_example_once_and_within_the_budget(
    sizes: list[tuple[int, int]], budget: int, seed: int, epoch: int
) -> None:
    found = buckets(sizes, budget, seed, epoch)
    assert sorted(number for batch in found for number in batch) == list(range(len(sizes)))
    assert all(padded(batch, sizes) <= budget for batch in found if len(batch) > 1)
    assert found == buckets(sizes, budget, seed, epoch)
    if not budget:
        assert all(len(batch) == 1 for batch in found)


def test_similar_lengths_share_a_batch_and_epochs_differ() -> None:
    draw = random.Random(0)
    sizes = [(2, draw.randint(50, 1000)) for _ in range(600)]
    first, second = buckets(sizes, 4096, 1, 0), buckets(sizes, 4096, 1, 1)
    assert {frozenset(batch) for batch in first} != {frozenset(batch) for batch in second}
    assert first != buckets(sizes, 4096, 2, 0)
    real = sum(rows * length for rows, length in sizes)
    assert real / sum(padded(batch, sizes) for batch in first) > 0.95
    lengths = [sizes[batch[0]][1] for batch in first]
    assert lengths != sorted(lengths)  # the batches themselves come in no order
