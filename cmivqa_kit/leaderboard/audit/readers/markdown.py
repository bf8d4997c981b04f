"""Tables of Markdown (GitHub's pipes), any number of them between prose."""

from __future__ import annotations

import re
from collections.abc import Sequence

from cmivqa_kit.leaderboard.audit.readers.registry import reader
from cmivqa_kit.leaderboard.audit.tables import CELLS_MOST, RawTable, TableRow

_RULE = re.compile(r"\s*\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)*\|?\s*")
_BAR = re.compile(r"(?<!\\)\|")
_FENCE = re.compile(r"\s*(```|~~~)")
_LINK = re.compile(r"\[([^\]\[]{0,300})\]\([^()\s]{0,1000}\)")
_TAG = re.compile(r"</?[a-zA-Z][^<>]{0,200}>")


def _is_rule(line: str) -> bool:
    return "|" in line and len(line) < 10_000 and _RULE.fullmatch(line) is not None


@reader("Markdown", (".md", ".markdown"), lambda text: any(map(_is_rule, text.splitlines())), position=20)
def read(text: str) -> Sequence[RawTable]:
    """The tables; the title of each is the last heading or line of prose before it.

    Raises:
        ValueError: there are too many cells.
    """
    lines = text.splitlines()
    tables: list[RawTable] = []
    title = ""
    number = cells = 0
    fenced = False
    while number < len(lines):
        if _FENCE.match(lines[number]):
            fenced = not fenced
        if not fenced and number + 1 < len(lines) and "|" in lines[number] and _is_rule(lines[number + 1]):
            rows = [TableRow(number + 1, _cells(lines[number]))]
            width = len(_cells(lines[number + 1]))
            number += 2
            while number < len(lines) and "|" in lines[number]:
                rows.append(TableRow(number + 1, _cells(lines[number])))
                cells += len(rows[-1].cells)
                number += 1
            if cells > CELLS_MOST:
                raise ValueError(f"more than {CELLS_MOST:,} cells")
            tables.append(RawTable(title, tuple(rows), width))
            title = ""
            continue
        title = lines[number].strip("# \t*:") or title
        number += 1
    return tables


def _cells(line: str) -> tuple[str, ...]:
    bare = line.strip().removeprefix("|")
    if bare.endswith("|") and not bare.endswith("\\|"):
        bare = bare[:-1]
    return tuple(_TAG.sub("", _LINK.sub(r"\1", cell.replace("\\|", "|"))).strip() for cell in _BAR.split(bare))
