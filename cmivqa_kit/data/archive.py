"""Unpacking a downloaded zip or tar without trusting it.

Every member is judged before the first byte is written; then the wanted ones are copied, counted, into a folder beside
the destination, which takes its name at the end. Members that could land outside that folder, links, devices and
archives that grow beyond all measure are refused. See CWE-22 (path traversal) and CWE-409 (decompression bombs).
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from cmivqa_kit.data.archive_members import (
    BOMB_FIX,
    CHUNK,
    MAX_RATIO,
    RATIO_FROM,
    Member,
    depth_fault,
    is_archive,
    opened,
    reading,
    too_many,
)
from cmivqa_kit.data.types import Note
from cmivqa_kit.errors import Problem, RunFailed, UserError, problems_error

__all__ = ["Unpacked", "everything", "is_archive", "unpack"]

MAX_MEMBERS = 50_000  # the organizers' largest archives have some thousands
MAX_FOLDERS = 10_000
REFUSED_FIX = "Nothing was unpacked. Get the archive from the organisers' page again; do not unpack this one by hand."


@dataclass(frozen=True, slots=True)
class Unpacked:
    """The files written (under the destination, sorted), and what was left out."""

    files: tuple[Path, ...]
    notes: tuple[Note, ...]


def everything(name: str) -> bool:
    """The default of ``wanted``: takes every member."""
    return True


def unpack(
    archive: Path,
    destination: Path,
    limit_bytes: int = 50 * 2**30,
    wanted: Callable[[str], bool] = everything,
    most_members: int | None = None,
) -> Unpacked:
    """Unpack the members of a zip, tar, tar.gz, tar.bz2 or tar.xz that ``wanted`` takes into a new folder.

    ``wanted`` is asked with the cleaned member name (``folder/file.json``); macOS's own files are never unpacked. The
    destination appears only when all is written.

    Raises:
        UserError: no such archive, not one, damaged, encrypted; the destination exists; more than ``limit_bytes`` or
            ``most_members`` (50,000) or 10,000 folders or a ratio no honest file has; or, all in one error, members
            with names that leave the folder or cannot be files, that lie more than 32 folders deep, links and devices.
            Nothing is written then.
        RunFailed: the disk is full or not writable.
    """
    if destination.exists() or destination.is_symlink():
        raise UserError(f"{destination}: already exists", "Name a folder that does not exist yet, or remove it first.")
    notes: list[Note] = []
    most = MAX_MEMBERS if most_members is None else most_members
    with opened(archive, most) as members:
        plan = _plan(archive, members, limit_bytes, wanted, notes, most)
        files = _write(archive, plan, destination, limit_bytes)
    return Unpacked(files, tuple(notes))


def _plan(
    archive: Path,
    members: Iterator[Member],
    limit: int,
    wanted: Callable[[str], bool],
    notes: list[Note],
    most_members: int,
) -> dict[str, Member]:
    """Target name -> member for all that is to be written, every member having been judged."""
    plan: dict[str, Member] = {}
    folders: set[str] = set()
    problems: list[Problem] = []
    left_out: list[str] = []
    total = 0
    for count, member in enumerate(members, 1):
        if count > most_members:
            raise UserError(f"{archive}: {too_many(most_members)}", BOMB_FIX)
        fault = _fault(member.name) or member.special
        name = "/".join(part for part in member.name.split("/") if part not in ("", "."))
        if not fault and not member.folder:
            if name in plan:
                fault = "stands twice in the archive"
            elif _is_clutter(name) or not wanted(name):
                left_out.append(name)
                continue
            elif member.packed is not None and member.size > max(RATIO_FROM, MAX_RATIO * member.packed):
                fault = f"unpacks {member.packed:,} bytes to {member.size:,}: a decompression bomb"
        if fault:
            problems.append(Problem(repr(member.name[:100]), fault))
        elif not member.folder:
            plan[name] = member
            folders.update(_parents(name))
            if len(folders) > MAX_FOLDERS:
                raise UserError(f"{archive}: more than the limit of {MAX_FOLDERS:,} folders", BOMB_FIX)
            total += member.size
            if total > limit:
                raise UserError(f"{archive}: unpacks to more than the limit of {limit:,} bytes", BOMB_FIX)
    problems += [Problem(repr(name), "is both a file and a folder") for name in plan if name in folders]
    if problems:
        raise problems_error(archive, problems, REFUSED_FIX)
    if left_out:
        noun = "file" if len(left_out) == 1 else "files"
        notes.append(Note(archive.name, f"{len(left_out)} {noun} not unpacked, not needed here, e.g. {left_out[0]}"))
    return plan


def _fault(name: str) -> str:
    """Why a member of this name is refused; empty where it is fine."""
    if not name or any(ord(c) < 32 or 127 <= ord(c) < 160 for c in name):
        return "empty name, or control characters in it"
    if name.startswith("/") or re.match(r"[A-Za-z]:[/\\]", name):
        return "absolute path"
    if re.match(r"[A-Za-z]:", name):
        return "one letter and a colon in front: a drive to Windows"
    if "\\" in name:
        return "backslash in the name"
    parts = name.split("/")
    if ".." in parts:
        return "path that leaves the folder (..)"
    try:
        if any(len(part.encode()) > 255 for part in parts) or len(name) > 2000:
            return "name too long"
    except UnicodeEncodeError:
        return "name neither in UTF-8 nor in GB18030"
    return depth_fault(name)


def _is_clutter(name: str) -> bool:
    parts = name.split("/")
    return "__MACOSX" in parts or parts[-1] == ".DS_Store" or parts[-1].startswith("._")


def _parents(name: str) -> list[str]:
    return [name[:i] for i, c in enumerate(name) if c == "/"]


def _write(archive: Path, plan: dict[str, Member], destination: Path, limit: int) -> tuple[Path, ...]:
    """Copy the planned members into a temporary folder that takes the destination's name at the end."""
    temporary: Path | None = None
    left = limit
    made = [folder for folder in destination.parents if not folder.exists()]
    try:
        destination.parent.mkdir(parents=True, exist_ok=True)
        prefix = f".{destination.name[:40]}."
        temporary = Path(tempfile.mkdtemp(prefix=prefix, suffix=".tmp", dir=destination.parent))
        for name, member in plan.items():
            target = temporary / name
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("xb") as sink, reading(archive), member.open() as source:
                counted = _Counted(sink, left)
                shutil.copyfileobj(source, counted, CHUNK)
            left = counted.left
        mask = os.umask(0)
        os.umask(mask)
        temporary.chmod(0o777 & ~mask)  # mkdtemp made it private
        temporary.rename(destination)
    except _TooMuch:
        raise UserError(f"{archive}: unpacks to more than the limit of {limit:,} bytes", BOMB_FIX) from None
    except (_WriteFailed, OSError) as error:
        raise RunFailed(
            f"{destination}: could not be written ({error}); nothing was left behind",
            "Free some space or choose another place, then run the same command again.",
        ) from None
    finally:
        if temporary is not None:
            shutil.rmtree(temporary, ignore_errors=True)
        for folder in made:
            with suppress(OSError):  # not empty when all went well
                folder.rmdir()
    return tuple(sorted(destination / name for name in plan))


class _TooMuch(Exception):
    """Raised where more bytes come out than are allowed."""


class _WriteFailed(Exception):
    """Raised where the disk, not the archive, is at fault."""


class _Counted:
    """A sink that takes ``left`` bytes and keeps its own errors apart from the source's."""

    def __init__(self, sink: IO[bytes], left: int) -> None:
        self.sink = sink
        self.left = left

    def write(self, data: bytes) -> int:
        self.left -= len(data)
        if self.left < 0:
            raise _TooMuch
        try:
            return self.sink.write(data)
        except OSError as error:
            raise _WriteFailed(error.strerror or str(error)) from None
