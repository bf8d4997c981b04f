"""Files that belong together, published by one step: all of them or none, whenever the process is killed.

They are written into a folder beside, with a journal of their names. Renaming that folder to its final name is the
step; then they are moved out of it. A process that is killed while it moves them leaves the folder, and the next call
that reads or writes there (`complete`) moves the rest.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from cmivqa_kit.errors import RunFailed, UserError
from cmivqa_kit.files import apply_usual_mode, atomic_path
from cmivqa_kit.output_paths import regular_target
from cmivqa_kit.temporary_files import JOURNAL, lock_folder, sweep, temporary_folder

READY = ".cmivqa-ready-"
_FULL = "Free some space or choose another place, then run the same command again."


@contextmanager
def published_together(folder: Path) -> Iterator[Callable[[str], Path]]:
    """Gives a function: name in ``folder`` (``train.json``) -> where to write that file until all are there.

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

            def reserve(name: str) -> Path:
                regular_target(folder / name)
                names.append(name)
                return staged / str(len(names) - 1)

            yield reserve
            for path in staged.iterdir():
                apply_usual_mode(path)
                _to_disk(path)
            (staged / JOURNAL).write_text(json.dumps(names, ensure_ascii=True), encoding="ascii")
            _to_disk(staged / JOURNAL)
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
        staged = ready / str(number)
        if staged.is_file() and not staged.is_symlink():
            if late and (folder / name).is_symlink():
                raise UserError(
                    f"{folder / name}: is a link, and what a killed command had ready for it waits in {staged}",
                    f"Move it there by hand, or remove {ready}.",
                )
            _put(staged, regular_target(folder / name))
    _to_disk(folder)
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


def _names(ready: Path) -> list[str]:
    """The names in a journal; none where it is damaged, or names another folder: a stranger may have written it."""
    try:
        names = json.loads((ready / JOURNAL).read_text(encoding="ascii"))
    except ValueError:
        return []
    plain = isinstance(names, list) and all(
        isinstance(name, str) and name not in ("", ".", "..") and Path(name).name == name for name in names
    )
    return names if plain else []


def _to_disk(path: Path) -> None:
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
