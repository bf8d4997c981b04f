"""The words that schemas are written in: a JSON Schema (2020-12) for each kind of value, with its meaning and unit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Schema = dict[str, Any]


def text(meaning: str, *, null: bool = False, choices: tuple[str, ...] = ()) -> Schema:
    """A text; one of ``choices`` where there are any."""
    schema = _schema("string", meaning, null)
    if choices:
        schema["enum"] = [*choices, *([None] if null else [])]
    return schema


def number(meaning: str, unit: str = "", *, null: bool = False, low: float | None = None) -> Schema:
    """A number in a unit, not below ``low``."""
    return _bounded(_schema("number", meaning, null), unit, low)


def integer(meaning: str, unit: str = "", *, null: bool = False, low: int | None = 0) -> Schema:
    """A whole number in a unit, by default a count: not negative."""
    return _bounded(_schema("integer", meaning, null), unit, low)


def flag(meaning: str) -> Schema:
    """True or false."""
    return _schema("boolean", meaning, False)


def track(meaning: str = "track") -> Schema:
    """The number of a track."""
    return {"type": "integer", "enum": [1, 2, 3], "description": meaning}


def measure(meaning: str) -> Schema:
    """The value of a metric: ``null`` for NaN, ``"Infinity"`` or ``"-Infinity"`` with a degenerate ground truth."""
    schema: Schema = {"type": ["number", "string", "null"], "pattern": "^-?Infinity$", "description": meaning}
    return {**schema, "unit": "unit of the metric"}


def identity(meaning: str) -> Schema:
    """The id of a question: as in the file, an integer or a text; anything else is shown as text."""
    return {"type": ["integer", "string", "number", "null"], "description": meaning}


def anything(meaning: str) -> Schema:
    """A value of which nothing more is promised."""
    return {"description": meaning}


def listing(meaning: str, items: Schema, *, null: bool = False, length: int | None = None) -> Schema:
    """An array of ``items``, exactly ``length`` where that is given."""
    schema = {**_schema("array", meaning, null), "items": items}
    return schema if length is None else {**schema, "minItems": length, "maxItems": length}


def mapping(meaning: str, values: Schema, *, null: bool = False) -> Schema:
    """An object whose keys are names from the data; each holds ``values``."""
    return {**_schema("object", meaning, null), "additionalProperties": values}


def record(meaning: str, keys: Mapping[str, Schema], *, null: bool = False, optional: tuple[str, ...] = ()) -> Schema:
    """An object with exactly these keys, of which only the ``optional`` ones may be missing."""
    return {
        **_schema("object", meaning, null),
        "properties": dict(keys),
        "required": [name for name in keys if name not in optional],
        "additionalProperties": False,
    }


def _schema(kind: str, meaning: str, null: bool) -> Schema:
    return {"type": [kind, "null"] if null else kind, "description": meaning}


def _bounded(schema: Schema, unit: str, low: float | None) -> Schema:
    bounds = {} if low is None else {"minimum": low}
    return {**schema, **bounds, **({"unit": unit} if unit else {})}
