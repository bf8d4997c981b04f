"""Items that stand twice. Runs last, because other repairs may make items equal."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

from cmivqa_kit.data.id_keys import plain_key
from cmivqa_kit.submission.fix.model import GONE, Context, Log, repair
from cmivqa_kit.submission.fix.values import canonical
from cmivqa_kit.submission.read import plain_id


@repair("document", "E204", says="of equal items with one id the first stays")
def once(rows: list[Any], context: Context, log: Log) -> list[Any]:
    """Leave out items equal to an earlier one in everything; where answers differ, all stay."""
    indices: dict[Hashable, list[int]] = {}
    for index, row in enumerate(rows):
        identity = plain_id(row)
        if identity is not None:
            indices.setdefault(plain_key(identity), []).append(index)
    gone: set[int] = set()
    for where in indices.values():
        if len(where) == 1:
            continue
        if len({canonical(rows[index]) for index in where}) > 1:
            log.refuse(
                "E204",
                "id with several different answers: keep the one you mean",
                f"/{where[0]} (id {plain_id(rows[where[0]])!r})",
            )
            continue
        gone.update(where[1:])
        for index in where[1:]:
            log.change("E204", "copies of an item removed", f"/{index}", rows[index], GONE)
    return [row for index, row in enumerate(rows) if index not in gone] if gone else rows
