"""What an item violates of its JSON Schema: the few keywords that the schemas of submissions use, walked in order.

The same errors as of `jsonschema`, which tests hold it against, in a hundredth of its time: a file may have a fault in
every one of its items. One thing is stricter than JSON Schema, for which 1.0 is an integer: an id stands as in the
questions file, so 1.0 is none.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from cmivqa_kit.data.numbers import is_number

Path = tuple[Any, ...]  # keys and indices from the item on


@dataclass(frozen=True, slots=True)
class Violation:
    """A value that violates a keyword (``validator``) of its schema, whose value is ``validator_value``."""

    validator: str
    validator_value: Any
    instance: Any
    schema: Mapping[str, Any]


_TYPES: dict[str, Callable[[Any], bool]] = {
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "integer": lambda value: type(value) is int,
    "number": is_number,
}
# keyword -> whether a value of the type that it is about violates it
_KEYWORDS: dict[str, Callable[[Any, Any], bool]] = {
    "type": lambda value, names: (
        not any(_TYPES[name](value) for name in ([names] if isinstance(names, str) else names))
    ),
    "enum": lambda value, allowed: value not in allowed,
    "pattern": lambda value, pattern: isinstance(value, str) and re.search(pattern, value) is None,
    "minLength": lambda value, least: isinstance(value, str) and len(value) < least,
    "minimum": lambda value, least: is_number(value) and value < least,
    "minItems": lambda value, least: isinstance(value, list) and len(value) < least,
}
_SAYS_NOTHING = frozenset({"description", "title"})


def violations(value: Any, schema: Mapping[str, Any], path: Path = ()) -> Iterator[tuple[Path, Violation]]:
    """Everything that ``value`` violates, with the path to it, in the order of the schema.

    Raises:
        KeyError: the schema has a keyword or a type that is not known here.
    """
    for keyword, wanted in schema.items():
        if keyword in _SAYS_NOTHING:
            continue
        if keyword == "properties":
            for name, inner in wanted.items() if isinstance(value, dict) else ():
                if name in value:
                    yield from violations(value[name], inner, (*path, name))
        elif keyword == "required":
            for name in wanted if isinstance(value, dict) else ():
                if name not in value:
                    yield path, Violation(keyword, wanted, value, schema)
        elif keyword == "items":
            for index, element in enumerate(value if isinstance(value, list) else ()):
                yield from violations(element, wanted, (*path, index))
        elif keyword == "prefixItems":
            for index, (element, inner) in enumerate(
                zip(value if isinstance(value, list) else (), wanted, strict=False)
            ):
                yield from violations(element, inner, (*path, index))
        elif _KEYWORDS[keyword](value, wanted):
            yield path, Violation(keyword, wanted, value, schema)
