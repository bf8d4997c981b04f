"""What goes wrong because of the user's input, said plainly.

Every error names what is wrong, where (file, line and column or JSON pointer, id) and what to do. The library raises
`UserError`; the command line prints it without a traceback and leaves with its exit code (see ``ExitCode``).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path

SHOWN = 20  # findings listed in one message; the rest is counted, so that a broken file of 10,000 rows stays readable


class ExitCode(IntEnum):
    """Exit status of every command (the table in DESIGN.md)."""

    OK = 0
    FINDINGS = 1  # the thing checked is not fine
    USAGE = 2  # wrong usage, or another input missing or unreadable
    UNREADABLE = 3  # `score` only: unreadable submission, or the official program would have crashed on it
    FAILED = 4  # a run failed on its way (NaN, out of disk or memory)


class UserError(Exception):
    """A mistake in the user's input: ``message`` says what and where, ``fix`` what to do."""

    def __init__(self, message: str, fix: str = "", code: ExitCode = ExitCode.USAGE) -> None:
        super().__init__(message)
        self.message = message
        self.fix = fix
        self.code = code

    def __str__(self) -> str:
        return f"{self.message}\n{self.fix}" if self.fix else self.message


class RunFailed(UserError):
    """A run that failed on its way: out of disk or memory, NaN."""

    def __init__(self, message: str, fix: str = "") -> None:
        super().__init__(message, fix, ExitCode.FAILED)


class NotWritten(RunFailed):
    """A file that could not be written: the disk is full, or the folder takes none.

    ``remedy`` is what to do before the command is run again.
    """

    def __init__(self, message: str, fix: str = "", remedy: str = "Free some space") -> None:
        super().__init__(message, fix)
        self.remedy = remedy


# What other libraries advise where they refuse something: words that would switch a safety off. Never passed on.
_UNSAFE = re.compile(
    r"weights_only|allow_pickle|trust_remote_code|safe_globals|pickle_module|verify\s*=\s*False|"
    r"arbitrary code|no-check-certificate|ignore_mismatched_sizes|weights only load",
    re.IGNORECASE,
)
_GLOBAL = re.compile(r"GLOBAL ([\w.]{1,100})")


def reason_of(error: BaseException) -> str:
    """The first line of what another library says of an error, without any advice that would switch a safety off.

    Such a text is replaced by what it is about: a file that holds code or Python objects, which are never loaded.
    """
    text = str(error).strip()
    if _UNSAFE.search(text):
        name = _GLOBAL.search(text)
        return f"it holds Python objects or code{f' ({name[1]})' if name else ''}, which are never loaded"
    return text.splitlines()[0] if text else type(error).__name__


@dataclass(frozen=True, slots=True)
class Problem:
    """One finding in an input file: a ``message``, and its ``location``: a JSON pointer, a line:column or an id."""

    location: str
    message: str


def problems_error(path: object, problems: Iterable[Problem], fix: str) -> UserError:
    """One `UserError` that lists every problem found in ``path`` (the first 20, then a count)."""
    listed = list(problems)
    lines = [f"  {problem.location}: {problem.message}" for problem in listed[:SHOWN]]
    if len(listed) > SHOWN:
        lines.append(f"  ... and {len(listed) - SHOWN} more")
    noun = "problem" if len(listed) == 1 else "problems"
    return UserError(f"{path}: {len(listed)} {noun}\n" + "\n".join(lines), fix)


@contextmanager
def naming(path: Path, *others: Path) -> Iterator[None]:
    """Put a file's name before an error about it, unless the error names it or one of the ``others`` already: several
    files may be judged in one call."""
    try:
        yield
    except UserError as error:
        if any(str(name) in error.message for name in (path, *others)):
            raise
        named = copy(error)  # of the same kind; the first may be remembered somewhere
        named.message = f"{path}: {error.message}"
        named.args = (named.message,)
        raise named from None


def closest(word: str, known: Iterable[str]) -> str:
    """``" Did you mean 'x'?"`` for the nearest known word, or an empty string."""
    from difflib import get_close_matches

    near = get_close_matches(word, list(known), n=1, cutoff=0.5)
    return f" Did you mean {near[0]!r}?" if near else ""
