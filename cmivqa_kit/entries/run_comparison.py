"""Two runs held against each other by the dev files that both of them answered."""

from __future__ import annotations

from dataclasses import dataclass

from cmivqa_kit.data.types import TRACKS, Track
from cmivqa_kit.entries.comparing import compare_entries
from cmivqa_kit.entries.entry import Entry
from cmivqa_kit.entries.ground import OpenGround
from cmivqa_kit.runs.overview import AnsweredFile, RunOverview
from cmivqa_kit.scoring.statistics.comparison import Comparison
from cmivqa_kit.scoring.statistics.paired import DEFAULTS, Settings

DEV = "dev"


@dataclass(frozen=True, slots=True)
class ComparedFiles:
    """The newest dev files of two runs for a track, and how the second compares with the first."""

    track: Track
    entries: tuple[Entry, Entry]
    comparison: Comparison


def compare_dev_files(
    first: RunOverview, second: RunOverview, ground: OpenGround, settings: Settings = DEFAULTS
) -> list[ComparedFiles]:
    """One comparison per track whose dev questions both runs have answered; empty where there is none.

    Args:
        first: the run that the other is held against.
        second: the other.
        ground: what the files are held against.
        settings: how to test.

    Raises:
        UserError: a file cannot be read or scored, or they are not comparable.
    """
    compared = []
    for track in TRACKS:
        files = (dev_file(first, track), dev_file(second, track))
        if files[0] is not None and files[1] is not None:
            on_track = ground.on(split=DEV, track=track)
            entries = Entry(files[0].path, on_track), Entry(files[1].path, on_track)
            (comparison,) = compare_entries(entries, settings=settings)
            compared.append(ComparedFiles(track, entries, comparison))
    return compared


def dev_file(run: RunOverview, track: Track) -> AnsweredFile | None:
    """The newest file in which a run answered the dev questions of a track."""
    return next((file for file in run.answered if file.split == DEV and track in file.tracks), None)
