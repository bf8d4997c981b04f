"""Documents that a stranger's file may hold: near the right form, or anything."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

NUMBERS = st.one_of(st.integers(-3, 200), st.floats(-5, 200), st.just(float("nan")), st.just(1e400), st.just(10**400))
LEAVES = st.one_of(st.none(), st.booleans(), NUMBERS, st.sampled_from(["", "Q1", "Q2", "v", "a b", "\ud800"]))


def values(keys: list[str]) -> st.SearchStrategy[Any]:
    """Any JSON value whose objects mostly have these keys."""
    return st.recursive(
        LEAVES,
        lambda inner: st.one_of(
            st.lists(inner, max_size=4), st.dictionaries(st.sampled_from([*keys, "x"]), inner, max_size=4)
        ),
        max_leaves=12,
    )


def spoiled(document: Any, change: int, value: Any) -> Any:
    """A document with one of its values, the one that ``change`` counts to, replaced."""
    places: list[tuple[Any, Any]] = []

    def walk(node: Any) -> None:
        for key in range(len(node)) if isinstance(node, list) else list(node):
            places.append((node, key))
            if isinstance(node[key], list | dict):
                walk(node[key])

    copy = json.loads(json.dumps(document))
    walk(copy)
    holder, key = places[change % len(places)]
    holder[key] = value
    return copy


def write(path: Path, document: Any) -> Path:
    """Write a document as JSON, NaN and huge numbers too."""
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


def write_lines(path: Path, rows: list[Any]) -> Path:
    """Write rows as JSON Lines."""
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path
