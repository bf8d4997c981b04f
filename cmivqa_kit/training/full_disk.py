"""A training that stopped because a file could not be written goes on with ``--resume``."""

from __future__ import annotations

import errno
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cmivqa_kit.errors import NotWritten

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS)


class WritingStopped(NotWritten):
    """Training stopped because a file could not be written; ``run`` is what to go on with, after ``remedy``."""

    def __init__(self, message: str, remedy: str, run: Path, command: str = "") -> None:
        command = command or f"cmivqa train --resume {shlex.quote(str(run))}"
        super().__init__(message, f"{remedy}, then go on: {command}", remedy)
        self.run = run


@contextmanager
def resumable(run: Path) -> Iterator[None]:
    """Let an error about a file that could not be written advise to resume the run.

    Raises:
        WritingStopped: in its place.
    """
    try:
        yield
    except NotWritten as error:
        raise WritingStopped(error.message, error.remedy, run) from None
    except OSError as error:
        if error.errno not in _FULL:
            raise
        named = f"{error.filename or run}: could not be written ({error.strerror})"
        raise WritingStopped(named, "Free some space", run) from None
