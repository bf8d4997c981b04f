"""The files of a folder of entries, and those of it that are none, with the reason."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from cmivqa_kit.data.display import count
from cmivqa_kit.errors import SHOWN, UserError
from cmivqa_kit.files import UnreadableFile, read_bytes
from cmivqa_kit.foreign_content import foreign_content

STANDARD_INPUT = Path("-")
_COMPANION, _HIDDEN = "macOS's own companion of a file", "hidden"


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A file of a folder that is not taken for an entry, and why."""

    path: Path
    reason: str


@dataclass(frozen=True, slots=True)
class Listing:
    """The files that are meant, in order, and those of the folders that are not taken."""

    files: tuple[Path, ...]
    left_out: tuple[LeftOut, ...] = ()


def listing(paths: Iterable[Path]) -> Listing:
    """Files as given; of a folder, its .json files by name, and what else lies in it.

    Raises:
        UserError: a folder without one, or standard input (``-``) named twice.
    """
    files: list[Path] = []
    left_out: list[LeftOut] = []
    for path in paths:
        if path == STANDARD_INPUT and path in files:
            raise UserError("- is named twice, and standard input can be read once", "Name it once.")
        if not _is_folder(path):
            files.append(path)
            continue
        inside, others = _of_folder(path)
        if not inside:
            said = "".join(f"\n  {line}" for line in left_out_lines(others))
            raise UserError(
                f"{path}: no .json file in this folder{said}", "Name a file, or the folder that holds entries."
            )
        files += inside
        left_out += others
    return Listing(tuple(files), tuple(left_out))


def expand(paths: Iterable[Path]) -> Iterator[Path]:
    """The files of a `listing`.

    Raises:
        UserError: as `listing`.
    """
    yield from listing(paths).files


def bytes_of(path: Path) -> bytes:
    """The bytes of a file, or of standard input, which can be read once.

    Raises:
        UnreadableFile: missing, a directory, or not permitted.
    """
    if path != STANDARD_INPUT:
        return read_bytes(path, "submission file")
    if sys.stdin is None:
        raise UnreadableFile("standard input is closed", "Name a file.")
    return sys.stdin.buffer.read()


def left_out_lines(left_out: Iterable[LeftOut]) -> Iterator[str]:
    """One line per reason with the files, the first 20 of them by name."""
    by_reason: dict[str, list[str]] = {}
    for file in left_out:
        by_reason.setdefault(file.reason, []).append(str(file.path))
    for reason, names in by_reason.items():
        more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
        yield f"{count(len(names), 'file')} not taken, {reason}: {', '.join(names[:SHOWN])}{more}"


def _of_folder(folder: Path) -> tuple[list[Path], list[LeftOut]]:
    """The entries below a folder, and the other files, each by name."""
    files: list[Path] = []
    left_out: list[LeftOut] = []

    def closed(error: OSError) -> None:
        left_out.append(LeftOut(Path(error.filename or folder), f"a folder that cannot be read ({error.strerror})"))

    for parent, folders, names in os.walk(folder, onerror=closed):
        folders.sort()
        for name in names:
            path = Path(parent, name)
            reason = _reason(path, path.relative_to(folder).parts)
            if reason:
                left_out.append(LeftOut(path, reason))
            else:
                files.append(path)
    return sorted(files), sorted(left_out, key=lambda file: file.path)


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:  # a folder above may not be entered: reading the file says so
        return False


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:
        return False


def _reason(path: Path, parts: tuple[str, ...]) -> str:
    """Why a file of a folder is not taken; empty where it is."""
    if path.name.startswith("._") or "__MACOSX" in parts:
        return _COMPANION
    if any(part.startswith(".") for part in parts):
        return _HIDDEN
    if not _is_file(path):
        return "no plain file"
    if path.suffix.lower() == ".json":
        return ""
    content = foreign_content(path)
    if content is not None and content.kind in ("zip", "gzip", "bzip2", "xz", "tar"):
        return f"{content.noun} (named by itself it is read)"
    return "not named .json" if content is None else content.noun
