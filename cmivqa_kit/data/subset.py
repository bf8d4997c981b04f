"""A fixed part of something, drawn once by a seed: the same for every system, in the order of the whole."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


def subset(items: Sequence[T], most: int, seed: str) -> tuple[T, ...]:
    """At most ``most`` (0: all) of ``items``, in their order; which ones depends on ``seed`` and their number alone."""
    if not most or len(items) <= most:
        return tuple(items)
    return tuple(items[n] for n in sorted(random.Random(seed).sample(range(len(items)), most)))
