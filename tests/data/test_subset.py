"""A fixed part of something, drawn by a seed."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cmivqa_kit.data.subset import subset


@given(st.lists(st.integers(), max_size=30, unique=True), st.integers(0, 40), st.integers(0, 5))
def test_a_part_in_order(items: list[int], most: int, seed: int) -> None:
    found = subset(items, most, f"x {seed}")
    assert len(found) == (min(most, len(items)) if most else len(items))
    assert list(found) == [item for item in items if item in found]
    assert found == subset(items, most, f"x {seed}")


def test_the_draw_is_the_one_that_runs_were_made_with() -> None:
    """Which questions a seed draws decides figures that are written down; it must not change."""
    assert subset(range(20), 5, "sample 0") == (0, 9, 13, 16, 19)
    assert subset(range(20), 5, "dev 0") == (1, 10, 12, 13, 14)
