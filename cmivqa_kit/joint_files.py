"""Files that belong together, published by one step: all of them or none, whenever the process is killed.

They are written into a folder beside, with a journal of their names; links and whole folders may be among them.
Renaming that folder to its final name is the step; then they are moved out of it. A process that is killed while it
moves them leaves the folder, and the next call that reads or writes there (`complete`) moves the rest.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from cmivqa_kit.errors import RunFailed, UserError
from cmivqa_kit.files import apply_usual_mode, atomic_path
from cmivqa_kit.output_paths import regular_target
from cmivqa_kit.temporary_files import JOURNAL, lock_folder, sweep, temporary_folder

READY = ".cmivqa-ready-"
_FULL = "Free some space or choose another place, then run the same command again."


class Reserve(Protocol):
    """Gives the place where to write something until all are there.

    ``name`` is that below the folder (``train.json``, ``dev/dev.json``); ``regular`` is False for a link or a folder.
    A folder takes the place of a link, a link that of nothing.
    """

    def __call__(self, name: str, regular: bool = True) -> Path: ...


@contextmanager
def published_together(folder: Path) -> Iterator[Reserve]:
    """Gives a function: name below ``folder`` -> where to write that file until all are there.

    When the block ends well all files take their names; otherwise none does.

    Raises:
        UserError: something that is no regular file has one of the names.
        RunFailed: the disk is full or the folder cannot be written.
    """
    names: list[str] = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        complete(folder)
        with temporary_folder(folder, "writing") as home:
            staged = home / "files"
            staged.mkdir()

            def reserve(name: str, regular: bool = True) -> Path:
                if regular:
                    regular_target(folder / name)
                names.append(name)
                return staged / str(len(names) - 1)

            yield reserve
            for path in staged.iterdir():
                if path.is_file() and not path.is_symlink():
                    apply_usual_mode(path)
                    to_disk(path)
            (staged / JOURNAL).write_text(json.dumps(names, ensure_ascii=True), encoding="ascii")
            to_disk(staged / JOURNAL)
            # The lock is held by the time that others can see the folder.
            handle = lock_folder(staged)
            ready = folder / f"{READY}{home.name.rpartition('-')[2]}"
            try:
                staged.rename(ready)
                _move_out(ready, folder)
            finally:
                if handle is not None:
                    os.close(handle)
    except OSError as error:
        raise RunFailed(f"{folder}: could not be written ({error.strerror or error})", _FULL) from None


def complete(folder: Path, ready: Iterable[Path] | None = None) -> None:
    """Move out what a killed process had ready for ``folder``; a running one is left alone.

    ``ready`` are the folders that wait there, where they are known.

    Raises:
        UserError: a link has the name of one of them.
        RunFailed: they cannot be moved.
    """
    for waiting in sorted(folder.glob(f"{READY}*")) if ready is None else ready:
        if waiting.is_symlink() or not (waiting / JOURNAL).is_file() or (handle := lock_folder(waiting)) is None:
            continue
        try:
            if (waiting / JOURNAL).is_file():  # else its owner finished just now
                _move_out(waiting, folder, late=True)
                sweep(folder)
        except OSError as error:
            raise RunFailed(
                f"{folder}: a command was stopped while it put its files there, and they cannot be put there now "
                f"({error.strerror or error})",
                f"Run the same command as someone who may write to {folder}.",
            ) from None
        finally:
            os.close(handle)


def _move_out(ready: Path, folder: Path, late: bool = False) -> None:
    """Give the files their names; one that was moved already is not there any more.

    ``late``: by another process. The folder may have come from a stranger then, and his links are not followed.
    """
    for number, name in enumerate(_names(ready)):
        staged, target = ready / str(number), folder / name
        if not os.path.lexists(staged):
            continue
        regular = staged.is_file() and not staged.is_symlink()
        link = next((path for path in (target, *target.parents) if path.is_symlink() and path.is_relative_to(folder)
                     and path != folder and (regular or path != target)), None)  # fmt: skip
        if late and link is not None:
            raise UserError(
                f"{link}: is a link, and what a killed command had ready for it waits in {staged}",
                f"Move it there by hand, or remove {ready}.",
            )
        target.parent.mkdir(parents=True, exist_ok=True)
        if regular:
            _put(staged, regular_target(target))
        else:
            _put_whole(staged, target)
    to_disk(folder)
    (ready / JOURNAL).unlink()
    shutil.rmtree(ready, ignore_errors=True)


def _put(staged: Path, target: Path) -> None:
    try:
        staged.replace(target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        with atomic_path(target) as temporary:  # a link led to another disk
            shutil.copyfile(staged, temporary)
        staged.unlink()


def _put_whole(staged: Path, target: Path) -> None:
    """Give a link or a folder its name: a folder takes the place of a link, which is not followed."""
    if not staged.is_symlink() and target.is_symlink():
        target.unlink()
    if not os.path.lexists(target):
        staged.rename(target)


def _names(ready: Path) -> list[str]:
    """The names in a journal; none where it is damaged, or names another folder: a stranger may have written it."""
    try:
        names = json.loads((ready / JOURNAL).read_text(encoding="ascii"))
    except ValueError:
        return []
    return names if isinstance(names, list) and all(map(_is_below, names)) else []


def _is_below(name: object) -> bool:
    """True for the name of something below a folder, wherever that lies."""
    parts = name.split("/") if isinstance(name, str) else [""]
    return not {"", ".", ".."} & {*parts} and Path(*parts).as_posix() == name and not Path(*parts).is_absolute()


def to_disk(path: Path) -> None:
    """Bytes before names: after a crash of the machine no name stands for less than the whole file."""
    try:
        handle = os.open(path, os.O_RDONLY)
    except OSError:  # Windows opens no folders
        return
    try:
        os.fsync(handle)
    except OSError:
        pass
    finally:
        os.close(handle)
