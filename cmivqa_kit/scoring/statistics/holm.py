"""Several tests at once: Holm's step-down correction."""

from __future__ import annotations

from collections.abc import Sequence


def holm(p_values: Sequence[float]) -> list[float]:
    """p-values such that calling all those up to alpha significant errs with a chance of at most alpha in all.

    The smallest of n is multiplied by n, the next by n - 1 and so on; none may fall below one before it, none exceeds
    1. Right whatever the dependence between the tests, which matters here: metrics of one system go together.

    Source: Holm, A Simple Sequentially Rejective Multiple Test Procedure (Scandinavian Journal of Statistics, 1979).
    """
    adjusted = [1.0] * len(p_values)
    largest = 0.0
    for rank, index in enumerate(sorted(range(len(p_values)), key=lambda i: p_values[i])):
        largest = max(largest, min(1.0, (len(p_values) - rank) * p_values[index]))
        adjusted[index] = largest
    return adjusted
