"""A curve on the terminal: block characters, or ASCII where the console has none."""

from __future__ import annotations

from collections.abc import Sequence

BLOCKS, PLAIN = " ▁▂▃▄▅▆▇█", " .:#"  # from an empty to a full cell
HEIGHT = 6  # rows of a curve
WIDEST = 72  # columns


def curve(points: Sequence[tuple[int, float]], width: int, plain: bool = False, height: int = HEIGHT) -> list[str]:
    """A curve of (optimizer step, finite value) points, one at least, as lines of at most ``width`` columns.

    The highest and the lowest value stand at the left, the first and the last step below. A column shows the mean of
    the points that fall into it; between such columns the curve is a straight line.
    """
    values = [value for _, value in points]
    low, high = min(values), max(values)
    labels = [f"{value:.4g}" for value in (high, low)]
    margin = max(map(len, labels))
    columns = _columns(points, max(1, min(width - margin - 2, WIDEST)))
    cells = PLAIN if plain else BLOCKS
    full = len(cells) - 1
    # Between them a curve rises from the lowest cell to the top; one that is flat stands in the middle.
    levels = [1 + round(_share(value, low, high) * (full * height - 1)) for value in columns]
    lines = []
    for row in range(height):
        label = labels[0] if row == 0 else labels[1] if row == height - 1 and high > low else ""
        filled = (min(max(level - full * (height - 1 - row), 0), full) for level in levels)
        lines.append(f"{label:>{margin}}  {''.join(cells[level] for level in filled)}".rstrip())
    first, last = f"step {points[0][0]}", str(points[-1][0])
    between = len(columns) - len(first) - len(last)
    steps = f"{first}{' ' * between}{last}" if between > 0 else f"{first} to {last}"
    return [*lines, f"{'':>{margin}}  {steps if len(points) > 1 else first}"]


def _columns(points: Sequence[tuple[int, float]], width: int) -> list[float]:
    """The value of every column from the first to the last step."""
    import numpy as np

    first, last = points[0][0], points[-1][0]
    if last == first:
        return [points[-1][1]]
    per_column: dict[int, list[float]] = {}
    for step, value in points:
        per_column.setdefault((step - first) * (width - 1) // (last - first), []).append(value)
    means = [sum(value / len(values) for value in values) for values in per_column.values()]
    with np.errstate(over="ignore", invalid="ignore"):
        drawn = np.interp(np.arange(width), list(per_column), means)
    return [float(value) for value in np.nan_to_num(drawn)]


def _share(value: float, low: float, high: float) -> float:
    """Where a value lies between two, 0 to 1, without an overflow between the largest floats."""
    return 0.5 if high <= low else min(max((value / 2 - low / 2) / (high / 2 - low / 2), 0.0), 1.0)
