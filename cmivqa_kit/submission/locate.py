"""From a JSON pointer to its line and column, and what `json.loads` keeps quiet about: repeated keys, NaN, overflow.

Only for text that `json.loads` has read and that `cmivqa_kit.submission.scan` found shallow. Items in which nothing is
wanted are skipped with the C scanner of `json`, so that the few places shown of a large file cost about one more parse.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Sequence, Set
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from cmivqa_kit.data.display import escape_pointer
from cmivqa_kit.submission.findings import Finding, brief
from cmivqa_kit.submission.scan import line_columns

if TYPE_CHECKING:
    from cmivqa_kit.submission.read import Source

_SPACE = re.compile(r"[ \t\n\r]*+")
_ODD = re.compile(r"NaN|Infinity|[0-9.][eE]")  # also inside strings: then looking closely finds nothing
_scan: Any = json.JSONDecoder().scan_once  # type: ignore[attr-defined]
_string: Any = json.decoder.scanstring  # type: ignore[attr-defined]
_HERE = ""  # in a tree of wanted pointers: this node is one


@dataclass(frozen=True, slots=True)
class Flaw:
    """A repeated key or a number that is not finite, E107 or E106, with the pointer and the offset."""

    code: str
    path: str
    offset: int
    message: str


def pointer(parts: Sequence[Any]) -> str:
    """RFC 6901 pointer of a path into a document."""
    return "".join("/" + escape_pointer(str(part)) for part in parts)


def placed(findings: Iterable[Finding], source: Source | None) -> list[Finding]:
    """The findings with line and column, where they have a pointer and the bytes of the file are at hand."""
    listed = list(findings)
    wanted = {finding.path for finding in listed if finding.line is None and finding.path}
    if source is None or not wanted:
        return listed
    text, offsets = _within(source, wanted)
    found = line_columns(text, offsets.values())

    def located(finding: Finding) -> Finding:
        if finding.line is not None or finding.path not in offsets:
            return finding
        line, column = found[offsets[finding.path]]
        return replace(finding, line=line, column=column)

    return [located(finding) for finding in listed]


def _within(source: Source, wanted: Set[str]) -> tuple[str, dict[str, int]]:
    """A text in which the wanted pointers lead to something, and where: the beginning of the file if that suffices."""
    text = source.beginning
    with suppress(IndexError, StopIteration, ValueError):  # cut off in the middle of something
        offsets = offsets_of(text, wanted)
        if len(offsets) == len(wanted):
            return text, offsets
    text = source.text or ""
    return text, offsets_of(text, wanted) if text else {}


def offsets_of(text: str, pointers: Iterable[str]) -> dict[str, int]:
    """Where the value of each pointer begins; pointers to nothing are left out."""
    tree: dict[str, Any] = {}
    for one in pointers:
        node = tree
        for part in one.split("/")[1:]:
            node = node.setdefault("=" + part.replace("~1", "/").replace("~0", "~"), {})
        node[_HERE] = one
    offsets: dict[str, int] = {}
    _seek(text, _space(text, 0), tree, offsets, top=True)
    return offsets


def flaws(text: str, repeated: bool, infinite: bool) -> list[Flaw]:
    """Repeated keys (if there may be any) and numbers that are not finite (likewise) in the items of an array."""
    faults: list[Flaw] = []
    at = _space(text, 0)
    if not (repeated or infinite) or text[at] != "[":
        return faults
    seen: list[bool] = []

    def hook(pairs: list[tuple[str, Any]]) -> None:
        if len({key for key, _ in pairs}) < len(pairs):
            seen.append(True)

    skip: Any = json.JSONDecoder(object_pairs_hook=hook).scan_once  # type: ignore[attr-defined]
    index, at = 0, _space(text, at + 1)
    while text[at] != "]":
        seen.clear()
        _, end = skip(text, at)
        if seen or (infinite and _ODD.search(text, at, end)):
            _look(text, at, [index], faults)
        at = _space(text, end)
        if text[at] == ",":
            at = _space(text, at + 1)
        index += 1
    return faults


def _space(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    return match.end() if match else at


def _seek(text: str, at: int, tree: dict[str, Any], offsets: dict[str, int], top: bool = False) -> int:
    """Note where the wanted values inside the value at ``at`` begin; its end (at the ``top``: the last one's)."""
    inside = len(tree)
    if _HERE in tree:
        offsets[tree[_HERE]] = at
        inside -= 1
    if not inside or text[at] not in "[{":
        return int(_scan(text, at)[1])
    closing, index, left = "]" if text[at] == "[" else "}", 0, inside
    at = _space(text, at + 1)
    while text[at] != closing:
        key = str(index)
        if closing == "}":
            key, at = _string(text, at + 1, True)
            at = _space(text, _space(text, at) + 1)  # over the colon
        below = tree.get("=" + key)
        if below is None:
            at = _scan(text, at)[1]
        else:
            at = _seek(text, at, below, offsets)
            left -= 1
            if top and closing == "]" and not left:
                return at
        at = _space(text, at)
        if text[at] == ",":
            at = _space(text, at + 1)
        index += 1
    return at + 1


def _look(text: str, at: int, parts: list[Any], faults: list[Flaw]) -> int:
    """Add the flaws of the value at ``at``; its end."""
    if text[at] not in "[{":
        value, end = _scan(text, at)
        if type(value) is float and not math.isfinite(value):
            faults.append(Flaw("E106", pointer(parts), at, f"{brief(text[at:end])} is not a finite number"))
        return int(end)
    closing, index = "]" if text[at] == "[" else "}", 0
    keys: set[str] = set()
    at = _space(text, at + 1)
    while text[at] != closing:
        key: Any = index
        if closing == "}":
            begin = at
            key, at = _string(text, at + 1, True)
            if key in keys:
                message = f"{brief(json.dumps(key, ensure_ascii=False))} stands twice; the last one counts"
                faults.append(Flaw("E107", pointer([*parts, key]), begin, message))
            keys.add(key)
            at = _space(text, _space(text, at) + 1)
        at = _space(text, _look(text, at, [*parts, key], faults))
        if text[at] == ",":
            at = _space(text, at + 1)
        index += 1
    return at + 1
