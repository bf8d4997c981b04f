"""YAML of plain documents: objects, arrays, texts, numbers and booleans, so that an organizer can edit it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any


def yaml_text(document: Mapping[str, Any]) -> str:
    """A document as YAML in ASCII; every text stands in quotes, so that none is taken for a date or a number."""
    return "\n".join(_lines(document, "")) + "\n"


def _lines(value: Any, indent: str) -> Iterator[str]:
    if isinstance(value, Mapping):
        for key, below in value.items():
            yield from _entry(f"{indent}{key}:", below, f"{indent}  ")
    else:
        for below in value:
            first, *others = _lines(below, f"{indent}  ") if _nested(below) else [f"{indent}  {json.dumps(below)}"]
            yield f"{indent}- {first[len(indent) + 2 :]}"
            yield from others


def _entry(start: str, value: Any, indent: str) -> Iterator[str]:
    if _nested(value) and value:
        yield start
        yield from _lines(value, indent)
    else:
        yield f"{start} {json.dumps(value)}"


def _nested(value: Any) -> bool:
    return isinstance(value, Mapping) or (isinstance(value, Sequence) and not isinstance(value, str))
