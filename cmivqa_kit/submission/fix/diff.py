"""What a repair did, in a few lines: by kind, with examples; and two documents compared place by place.

A unified diff says nothing about JSON, which often stands in one line, so places are JSON pointers.
"""

from __future__ import annotations

import json
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator
from typing import Any

from cmivqa_kit.submission.fix.model import GONE, Change, Example, Refusal, Shown, short
from cmivqa_kit.submission.fix.text import too_much
from cmivqa_kit.submission.fix.values import canonical, escaped


def show(changes: Iterable[Change], most: int = 3) -> list[str]:
    """One line per kind of change with its count, and below it up to ``most`` places: ``pointer: before -> after``."""
    lines = []
    for change in changes:
        lines.append(f"{change.code} {change.what} ({change.count})")
        shown = change.examples[:most]
        lines += (_line(example) for example in shown)
        if change.count > len(shown) > 0 and len(change.examples) > most:
            lines.append("  ...")
    return lines


def show_refused(refused: Iterable[Refusal], most: int = 3) -> list[str]:
    """One line per kind of fault that was not mended, with its count and up to ``most`` places."""
    lines = []
    for refusal in refused:
        places = ", ".join(refusal.places[:most]) + (", ..." if refusal.count > most else "")
        lines.append(f"{refusal.code} {refusal.what} ({refusal.count}{': ' + places if places else ''})")
    return lines


def diff(before: str, after: str, most: int) -> list[str]:
    """Up to ``most`` differences of two JSON texts, then a count: ``pointer: before -> after``.

    Pointers are those of ``before``. Items that ``after`` lacks are found in linear time, as long as it holds the
    others in the same order. A text that cannot be read as JSON is said to be so instead.
    """
    documents = []
    for name, text in (("before", before), ("after", after)):
        try:
            if too_much(text):
                return [f"{name}: nested too deeply to be compared"]
            documents.append(json.loads(text))
        except ValueError as error:
            return [f"{name}: no JSON ({error})"]
    found = list(_differences(documents[0], documents[1], ""))
    lines = [_line(example) for example in found[:most]]
    return lines + ([f"  ... and {len(found) - most} more"] if len(found) > most else [])


def _line(example: Example) -> str:
    return f"  {example.pointer or 'file'}: {example.before} -> {example.after}"


def _differences(old: Any, new: Any, place: str) -> Iterator[Example]:
    """At most 32 levels deep: both texts have passed `too_much`."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in old:
            where = f"{place}/{escaped(key)}"
            if key in new:
                yield from _differences(old[key], new[key], where)
            else:
                yield Example(where, short(old[key]), GONE)
        yield from (Example(f"{place}/{escaped(key)}", "(none)", short(new[key])) for key in new if key not in old)
    elif isinstance(old, list) and isinstance(new, list):
        yield from _of_lists(old, new, place)
    elif isinstance(new, list) and isinstance(old, dict) and len(new) == 1:
        yield Example(place, "{...}", "[{...}]")
        yield from _differences(old, new[0], place)
    elif canonical(old) != canonical(new):
        yield Example(place, short(old), short(new))


def _of_lists(old: list[Any], new: list[Any], place: str) -> Iterator[Example]:
    """Item by item; where ``new`` is shorter, what it lacks is passed over."""
    if len(new) == len(old):
        for index, (was, now) in enumerate(zip(old, new, strict=True)):
            yield from _differences(was, now, f"{place}/{index}")
        return
    forms = [canonical(item) for item in old]
    places: dict[str, deque[int]] = defaultdict(deque)
    for index, form in enumerate(forms):
        places[form].append(index)
    at, spare = 0, max(0, len(old) - len(new))
    for item in new:
        where = places[canonical(item)]
        while where and where[0] < at:
            where.popleft()
        skip = where[0] - at if where else 0
        if skip <= spare:
            yield from (Example(f"{place}/{index}", short(old[index]), GONE) for index in range(at, at + skip))
            at, spare = at + skip, spare - skip
        if at < len(old):
            yield from _differences(old[at], item, f"{place}/{at}")
        else:
            yield Example(f"{place}/{at}", Shown("(none)"), short(item))
        at += 1
    yield from (Example(f"{place}/{index}", short(old[index]), GONE) for index in range(at, len(old)))
