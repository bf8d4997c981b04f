"""Temporary files and folders that are locked while their owner lives; those of a killed one are removed.

The lock falls with the process that holds it, however that ends: what can be locked belongs to nobody. Where the disk
knows no locks (some network disks, Windows) nothing is ever taken for left behind.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows
    HAS_LOCKS = False
else:
    HAS_LOCKS = True

FOLDERS = ".cmivqa-"
ENDING = ".cmivqa.tmp"  # of files, and of folders that are unpacked into
_swept: set[tuple[int, str]] = set()  # process, folder: each is looked through once, however many files it gets


@contextmanager
def temporary_file(folder: Path, name: str) -> Iterator[Path]:
    """An empty file in ``folder`` for what will be called ``name``; it vanishes at the end if it is still there.

    Raises:
        OSError: it cannot be made.
    """
    _sweep_once(folder)
    while True:
        handle, made = tempfile.mkstemp(prefix=f".{name[:40]}.", suffix=ENDING, dir=folder)
        if _lock(handle) is not False and _still(handle, made):
            break
        os.close(handle)  # who sweeps had it first
    try:
        yield Path(made)
    finally:
        with suppress(OSError):
            Path(made).unlink(missing_ok=True)
        os.close(handle)


@contextmanager
def temporary_folder(parent: Path, label: str) -> Iterator[Path]:
    """A folder in ``parent`` (``.cmivqa-LABEL-...``) that vanishes at the end with all that is in it.

    Raises:
        OSError: it cannot be made.
    """
    sweep(parent)
    while True:
        made = Path(tempfile.mkdtemp(prefix=f"{FOLDERS}{label}-", dir=parent))
        handle = lock_folder(made)
        if handle is not None and made.is_dir():
            break
        if handle is not None:
            os.close(handle)
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)
        os.close(handle)


def sweep(folder: Path) -> None:
    """Remove from ``folder`` what killed processes left there; what a running one holds stays."""
    _swept.add((os.getpid(), str(folder)))
    if not HAS_LOCKS:
        return
    with suppress(OSError):
        for entry in list(os.scandir(folder)):
            ours = entry.name.startswith(FOLDERS) or (entry.name.startswith(".") and entry.name.endswith(ENDING))
            if ours and not entry.is_symlink() and not (Path(entry.path) / JOURNAL).exists():
                _remove_if_free(Path(entry.path), entry.is_dir(follow_symlinks=False))


JOURNAL = "journal.json"  # a folder that holds one is to be completed, not removed: `cmivqa_kit.joint_files`


def lock_folder(folder: Path) -> int | None:
    """A descriptor that holds the lock of a folder, to be closed; ``None`` where another process has it.

    On a disk without locks the descriptor holds none.
    """
    try:
        handle = os.open(folder, os.O_RDONLY)
    except FileNotFoundError:
        return None
    except OSError:  # Windows opens no folders
        return os.open(os.devnull, os.O_RDONLY)
    if _lock(handle) is False:
        os.close(handle)
        return None
    return handle


@contextmanager
def waiting_lock(folder: Path) -> Iterator[None]:
    """Hold the lock of a folder inside the block, after waiting for whoever holds it; none on a disk without locks.

    Raises:
        OSError: the folder cannot be opened.
    """
    if not HAS_LOCKS:
        yield
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _sweep_once(folder: Path) -> None:
    if (os.getpid(), str(folder)) not in _swept:
        sweep(folder)


def _remove_if_free(path: Path, is_folder: bool) -> None:
    with suppress(OSError):
        flags = os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW
        handle = os.open(path, flags)
        try:
            if _lock(handle) is not True:
                return
            if is_folder:
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink()
        finally:
            os.close(handle)


def _lock(handle: int) -> bool | None:
    """True: locked; False: another process holds it; ``None``: there are no locks here."""
    if not HAS_LOCKS:
        return None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return None
    return True


def _still(handle: int, name: str) -> bool:
    """True where the name is still that of the open file."""
    try:
        return os.path.samestat(os.fstat(handle), Path(name).stat())
    except FileNotFoundError:
        return False
