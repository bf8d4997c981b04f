"""Times: written as text, not finite, reversed. In Track 2 times are never read, and left as they are."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from cmivqa_kit.data.folding import nfkc
from cmivqa_kit.data.numbers import is_finite
from cmivqa_kit.submission.fix.model import Context, Log, repair

_CLOCK = re.compile(r"(?:(?P<hours>[0-9]{1,2}):(?P<minutes>[0-5]?[0-9])|(?P<only>[0-9]{1,3})):"
                    r"(?P<seconds>[0-5][0-9](?:[.,][0-9]{1,20})?)")  # fmt: skip
_PLAIN = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,20})?")
Times = tuple[Any, Any]


@repair("document", "E301", says='times as text ("12.5", "1:05", "0:01:05") become seconds')
def seconds(rows: list[Any], context: Context, log: Log) -> list[Any]:
    """Turn times that are text into numbers, where the text can be read in one way only."""

    def mend(times: Times, pointers: tuple[str, str]) -> Times:
        return _number(times[0], pointers[0], log), _number(times[1], pointers[1], log)

    return _each_span(rows, context, mend)


@repair("document", "E304", says="reversed spans are swapped")
def in_order(rows: list[Any], context: Context, log: Log) -> list[Any]:
    """Swap start and end where the end comes first; negative times are left alone."""

    def mend(times: Times, pointers: tuple[str, str]) -> Times:
        start, end = times
        if not (is_finite(start) and is_finite(end) and 0 <= end < start):
            return times
        log.change("E304", "reversed spans swapped", pointers[0].rpartition("/")[0], [start, end], [end, start])
        return end, start

    return _each_span(rows, context, mend)


def as_seconds(text: str) -> int | float | None:
    """Seconds of ``"12.5"``, ``"mm:ss"`` or ``"hh:mm:ss"`` (with fractions); ``None`` for anything else."""
    if len(text) > 80:
        return None
    text = nfkc(text).strip()
    if _PLAIN.fullmatch(text):
        return float(text) if "." in text else int(text)
    clock = _CLOCK.fullmatch(text)
    if not clock:
        return None
    minutes = int(clock["only"] or 0) + int(clock["minutes"] or 0) + 60 * int(clock["hours"] or 0)
    total = 60 * minutes + Decimal(clock["seconds"].replace(",", "."))
    return int(total) if total.as_tuple().exponent == 0 else float(total)


def _number(value: Any, pointer: str, log: Log) -> Any:
    if not isinstance(value, str):
        return value
    number = as_seconds(value)
    if number is None:
        log.refuse("E301", "times that are neither a plain number of seconds nor mm:ss", pointer)
        return value
    log.change("E301", "times as text written in seconds", pointer, value, number)
    return number


def _each_span(rows: list[Any], context: Context, mend: Callable[[Times, tuple[str, str]], Times]) -> list[Any]:
    """``rows`` with every span replaced by what ``mend`` makes of it; nothing is copied that does not change."""
    if context.track == 1:
        return [_in_row(index, row, mend) for index, row in enumerate(rows)]
    if context.track == 3:
        return [_in_list(index, row, mend) for index, row in enumerate(rows)]
    return rows


def _in_row(index: int, row: Any, mend: Callable[[Times, tuple[str, str]], Times]) -> Any:
    if not isinstance(row, dict) or "start_second" not in row or "end_second" not in row:
        return row
    old = row["start_second"], row["end_second"]
    new = mend(old, (f"/{index}/start_second", f"/{index}/end_second"))
    return row if new == old else {**row, "start_second": new[0], "end_second": new[1]}


def _in_list(index: int, row: Any, mend: Callable[[Times, tuple[str, str]], Times]) -> Any:
    output = row.get("output") if isinstance(row, dict) else None
    if not isinstance(output, list):
        return row
    mended = []
    for rank, entry in enumerate(output):
        if isinstance(entry, list) and len(entry) >= 3:
            old = entry[1], entry[2]
            new = mend(old, (f"/{index}/output/{rank}/1", f"/{index}/output/{rank}/2"))
            mended.append(entry if new is old or new == old else [entry[0], *new, *entry[3:]])
        else:
            mended.append(entry)
    return {**row, "output": mended}
