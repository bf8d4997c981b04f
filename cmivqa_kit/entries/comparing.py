"""Comparing entries with the first of them, track by track."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from cmivqa_kit.entries.entry import Entry
from cmivqa_kit.errors import UserError
from cmivqa_kit.scoring.card import ScoreCard
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
    return compare_systems(_released(entries), metrics, settings, all_pairs)


def compare_systems(
    systems: Iterable[Entry | ScoreCard], metrics: Sequence[str], settings: Settings, all_pairs: bool
) -> list[Comparison]:
    """One comparison per track that all systems are for; of each no more is held than its cards.

    Raises:
        UserError: an entry cannot be read or scored; they are not comparable.
    """
    cards: list[Sequence[ScoreCard]] = []
    names: list[str] = []
    records: list[Mapping[str, Any] | None] = []
    for number, system in enumerate(systems, 1):
        if isinstance(system, ScoreCard):
            cards.append([system])
            names.append(f"system {number}")
            records.append(None)
        else:
            cards.append(system.require("compared", system.ground.ground.track).cards)
            names.append(str(system.path))
            records.append(system.made_by)
    comparisons = compare_tracks(cards, names, metrics, settings, all_pairs)
    remarks = remarks_on_corpora(names, records)
    return [
        replace(comparison, remarks=(*comparison.remarks, *remarks)) if comparison.track != 1 else comparison
        for comparison in comparisons
    ]


def remarks_on_corpora(names: Sequence[str], records: Sequence[Mapping[str, Any] | None]) -> tuple[str, ...]:
    """A remark where runs answered from corpora of other sizes: the scores are right, and say little of the systems.

    No signature tells it: the official program reads the lists and not the videos that they were chosen from.

    Args:
        names: what the systems are called.
        records: those of the runs that made them; ``None`` where none did.
    """
    videos = {
        name: record["videos"] for name, record in zip(names, records, strict=True) if record and "videos" in record
    }
    if len(set(videos.values())) < 2:
        return ()
    sizes = ", ".join(f"{name} among {count}" for name, count in videos.items())
    return (f"not ranked among the same videos, and fewer are easier: {sizes}",)


def _released(entries: Iterable[Entry]) -> Iterator[Entry]:
    """The entries; each lets go of its decoded file when the next one is asked for."""
    for entry in entries:
        yield entry
        entry.release()
