"""The formats of tables that are read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from cmivqa_kit.leaderboard.audit.tables import RawTable

Read = Callable[[str], Sequence[RawTable]]
_LAST = 100


@dataclass(frozen=True, slots=True)
class Format:
    """A format: its name, the suffixes it has, whether a text looks like it, and its reader."""

    name: str
    suffixes: tuple[str, ...]
    knows: Callable[[str], bool]
    read: Read
    position: int


_FORMATS: list[Format] = []


def reader(
    name: str, suffixes: tuple[str, ...], knows: Callable[[str], bool], position: int = _LAST
) -> Callable[[Read], Read]:
    """Register a function from a text to the tables in it; small ``position`` is asked first."""

    def add(read: Read) -> Read:
        _FORMATS.append(Format(name, suffixes, knows, read, position))
        _FORMATS.sort(key=lambda known: known.position)
        return read

    return add


def read_tables(text: str, path: Path) -> tuple[str, Sequence[RawTable]]:
    """The format of a text and the tables in it."""
    by_suffix = [known for known in _FORMATS if path.suffix.lower() in known.suffixes]
    chosen = next(iter([*by_suffix, *(known for known in _FORMATS if known.knows(text))]))
    return chosen.name, chosen.read(text)
