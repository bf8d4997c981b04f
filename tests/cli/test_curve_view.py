"""Curves on the terminal."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cmivqa_kit.cli.curve_view import BLOCKS, PLAIN, curve

POINTS = st.dictionaries(
    st.integers(0, 2**53), st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=30
).map(lambda made: sorted(made.items()))


def test_a_curve_that_rises() -> None:
    assert curve([(1, 0.0), (4, 3.0)], 9, plain=True, height=2) == ["3     .:#", "0  .:####", "   step 1 to 4"]


def test_one_point_and_a_flat_curve() -> None:
    assert curve([(5, 2.0)], 40, height=1) == ["2  ▅", "   step 5"]
    flat = curve([(0, 2.0), (9, 2.0)], 40)
    assert len({len(line) for line in flat[3:6]}) == 1


@given(POINTS, st.integers(1, 200), st.booleans())
def test_it_fits_and_has_a_mark_in_every_column(points: list[tuple[int, float]], width: int, plain: bool) -> None:
    *rows, steps = curve(points, width, plain)
    allowed = set(PLAIN if plain else BLOCKS)
    margin = max(len(row.partition("  ")[0]) for row in rows if not row.startswith(" "))
    cells = [row[margin + 2 :] for row in rows]
    assert set("".join(cells)) <= allowed
    assert all(len(row) <= max(width, margin + 3) for row in rows)
    assert " " not in cells[-1]
    assert str(points[0][0]) in steps
