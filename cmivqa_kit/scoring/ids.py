"""Question ids: keys that are equal exactly where the official program finds ids equal, and text that is safe to show.

The program compares ids with ``==``, one by one. A dictionary does the same in constant time per id, but not of ids as
they stand: one NaN object would match itself, arrays and objects have no hash, and integers beyond 2^61 can be chosen
so that all have the same hash. Source: docs/spec/scoring.md, Q18 and section 3.1.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from typing import Any

from cmivqa_kit.data.display import short_repr
from cmivqa_kit.data.id_keys import number_key


class _Never:
    """The key of an id that equals no id, not even itself: NaN."""


NEVER = _Never()


def key(identity: Any) -> Hashable:
    """A dictionary key for an id; two ids have equal keys where ``==`` says that they are equal.

    So 1, 1.0 and true are one key, "1" is another, and [1] and [1.0] are one too. `NEVER` for NaN.
    """
    kind = type(identity)
    if kind is str or identity is None:
        return identity  # type: ignore[no-any-return]
    if isinstance(identity, int | float):
        if isinstance(identity, int):
            return number_key(identity)
        if identity != identity:
            return NEVER
        return number_key(int(identity)) if identity.is_integer() else identity
    if isinstance(identity, list | dict):
        return "tree", _spell(identity)
    try:
        hash(identity)
    except TypeError:  # nothing that JSON has
        return "object", id(identity)
    return identity  # type: ignore[no-any-return]


def finder(predictions: Iterable[Any]) -> Callable[[Any], Any]:
    """A function from an id to the last prediction with an equal id, or ``None``.

    Raises:
        TypeError, LookupError: an item is no object or has no id, as in the official program.
        RecursionError: an id contains itself.
    """
    by_id: dict[Hashable, Any] = {}
    for item in predictions:
        identity = item["id"]
        by_id[identity if type(identity) is str else key(identity)] = item
    by_id.pop(NEVER, None)

    def find(identity: Any) -> Any:
        return by_id.get(identity if type(identity) is str else key(identity))

    return find


def json_safe(value: Any) -> Any:
    """A value as strict JSON can hold it: NaN is ``None``, infinities are texts, anything nested is shown as text."""
    if isinstance(value, float) and not math.isfinite(value):
        return None if value != value else f"{'-' * (value < 0)}Infinity"
    if value is None or isinstance(value, str | float):
        return value
    if isinstance(value, int):
        return value if -(10**100) < value < 10**100 else short_repr(value)
    return short_repr(value)


@dataclass(frozen=True, slots=True)
class _Leave:
    """A mark for the end of a container."""

    container: int


def _spell(tree: Any) -> str:
    """A text for nested arrays and objects, the same for equal ones; linear in their size, without recursion.

    NaN within is equal to itself only where it is the same object, as in Python's comparison of lists.

    Raises:
        RecursionError: it contains itself, which nothing read from a file does.
    """
    pieces: list[str] = []
    todo: list[Any] = [tree]
    around: set[int] = set()  # the containers that the one at hand is in
    while todo:
        one = todo.pop()
        if isinstance(one, _Leave):
            around.remove(one.container)
            continue
        if isinstance(one, list | dict):
            if id(one) in around:
                raise RecursionError("an id contains itself")
            around.add(id(one))
            todo.append(_Leave(id(one)))
        if isinstance(one, list):
            pieces.append(f"[{len(one)}:")
            todo += reversed(one)
        elif isinstance(one, dict):
            pieces.append(f"{{{len(one)}:")
            for name in sorted(one, key=lambda name: (type(name).__name__, name), reverse=True):
                todo += (one[name], name)
        elif isinstance(one, str):
            pieces.append(f"'{len(one)}:{one}")
        elif isinstance(one, int | float):
            pieces.append(_spell_number(one))
        else:
            pieces.append("null;" if one is None else f"object {id(one)};")
    return "".join(pieces)


def _spell_number(number: float) -> str:
    if number != number:
        return f"nan {id(number)};"
    if number in (math.inf, -math.inf) or number != int(number):
        return f"{float(number).hex()};"
    return f"{int(number):x};"
