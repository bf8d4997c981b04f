"""Lists of entries: those that cannot be an answer, those that are never read; NaN wherever else it stands."""

from __future__ import annotations

import math
from typing import Any

from cmivqa_kit.data.display import escape_pointer
from cmivqa_kit.submission.fix.model import GONE, Context, Log, Shown, repair
from cmivqa_kit.submission.fix.values import endless

_READ = frozenset({"id", "video_id", "question", "language_type", "start_second", "end_second", "output"})
_NAN = "NaN or infinite where an answer stands: predict it again"


@repair(
    "document", "E106", "E302", says="entries with NaN or infinity leave their list; elsewhere unread ones become null"
)
def finite(rows: list[Any], context: Context, log: Log) -> list[Any]:
    """Rows without NaN and infinities, but for those that are the answer itself (Track 1, whole lists)."""
    return [_row(index, row, context, log) for index, row in enumerate(rows)]


@repair("document", "W403", says="lists are cut where the official program stops reading")
def no_longer_than_read(rows: list[Any], context: Context, log: Log) -> list[Any]:
    """Lists of at most as many entries as the edition reads."""
    most = context.edition.entries
    if context.track not in (2, 3):
        return rows
    mended = []
    for index, row in enumerate(rows):
        output = row.get("output") if isinstance(row, dict) else None
        if isinstance(output, list) and len(output) > most:
            log.change(
                "W403",
                f"lists cut to {most} entries",
                f"/{index}/output",
                Shown(f"{len(output)} entries"),
                Shown(f"{most}"),
            )
            row = {**row, "output": output[:most]}
        mended.append(row)
    return mended


def _row(index: int, row: Any, context: Context, log: Log) -> Any:
    if not isinstance(row, dict):
        for place in endless(row, f"/{index}"):
            log.refuse("E106", _NAN, place)
        return row
    mended = {}
    for key, value in row.items():
        place = f"/{index}/{escape_pointer(key)}"
        if key == "output" and isinstance(value, list) and context.track in (2, 3):
            mended[key] = _entries(value, place, context, log)
        elif key not in _READ:
            mended[key] = _nulls(value, place, log)
        else:
            mended[key] = value
            for where in endless(value, place):
                log.refuse("E302" if key in ("start_second", "end_second") else "E106", _NAN, where)
    return mended


def _entries(output: list[Any], pointer: str, context: Context, log: Log) -> list[Any]:
    """The list without entries that hold no answer; where that is all of them, as it is."""
    unread = 1 if context.track == 2 else 3  # elements behind are never read
    stay = [not any(True for _ in endless(e[:unread] if isinstance(e, list) else e)) for e in output]
    if not any(stay) and output:
        for where in endless(output, pointer):
            log.refuse("E302", _NAN, where)
        return output
    mended = []
    for rank, (entry, keep) in enumerate(zip(output, stay, strict=True)):
        where = f"{pointer}/{rank}"
        if not keep:
            log.change("E302", "entries with NaN or infinity removed", where, entry, GONE)
        elif isinstance(entry, list) and len(entry) > unread:
            rest = [_nulls(value, f"{where}/{unread + i}", log) for i, value in enumerate(entry[unread:])]
            mended.append([*entry[:unread], *rest])
        else:
            mended.append(entry)
    return mended


def _nulls(value: Any, pointer: str, log: Log) -> Any:
    """``value`` with null for NaN and infinities, as JavaScript writes them; at most 32 levels deep."""
    if isinstance(value, float) and not math.isfinite(value):
        log.change("E106", "NaN and infinity in fields that are never read written as null", pointer, value, None)
        return None
    if isinstance(value, list):
        return [_nulls(item, f"{pointer}/{i}", log) for i, item in enumerate(value)]
    if isinstance(value, dict):
        return {key: _nulls(item, f"{pointer}/{escape_pointer(key)}", log) for key, item in value.items()}
    return value
