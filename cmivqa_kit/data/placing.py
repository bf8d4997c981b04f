"""Putting what was found into a data root: conflicts are looked for first, then files copied and folders linked."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cmivqa_kit.data.question_match import difference, questions_in
from cmivqa_kit.data.types import Note
from cmivqa_kit.errors import Problem, RunFailed, problems_error
from cmivqa_kit.files import sha256
from cmivqa_kit.joint_files import Reserve


@dataclass(frozen=True, slots=True)
class Placement:
    """One thing put into the data root: where it came from, where it lies now, and what it is.

    For features, ``files`` are the files of the folder ``source`` that are meant. ``hint`` is the name below what was
    given, with the archives and folders it came in.
    """

    source: Path
    target: Path
    kind: str
    files: tuple[Path, ...] = ()
    hint: str = ""

    @property
    def name(self) -> str:
        """The name that the user knows it by."""
        return self.hint or self.source.name

    @property
    def whereabouts(self) -> str:
        """A name that tells it from another file of the same name."""
        return self.name if "/" in self.name else str(self.source)


def without_repeats(plan: Sequence[Placement]) -> tuple[list[Placement], list[Note]]:
    """One place per target; the same file downloaded twice is one file. Feature folders are put together.

    Returns:
        The placements, and a note about each file that says the same as another.

    Raises:
        UserError: different files for one place.
    """
    placements: dict[Path, Placement] = {}
    notes: list[Note] = []
    folders: list[Placement] = []
    problems = []
    for place in plan:
        if place.kind == "features":
            folders.append(place)
            continue
        first = placements.setdefault(place.target, place)
        fault = "" if first is place else _difference(place.kind, first.source, place.source)
        if fault:
            why = f"both would be {place.target}; {fault}"
            problems.append(Problem(f"{first.whereabouts} and {place.whereabouts}", why))
        elif first is not place:
            notes.append(Note(place.whereabouts, f"says the same as {first.whereabouts}, which is used"))
    seen: dict[Path, Path] = {}
    for place in folders:
        for file in place.files:
            first_file = seen.setdefault(place.target / file.name, file)
            if first_file is not file and not _same(first_file, file):
                problems.append(Problem(f"{first_file} and {file}", f"both would be {place.target / file.name}"))
    if problems:
        raise problems_error("two different files for one place", problems, "Give only the right one of each pair.")
    return [*placements.values(), *folders], notes


def refuse_conflicts(plan: Sequence[Placement]) -> None:
    """Refuse a plan that would replace something in the data root.

    Raises:
        UserError: a different file stands where one would go; all are listed.
    """
    problems = []
    for place in plan:
        pairs = [(place.source, place.target)]
        if place.kind == "features" and place.target.is_dir():
            pairs = [(file, place.target / file.name) for file in place.files]
        for source, target in pairs:
            if target.is_symlink() and not target.exists():
                problems.append(Problem(str(target), "is a link to nothing; remove it"))
            elif target.exists() and (fault := _difference(place.kind, target, source)):
                problems.append(Problem(str(target), f"exists and differs from {place.name}; {fault}"))
    if problems:
        raise problems_error("files are in the way", problems, "Move them, or give another data root with --data DIR.")


class Targets:
    """Where the things of a plan are written: they have their names once all of them are there.

    Args:
        root: the data root.
        reserve: as `cmivqa_kit.joint_files.published_together` gives it.
    """

    def __init__(self, root: Path, reserve: Reserve) -> None:
        self._root, self._reserve = root, reserve
        self._reserved: dict[Path, Path] = {}

    def now(self, target: Path) -> Path:
        """Where to look for it: as it will be, else as it lies in the data root."""
        return self._reserved.get(target, target)

    def new(self, target: Path, regular: bool = True) -> Path:
        """Where to write it; ``regular`` is False for a link or a folder."""
        if target not in self._reserved:
            self._reserved[target] = self._reserve(target.relative_to(self._root).as_posix(), regular)
        return self._reserved[target]

    def folder(self, target: Path) -> Path | None:
        """A new folder in the place of nothing or of a link, with links to the files of that one; ``None`` for a
        folder that lies there already."""
        place = self.now(target)
        if place.is_dir() and not place.is_symlink():
            return place if target in self._reserved else None
        files = [path for path in place.resolve().iterdir() if path.suffix.lower() == ".npy"] if place.exists() else []
        new = self.new(target, regular=False)
        new.unlink(missing_ok=True)
        new.mkdir()
        for file in files:
            (new / file.name).symlink_to(file)
        return new


def put(placement: Placement, staging: Path, targets: Targets) -> None:
    """Copy a file, link a folder of features; what came out of an archive (below ``staging``) is moved.

    Raises:
        RunFailed: the disk is full or not writable.
    """
    try:
        if placement.kind == "features":
            _put_features(placement, placement.source.is_relative_to(staging), targets)
        elif not targets.now(placement.target).exists():  # else the same content, checked before
            shutil.copyfile(placement.source, targets.new(placement.target))
    except OSError as error:
        raise RunFailed(
            f"{placement.target}: could not be written ({error.strerror or error})",
            "Free some space or give another data root with --data DIR, then run the same command again.",
        ) from None


def _put_features(placement: Placement, ours: bool, targets: Targets) -> None:
    target, source = placement.target, placement.source
    there = targets.now(target)
    whole = len(placement.files) == sum(1 for path in source.iterdir() if path.suffix.lower() == ".npy")
    if not there.exists() and whole:
        if ours:
            source.rename(targets.new(target, regular=False))
        else:
            targets.new(target, regular=False).symlink_to(source.resolve(), target_is_directory=True)
        return
    if there.is_symlink() and there.resolve() == source.resolve():
        return
    folder = targets.folder(target)  # of files, so that those of several folders can join
    for file in placement.files:
        if (there / file.name).exists() or targets.now(target / file.name).exists():
            continue
        new = targets.new(target / file.name, regular=False) if folder is None else folder / file.name
        if ours:
            file.rename(new)
        else:
            new.symlink_to(file.resolve())


def _difference(kind: str, first: Path, other: Path) -> str:
    """In what two files of one kind differ; empty where they are the same, or say the same in other words."""
    if _same(first, other):
        return ""
    if kind in ("questions", "answers"):
        return difference(questions_in(first), questions_in(other), answers=True)
    return "their contents differ"


def _same(first: Path, other: Path) -> bool:
    if first.resolve() == other.resolve():
        return True
    if first.is_file() and other.is_file():
        return first.stat().st_size == other.stat().st_size and sha256(first) == sha256(other)
    return False
