"""How many entries a team may hand in: those over the limit of the edition, and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from cmivqa_kit.editions.board import BoardRules
from cmivqa_kit.leaderboard.filed import run_order
from cmivqa_kit.leaderboard.records import FiledEntry, Standing, State

OVER = "over the limit"
_LATEST = datetime.max.replace(tzinfo=UTC)


def over_limit(entries: Iterable[FiledEntry], rules: BoardRules) -> dict[Path, str]:
    """The entries over a team's limit, by folder, with the reason.

    Entries count in the order in which they were received. Rejected and late entries and baselines do not count; one
    without a time counts in all, after the others, and on no day.

    Args:
        entries: of one edition and one track.
        rules: how many that edition allows.
    """
    refused: dict[Path, str] = {}
    handed: Counter[tuple[str, object]] = Counter()
    for entry in sorted(entries, key=handed_in):
        counts = entry.state == State.ACCEPTED and entry.standing == Standing.COMPETING
        if rules.limit is None or not counts or (entry.received is None and rules.per == "day"):
            continue
        day = None if entry.received is None else rules.period(entry.received)
        handed[entry.team, day] += 1
        number = handed[entry.team, day]
        if number > rules.limit:
            when, allowed = ("", "in all") if day is None else (f" on {day}", "a day")
            refused[entry.folder] = f"{OVER}: number {number} of its team{when}, {rules.limit} {allowed} are allowed"
    return refused


def handed_in(entry: FiledEntry) -> tuple[datetime, tuple[str, int, str], str, str]:
    """The order of handing in: by time, then ``run-2`` before ``run-10``, then by team."""
    return entry.received or _LATEST, run_order(entry.folder), entry.team, str(entry.folder)
