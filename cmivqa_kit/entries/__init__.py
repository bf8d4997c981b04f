"""Entries: submission files with all that can be said of them on a ground: report, cards, provenance, figures beside.

`open_entry` opens one, `open_entries` many; a `Ground` says what they are held against.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cmivqa_kit.entries.entry import Entry, open_entries, open_entry
    from cmivqa_kit.entries.ground import Ground, OpenGround, open_ground
    from cmivqa_kit.entries.scores import ScoreWithIntervals

__all__ = ["Entry", "Ground", "OpenGround", "ScoreWithIntervals", "open_entries", "open_entry", "open_ground"]
_FROM = {
    "Entry": "entries.entry", "open_entries": "entries.entry", "open_entry": "entries.entry",
    "Ground": "entries.ground", "OpenGround": "entries.ground", "open_ground": "entries.ground",
    "ScoreWithIntervals": "entries.scores",
}  # fmt: skip


def __getattr__(name: str) -> Any:
    """A public name, imported when it is first used."""
    from cmivqa_kit.lazy import public_name

    return public_name(__name__, _FROM, name)
