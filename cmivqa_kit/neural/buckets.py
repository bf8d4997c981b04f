"""Batches of training examples of similar length, within a budget of tokens, padding included.

A batch is padded to its longest row, so examples of similar length share one. Sorting all of them would give the same
batches in every epoch; they are sorted within runs of a few hundred of the shuffled examples only.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Sequence

RUN = 256  # examples that are sorted together


def buckets(sizes: Sequence[tuple[int, int]], budget: int, seed: int, epoch: int) -> tuple[tuple[int, ...], ...]:
    """The batches of an epoch, each example in one of them; they depend on the arguments alone.

    Args:
        sizes: of each example: its rows, and the tokens of the longest.
        budget: most tokens of a batch, rows times longest row; an example larger than that is a batch of its own. 0:
            every example is.
        seed: of the run.
        epoch: from 0.

    Returns:
        Batches of numbers of examples, shuffled.
    """
    order = list(range(len(sizes)))
    random.Random(f"order {seed} {epoch}").shuffle(order)
    if not budget:
        return tuple((number,) for number in order)
    batches = list(_cut(_sorted_runs(order, sizes), sizes, budget))
    random.Random(f"batches {seed} {epoch}").shuffle(batches)
    return tuple(batches)


def _sorted_runs(order: Sequence[int], sizes: Sequence[tuple[int, int]]) -> Iterator[int]:
    """Each run sorted by length, upwards and downwards in turn, so that a batch may reach over the end of a run."""
    for run, begin in enumerate(range(0, len(order), RUN)):
        yield from sorted(order[begin : begin + RUN], key=lambda n: sizes[n][1], reverse=run % 2 == 1)


def _cut(order: Iterable[int], sizes: Sequence[tuple[int, int]], budget: int) -> Iterator[tuple[int, ...]]:
    batch: list[int] = []
    rows, longest = 0, 0
    for number in order:
        more, length = sizes[number]
        if batch and (rows + more) * max(longest, length) > budget:
            yield tuple(batch)
            batch, rows, longest = [], 0, 0
        batch.append(number)
        rows, longest = rows + more, max(longest, length)
    if batch:
        yield tuple(batch)
