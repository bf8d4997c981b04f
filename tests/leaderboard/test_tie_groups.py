"""Tie groups: who cannot be told from whom, by the paired test that `compare` makes."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from cmivqa_kit.leaderboard.tie_groups import tie_groups
from cmivqa_kit.scoring.statistics.holm import holm
from cmivqa_kit.scoring.statistics.randomization import randomization_test

VIDEOS = [f"v{number // 2}" for number in range(60)]


def values(seed: int, mean: float) -> NDArray[np.float64]:
    return np.clip(np.random.default_rng(seed).normal(mean, 0.2, len(VIDEOS)), 0, 1)


def test_entries_that_differ_by_far_are_groups_of_their_own() -> None:
    groups = tie_groups([values(1, 0.9), values(2, 0.5), values(3, 0.1)], VIDEOS)
    assert groups.groups == (1, 2, 3)
    assert groups.p == (None, None, None)
    assert groups.comparisons == 2 + 1
    assert groups.detectable is not None
    assert 0 < groups.detectable < 0.4


def test_an_entry_is_in_the_group_of_the_first_that_it_cannot_be_told_from() -> None:
    best = values(1, 0.7)
    groups = tie_groups([best, values(2, 0.3), best, values(4, 0.3)], VIDEOS)
    assert groups.groups == (1, 2, 1, 2)
    assert groups.p[2] == 1.0  # the same values: nothing to exchange
    assert groups.comparisons == 3 + 1


def test_the_p_values_are_those_of_the_paired_test_after_holm() -> None:
    entries = [values(1, 0.5), values(2, 0.48), values(3, 0.46)]
    gaps = {str(at): entries[at] - entries[0] for at in (1, 2)}
    tested = randomization_test(gaps, VIDEOS)
    groups = tie_groups(entries, VIDEOS)
    assert groups.groups == (1, 1, 1)
    assert list(groups.p[1:]) == holm([tested["1"].p, tested["2"].p])


def test_none_and_one() -> None:
    assert tie_groups([], VIDEOS).groups == ()
    alone = tie_groups([values(1, 0.5)], VIDEOS)
    assert (alone.groups, alone.comparisons, alone.detectable) == ((1,), 0, None)


def test_a_large_board_draws_enough_exchanges_to_tell_entries_apart() -> None:
    best, worse = np.ones(len(VIDEOS)), np.zeros(len(VIDEOS))
    groups = tie_groups([best, *[worse] * 300], VIDEOS, exchanges=100)
    assert set(groups.groups[1:]) == {2}


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 5), st.sampled_from([0.2, 0.5, 0.8])), max_size=6))
def test_groups_are_numbered_in_order_and_the_first_of_each_has_no_p_value(made: list[tuple[int, float]]) -> None:
    groups = tie_groups([values(*one) for one in made], VIDEOS, exchanges=200)
    firsts = [at for at, number in enumerate(groups.groups) if number not in groups.groups[:at]]
    assert [groups.groups[at] for at in firsts] == list(range(1, len(firsts) + 1))
    assert [at for at, p in enumerate(groups.p) if p is None] == firsts
    assert all(p is None or p > 0.05 for p in groups.p)
    same = {}
    for one, number in zip(made, groups.groups, strict=True):
        assert same.setdefault(one, number) == number  # equal values are of one group
