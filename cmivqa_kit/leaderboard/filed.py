"""The entries that are filed below a folder, ``EDITION/TEAM/RUN``, and whatever there cannot be taken for one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cmivqa_kit.errors import Problem, UserError
from cmivqa_kit.files import sha256
from cmivqa_kit.leaderboard.entry_toml import read_record, submission_names
from cmivqa_kit.leaderboard.records import RECORD, FiledEntry, FiledFile

LINK = "is a link, and links are not followed"


@dataclass(frozen=True, slots=True)
class Filed:
    """The entries of a folder, ordered by edition, team's folder and run; and what is wrong there.

    A problem's ``location`` is a path; its entry, where it is of one, is not among the ``entries``.
    """

    entries: tuple[FiledEntry, ...]
    problems: tuple[Problem, ...] = ()


def entries_of(submissions: Path) -> Filed:
    """What is filed below ``submissions``.

    A run without ``entry.toml`` was made by hand and is an entry too: the team is called as its folder, the files are
    the ``.json`` files in it.

    Raises:
        UserError: the folder cannot be listed.
    """
    try:
        names_in(submissions)
    except OSError as error:
        raise UserError(
            f"{submissions}: not a folder that can be listed ({error.strerror or error})",
            "Name the folder that holds the entries: EDITION/TEAM/RUN.",
        ) from None
    entries: list[FiledEntry] = []
    problems: list[Problem] = []
    for edition in _folders(submissions, problems, "EDITION/TEAM/RUN"):
        for team in _folders(edition, problems, "TEAM/RUN"):
            entries += entries_of_team(team, problems)
    return Filed(tuple(entries), tuple(problems))


def entries_of_team(team: Path, problems: list[Problem]) -> list[FiledEntry]:
    """The entries in the folder of a team, and below it; what is wrong there is added to ``problems``."""
    entries = []
    for run in sorted(_folders(team, problems, "RUN"), key=run_order):
        try:
            entry = _entry(run)
        except UserError as error:
            problems.append(Problem(str(run), error.message.removeprefix(f"{run}{os.sep}")))
            continue
        faults = [f"{path.name} {fault}" for path in entry.paths if (fault := _fault(path))]
        if not entry.files:
            faults.append("no submission in it")
        problems += [Problem(str(run), fault) for fault in faults]
        if not faults:
            entries.append(entry)
    return entries


def run_order(run: Path) -> tuple[str, int, str]:
    """``run-2`` comes before ``run-10``."""
    stem, _, number = run.name.rpartition("-")
    return (stem, int(number), "") if number.isascii() and number.isdigit() and len(number) < 10 else (run.name, 0, "")


def _entry(run: Path) -> FiledEntry:
    record = run / RECORD
    if os.path.lexists(record):
        if fault := _fault(record):
            raise UserError(f"{record}: {fault}")
        return read_record(run)
    try:
        names = submission_names(names_in(run))
    except OSError as error:
        raise UserError(f"{run}: cannot be listed ({error.strerror or error})") from None
    files = tuple(FiledFile(name, name, _digest(run / name)) for name in names)
    return FiledEntry(run, run.parent.parent.name, run.parent.name, run.name, files)


def _digest(path: Path) -> str:
    """The SHA-256 of a file; empty where there is none to read, which is said of it elsewhere."""
    return "" if _fault(path) else sha256(path)


def _fault(path: Path) -> str:
    """Why a file of an entry is none; empty where it is one."""
    if path.is_symlink():
        return LINK
    if not path.is_file():
        return "is not there" if not os.path.lexists(path) else "is no plain file"
    return "" if os.access(path, os.R_OK) else "may not be read"


def _folders(folder: Path, problems: list[Problem], layout: str) -> Iterator[Path]:
    """The folders in ``folder`` by name, but for hidden ones; what else of entries lies there is a problem."""
    try:
        names = names_in(folder)
    except OSError as error:
        problems.append(Problem(str(folder), f"cannot be listed ({error.strerror or error})"))
        return
    loose = submission_names(names)
    for path in (folder / name for name in names if not name.startswith(".")):
        if path.is_symlink():
            problems.append(Problem(str(path), LINK))
        elif path.is_dir():
            yield path
        elif path.name in loose or path.name == RECORD:
            problems.append(Problem(str(path), f"lies outside of an entry: move it to {layout} below this folder"))


def names_in(folder: Path) -> list[str]:
    """The names in a folder, in order.

    Raises:
        OSError: it cannot be listed.
    """
    return sorted(path.name for path in folder.iterdir())
