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
    "Entry": "entry", "open_entries": "entry", "open_entry": "entry", "Ground": "ground", "OpenGround": "ground",
    "open_ground": "ground", "ScoreWithIntervals": "scores",
}  # fmt: skip


def __getattr__(name: str) -> Any:
    """The public names, imported when they are first used."""
    if name not in _FROM:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"cmivqa_kit.entries.{_FROM[name]}"), name)
