"""Table ``[board]`` of an edition: how many entries of a team count, and in which time zone a day is.

Source: docs/spec/scoring.md, section 1.4.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone, tzinfo
from typing import Any, Literal

TIME_ZONE = "Asia/Shanghai"
Period = Literal["day", "all"]


@dataclass(frozen=True, slots=True)
class BoardRules:
    """How many entries a team may hand in: ``limit`` of them a day (``per`` is ``day``) or in all (``all``).

    ``limit`` is ``None`` where there is none; a day is one in ``time_zone``.
    """

    limit: int | None = None
    per: Period = "all"
    time_zone: str = TIME_ZONE

    @property
    def zone(self) -> tzinfo:
        """The time zone in which days are counted, and in which a time without an offset is meant."""
        from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

        try:
            return ZoneInfo(self.time_zone)
        except ZoneInfoNotFoundError:  # Windows and small containers bring no list of time zones
            if self.time_zone != TIME_ZONE:
                raise
            return timezone(timedelta(hours=8), TIME_ZONE)  # without summer time since 1991

    def period(self, received: datetime) -> date | None:
        """What an entry is counted with: the entries of its day, or (``None``) all of them."""
        return received.astimezone(self.zone).date() if self.per == "day" else None


def board_rules(table: Mapping[str, Any]) -> BoardRules:
    """The table as an edition states it.

    Raises:
        TypeError: a key is unknown.
        ValueError: a value is of no use.
    """
    rules = BoardRules(**table)
    if rules.limit is not None and (
        not isinstance(rules.limit, int) or isinstance(rules.limit, bool) or rules.limit < 1
    ):
        raise ValueError(f"board.limit is {rules.limit!r}, not a whole number from 1")
    if rules.per not in ("day", "all"):
        raise ValueError(f"board.per is {rules.per!r}, not 'day' or 'all'")
    try:
        _ = rules.time_zone == TIME_ZONE or rules.zone
    except (LookupError, ValueError, TypeError, OSError):  # `ZoneInfoNotFoundError` is a `KeyError`
        raise ValueError(f"board.time_zone {rules.time_zone!r} is not known here") from None
    return rules
