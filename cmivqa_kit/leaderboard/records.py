"""What is filed of an entry: the folder ``EDITION/TEAM/RUN/`` with its files and ``entry.toml``, as values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path

RECORD = "entry.toml"


class State(StrEnum):
    """What intake said of an entry."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"  # counts towards no limit, is on no board


class Standing(StrEnum):
    """How an accepted entry takes part."""

    COMPETING = "competing"
    BASELINE = "baseline"  # shown, unranked
    LATE = "late"  # shown, unranked


@dataclass(frozen=True, slots=True)
class FiledFile:
    """A file of an entry: its name in the folder, the name it came with, and the SHA-256 of its bytes."""

    name: str
    original: str
    sha256: str


@dataclass(frozen=True, slots=True)
class FiledEntry:
    """An entry as it is filed: ``entry.toml`` read.

    Attributes:
        folder: ``SUBMISSIONS/EDITION/TEAM/RUN``; its last three names are data of the organizers, never of a team.
        edition: the edition's name.
        team: the team's true name, hostile text.
        run: the folder's name: ``run-1``, ``run-2``, ...
        files: its submission files; usually one.
        received: with its offset; ``None`` where nobody said.
        tracks: those that intake recognised; empty where nobody said, and of a file that could not be read.
        reasons: why it was rejected, one line each.
    """

    folder: Path
    edition: str
    team: str
    run: str
    files: tuple[FiledFile, ...]
    received: datetime | None = None
    state: State = State.ACCEPTED
    standing: Standing = Standing.COMPETING
    title: str = ""
    method: str = ""
    link: str = ""
    hardware: str = ""
    external_data: str = ""
    tracks: tuple[int, ...] = ()
    reasons: tuple[str, ...] = ()

    @property
    def paths(self) -> tuple[Path, ...]:
        """Where its submission files lie."""
        return tuple(self.folder / file.name for file in self.files)
