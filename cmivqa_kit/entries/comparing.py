"""Comparing entries with the first of them, track by track."""

from __future__ import annotations

from collections.abc import Sequence

from cmivqa_kit.entries.entry import Entry
from cmivqa_kit.errors import UserError
from cmivqa_kit.scoring.statistics.comparison import Comparison
from cmivqa_kit.scoring.statistics.paired import DEFAULTS, Settings
from cmivqa_kit.scoring.statistics.tracks import compare_tracks


def compare_entries(
    entries: Sequence[Entry],
    metrics: Sequence[str] = (),
    settings: Settings = DEFAULTS,
    all_pairs: bool = False,
) -> list[Comparison]:
    """One comparison per track that all entries are for, of their strict scores.

    Args:
        entries: two or more, the baseline first.
        metrics: canonical names, each compared on the tracks that have it; by default what boards show.
        settings: how to test.
        all_pairs: compare all of them with each other, not only with the first.

    Raises:
        UserError: fewer than two entries; one cannot be read or scored; they are not comparable.
    """
    if len(entries) < 2:
        said = f"{entries[0].path}: one file is no comparison" if entries else "there is nothing to compare"
        raise UserError(said, "Name two or more, the baseline first.")
    cards = []
    for entry in entries:
        cards.append(entry.require("compared", entry.ground.ground.track).cards)
        entry.release()
    return compare_tracks(cards, [str(entry.path) for entry in entries], metrics, settings, all_pairs)
