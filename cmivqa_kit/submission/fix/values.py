"""JSON in and out: keys that stand twice, the layout of a document, values compared as JSON."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from typing import Any

from cmivqa_kit.data.display import escape_pointer
from cmivqa_kit.submission.fix.model import GONE, Log

_INDENT = re.compile(r"\n( {1,8}|\t{1,4})[^ \t\r\n]")


def parse(text: str, log: Log) -> tuple[bool, Any]:
    """Whether the values of a document may be mended, and the document; ``text`` has passed `text.too_much`.

    Of a key that stands twice with the same value one stays. Where the values differ the document is to be left as it
    is: written again it would lose one of them.

    Raises:
        ValueError: not JSON.
    """
    doubled: list[tuple[str, bool]] = []  # key, and whether its values are equal

    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        plain = dict(items)
        if len(plain) < len(items):
            seen: dict[str, str] = {}
            for key, value in items:
                form = canonical(value)
                if key in seen:
                    doubled.append((key, seen[key] == form))
                seen[key] = form
        return plain

    document = json.loads(text, object_pairs_hook=pairs)
    different = [key for key, equal in doubled if not equal]
    for key in different:
        log.refuse("E107", "an object names a key twice with different values: keep the one you mean", repr(key))
    if different:
        return False, document
    for key, _ in doubled:
        log.change("E107", "keys that stand twice in an object with one value", "", key, GONE)
    return True, document


def dump(document: Any, like: str) -> str:
    """``document`` as JSON in the layout of the text ``like``: its indentation, one item per line, or one line."""
    indent = _INDENT.search(like)
    if indent:
        width = indent[1] if "\t" in indent[1] else len(indent[1])
        text = json.dumps(document, ensure_ascii=False, indent=width)
    elif "\n" in like.strip() and isinstance(document, list) and document:
        text = "[\n" + ",\n".join(json.dumps(row, ensure_ascii=False) for row in document) + "\n]"
    else:
        text = json.dumps(document, ensure_ascii=False)
    # UTF-8 cannot hold a lone surrogate; as an escape it reads as the same text again.
    return text.encode("utf-8", "backslashreplace").decode() + ("\n" if like.endswith("\n") else "")


def canonical(value: Any) -> str:
    """One text for equal values; unlike ``==`` it tells 1, 1.0 and true apart and takes NaN for itself."""
    return json.dumps(value, sort_keys=True)


def endless(value: Any, pointer: str = "") -> Iterator[str]:
    """Pointers of NaN and infinities in ``value``, at most 32 levels deep (`text.too_much`)."""
    if isinstance(value, float):
        if not math.isfinite(value):
            yield pointer
    elif isinstance(value, dict):
        for key, item in value.items():
            if isinstance(item, float | list | dict):
                yield from endless(item, f"{pointer}/{escape_pointer(key)}")
    elif isinstance(value, list):
        for index, item in enumerate(value):
            if isinstance(item, float | list | dict):
                yield from endless(item, f"{pointer}/{index}")
