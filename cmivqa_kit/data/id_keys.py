"""Dictionary keys for question ids that anybody may have written.

An integer beyond 2^61 can be chosen so that all have the same hash: then a dictionary or a set of 100,000 compares each
with each. So large ones are keys as text. Wherever ids of a file are keys, it is one of these.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

_PLAIN = 2**60  # integers below it have hashes of their own


def number_key(number: int) -> Hashable:
    """A key for an integer: itself where it is small; equal for equal ones."""
    return number if -_PLAIN < number < _PLAIN else ("number", hex(number))


def plain_key(identity: Any) -> Hashable | None:
    """The key of an id that a question can have (a string or an integer), or ``None``: what strict scoring matches."""
    if isinstance(identity, str):
        return identity
    return number_key(identity) if isinstance(identity, int) and not isinstance(identity, bool) else None
