"""Runs on the terminal: the list, and what is said of one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from cmivqa_kit.cli.common import Session
from cmivqa_kit.data.display import count
from cmivqa_kit.runs.overview import AnsweredFile, DevScore, OtherFolder, RunOverview
from cmivqa_kit.runs.settings import ABSENT, SettingDifference

_UNITS = (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1))


def show_runs(session: Session, folder: Path, runs: Sequence[RunOverview], others: Sequence[OtherFolder]) -> None:
    """Print the list."""
    session.say(f"{folder}: {count(len(runs), 'run')}", "bold")
    if runs:
        columns = ["run", "recipe", "preset", "state", ">dev", ">age", "answered"]
        session.table("", columns, map(_row, runs))
    for other in others:
        session.say(f"  {other.path.name}: {other.state} ({other.fault.removeprefix(f'{other.path}: ')})", "yellow")


def _row(row: RunOverview) -> list[str]:
    run = row.run
    own = row.path.name.startswith(f"{run.baseline}-")
    name = row.path.name if own else f"{row.path.name} ({run.baseline})"
    answered = f"benchmark {row.benchmark}" if row.benchmark else answered_in_words(row.answered)
    return [name, run.recipe, row.preset or "-", row.state, dev_text(row.dev), age(row), answered]


def dev_text(dev: DevScore | None) -> str:
    """``Overall 1.2957, step 3/9``; a dash where there is none."""
    if dev is None or dev.best is None:
        return "-"
    at = "" if dev.step is None else f", step {dev.step}/{dev.steps}"
    return f"{dev.metric or 'best'} {dev.best:.4f}{at}"


def age(row: RunOverview, now: datetime | None = None) -> str:
    """How long ago a run finished, or else began."""
    time = row.ended or row.begun
    return "-" if time is None else lasting(((now or datetime.now(UTC)) - time).total_seconds())


def lasting(seconds: float) -> str:
    """A time in the largest unit that fits: ``5 d``, ``3 h``, ``12 min``, ``8 s``."""
    unit, size = next(((unit, size) for unit, size in _UNITS if seconds >= size), _UNITS[-1])
    return f"{max(int(seconds // size), 0)} {unit}"


def answered_in_words(files: Iterable[AnsweredFile]) -> str:
    """``dev 1, testA 2+3``: each split with the tracks of its files."""
    pairs = dict.fromkeys(f"{file.split} {'+'.join(map(str, file.tracks))}".strip() for file in files)
    return ", ".join(sorted(pairs)) or "-"


def difference_rows(differences: Iterable[SettingDifference]) -> list[list[str]]:
    """The rows of a table of settings that differ."""
    return [
        [one.name, *("-" if value is ABSENT else str(value) for value in (one.first, one.second))]
        for one in differences
    ]
