"""A metric that only tests have: seconds, lower is better, unbounded above."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from cmivqa_kit.metrics.base import FAMILIES, family
from cmivqa_kit.metrics.ranks_and_ious import RanksAndIous, Values
from cmivqa_kit.metrics.scale import Scale

NAME = "BoundaryError"
SECONDS = Scale("seconds", higher_is_better=False, bounds=(0.0, None))
LENGTH = 20.0  # of every right span in the tests that use this: an overlap then says how far the ends are off


@contextmanager
def boundary_error() -> Iterator[None]:
    """The metric is there, on Track 1, as long as the block runs."""

    @family(NAME, "seconds by which the answer's ends are off", tracks=(1,), position=15, scale=SECONDS)
    def seconds_off(facts: RanksAndIous) -> Values:
        """(n,) seconds; a span inside the right one, or none, is assumed."""
        return np.asarray(LENGTH * (1.0 - facts.best(1)))

    try:
        yield
    finally:
        del FAMILIES[NAME]
