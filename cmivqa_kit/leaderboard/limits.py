"""How many entries a team may hand in: those over the limit of the edition, and why.

Source: docs/spec/scoring.md, section 1.4. Days are those of China, where the challenge is held.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

from cmivqa_kit.leaderboard.records import FiledEntry, Standing, State

SHANGHAI = timezone(timedelta(hours=8), "Asia/Shanghai")  # without summer time since 1991
_LATEST = datetime.max.replace(tzinfo=UTC)


def over_limit(entries: Iterable[FiledEntry], per_day: int | None, total: int | None) -> dict[Path, str]:
    """The entries over a team's limit, by folder, with the reason.

    Entries count in the order in which they were received, whatever their track. Rejected and late entries and
    baselines do not count; one without a time counts in all, after the others, and on no day.

    Args:
        entries: of one edition.
        per_day: how many a team may hand in on one day; ``None`` for any number.
        total: how many in all.
    """
    refused: dict[Path, str] = {}
    days: dict[tuple[str, date], int] = {}
    totals: dict[str, int] = {}
    for entry in sorted(entries, key=handed_in):
        if entry.state != State.ACCEPTED or entry.standing != Standing.COMPETING:
            continue
        day = None if entry.received is None else entry.received.astimezone(SHANGHAI).date()
        on_day = 0
        if day is not None:
            on_day = days[entry.team, day] = days.get((entry.team, day), 0) + 1
        if per_day is not None and on_day > per_day:
            refused[entry.folder] = (
                f"over the limit: number {on_day} of its team on {day:%Y-%m-%d}, {per_day} a day are allowed"
            )
            continue
        in_all = totals[entry.team] = totals.get(entry.team, 0) + 1
        if total is not None and in_all > total:
            refused[entry.folder] = f"over the limit: number {in_all} of its team, {total} in all are allowed"
    return refused


def handed_in(entry: FiledEntry) -> tuple[datetime, tuple[int | str, ...], str]:
    """The order of handing in: by time, then ``run-2`` before ``run-10``."""
    parts = re.split(r"(\d{1,18})", entry.run)
    return (
        entry.received or _LATEST,
        tuple(int(part) if part.isdecimal() else part for part in parts),
        str(entry.folder),
    )
