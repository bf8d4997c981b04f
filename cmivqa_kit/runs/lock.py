"""One process writes into a run at a time: a lock that the system holds for a process, and lets go when it dies.

The lock is on a file of the run, ``.lock`` (of a pass over a corpus: ``predictions/.SPLIT.lock``); what it says
(process, host, since when) is for the error that a second process ends with. The file stays: taking it away would let
two processes lock two files of one name.
"""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from cmivqa_kit.errors import UserError

try:
    import fcntl
except ImportError:  # Windows: runs are not locked there
    fcntl = None  # type: ignore[assignment]

LOCK = ".lock"


@contextmanager
def locked(run: Path, main: bool = True, lock: str = LOCK) -> Iterator[None]:
    """Hold the lock of a run inside the block.

    Args:
        run: the folder of the run, or of its passes.
        main: False in the other processes of a group: their main process holds it for them.
        lock: the name of the lock file in the folder.

    Raises:
        UserError: another process holds it; it says which one.
    """
    stream = _open(run / lock) if main and fcntl is not None else None
    if stream is None:
        yield
        return
    with stream:  # closing it lets go
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UserError(
                f"{run}: another process works on it{_holder(stream)}",
                "Wait until it ends, or stop it; its lock falls with it.",
            ) from None
        except OSError:  # a file system without locks
            yield
            return
        _name_holder(stream)
        try:
            yield
        finally:
            with suppress(OSError):
                stream.truncate(0)


def is_locked(run: Path, lock: str = LOCK) -> bool:
    """True while a process works on a run.

    Only a lock file that names a process is tried: trying holds the lock for a moment.
    """
    path = run / lock
    try:
        if fcntl is None or not path.is_file() or not path.stat().st_size:
            return False
        with path.open("rb") as stream:
            fcntl.flock(stream, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:  # not readable, or a file system without locks
        return False
    return False


def _open(path: Path) -> IO[str] | None:
    """The lock file; ``None`` where it cannot be written: then nothing else of the run can be written either."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o666)
    except OSError:
        return None
    return os.fdopen(descriptor, "r+", encoding="utf-8", errors="replace")


def _name_holder(stream: IO[str]) -> None:
    holder = {"pid": os.getpid(), "host": socket.gethostname(), "since": datetime.now(UTC).isoformat("T", "seconds")}
    with suppress(OSError):  # a full disk: the lock holds all the same
        stream.seek(0)
        stream.truncate()
        stream.write(json.dumps(holder))
        stream.flush()


def _holder(stream: IO[str]) -> str:
    """Who holds the lock, as far as its file says."""
    try:
        holder = json.loads(stream.read(4096))
        return f" (process {holder['pid']} on {holder['host']}, since {holder['since']})"
    except (OSError, ValueError, LookupError, TypeError, RecursionError):
        return ""
