"""The one rule of what may be written to: regular files and new names, through links; nothing else, ever."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterable
from pathlib import Path

from cmivqa_kit.errors import UserError

STANDARD_OUTPUT = Path("-")
_STREAMS = ("/dev/stdout", "/dev/stderr", "/dev/stdin", "/dev/fd/", "/proc/")  # names of what other programs hold open
_NOUNS = (
    (stat.S_ISDIR, "a directory"),
    (stat.S_ISFIFO, "a pipe (FIFO)"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)
NAME_A_FILE = "Name a regular file, or a new name."


def regular_target(path: Path, fix: str = NAME_A_FILE) -> Path:
    """The file that writing to ``path`` writes: itself, or where it is a link the file that this leads to.

    A link to nothing leads to the file that it names, in a folder that must be there.

    Raises:
        UserError: anything but a regular file or a new name stands there: a folder, a device, a pipe, a socket, a link
            that leads nowhere; or it is ``-``, which is no file.
    """
    if path == STANDARD_OUTPUT:
        raise UserError("-: standard output cannot be written to here", "Name a file.")
    if os.path.abspath(path).startswith(_STREAMS):  # noqa: PTH100 (links stay as they are)
        raise UserError(f"{path}: is a stream of a running program, not a regular file", fix)
    try:
        mode = path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return _of_dangling(path, fix) if path.is_symlink() else path
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise UserError(f"{path}: is a link that leads back to itself", fix) from None
        return path  # said by who writes
    if not stat.S_ISREG(mode):
        noun = next((noun for test, noun in _NOUNS if test(mode)), "no regular file")
        raise UserError(f"{path}: is {noun}, not a regular file; nothing was written", fix)
    return path.resolve() if path.is_symlink() else path


def _of_dangling(path: Path, fix: str) -> Path:
    target = path.resolve()
    if not target.parent.is_dir():
        raise UserError(f"{path}: is a link to {target}, whose folder does not exist", fix)
    return regular_target(target, fix)


def require_writable(
    path: Path, force: bool, inputs: Iterable[Path] = (), fix: str = "Give another name, or --force to replace it."
) -> None:
    """Refuse, before any work is done, an output file that must not be written.

    Raises:
        UserError: as `regular_target`; the file is one of ``inputs``; it exists, be it as a link to nothing, without
            ``force``.
    """
    target = regular_target(path)
    if any(_same(target, source) for source in inputs):
        raise UserError(f"{path}: is read by this command", "Name another file.")
    if is_taken(path) and not force:
        raise UserError(f"{path}: exists already", fix)


def is_taken(path: Path) -> bool:
    """True where something has the name, be it a link to nothing."""
    return os.path.lexists(path)


def _same(first: Path, other: Path) -> bool:
    try:
        return first.samefile(other)
    except OSError:
        return first.resolve() == other.resolve()
