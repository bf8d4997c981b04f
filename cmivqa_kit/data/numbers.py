"""What counts as a number, a finite one, and a span, in a document that may hold anything.

True and false are no numbers. In JSON every number is an ``int`` or a ``float``; Python objects handed to `score` may
hold NumPy's as well, hence `Real`.
"""

from __future__ import annotations

import math
from numbers import Real
from typing import Any


def is_number(value: Any) -> bool:
    """A number, NaN and infinities among them: Python's JSON reader takes them for numbers too."""
    return isinstance(value, Real) and not isinstance(value, bool)


def is_finite(value: Any) -> bool:
    """A number that is finite as a double."""
    if type(value) is float:  # nearly all are
        return math.isfinite(value)
    if isinstance(value, bool) or not isinstance(value, Real):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:
        return False


def is_span(start: Any, end: Any) -> bool:
    """Two finite numbers with 0 <= start < end."""
    return is_finite(start) and is_finite(end) and bool(0 <= start < end)
