"""A kill before every operation of a command that changes the file system, and in the middle of every write.

After a kill nothing half written stands under a final name, and a second call of the command succeeds and leaves the
bytes that an undisturbed one leaves; where the killed one had done all its work, it may also be refused, and then
changes nothing. Which versions of a file are whole is learned from an undisturbed call: every content that it ever
published under the name, by writing a new file whole or by renaming a file or folder to it. Of a log, to which lines
are appended, a kill may cut the last line; the call that goes on with it takes that away.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.fuzz.child import Bounds, Ended, command
from tests.fuzz.operations import Operation

LOG = ".jsonl"  # lines are appended to it one by one: any number of whole lines is a version
LOCK = ".lock"  # the end of the names of lock files, which stay (cmivqa_kit/runs/lock.py)
REFUSED = 2
_CLOCK = re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?")
Tree = dict[str, str]  # path inside the folder -> digest of the content


@dataclass(frozen=True, slots=True)
class Writing:
    """A command that writes: how its folder is made ready, its words, and those of the call that follows a kill.

    Attributes:
        name: for the table.
        prepare: fills an empty folder.
        words: the command.
        again: what is called after the kill, by default the same; where that is refused, the same again too.
        numbered: runs are numbered, and the second call makes one more: then only its newest run is compared.
        torch: it needs the neural packages imported.
    """

    name: str
    prepare: Callable[[Path], None]
    words: tuple[str, ...]
    again: tuple[str, ...] = ()
    numbered: bool = False
    torch: bool = False


@dataclass(slots=True)
class Undisturbed:
    """A call that nobody stops: its operations, the whole versions of each file, the tree before and after."""

    operations: list[Operation]
    before: Tree
    after: Tree
    versions: dict[str, set[str]] = field(default_factory=dict)
    ended: Ended | None = None


@dataclass(frozen=True, slots=True)
class Kill:
    """One kill that was not withstood: at which operation, and why."""

    writing: str
    number: int
    operation: Operation | None
    reason: str

    def __str__(self) -> str:
        at = f"{self.operation.kind} {Path(self.operation.path).name}" if self.operation else ""
        return f"{self.writing}: kill {self.number} ({at}): {self.reason}"


def undisturbed(writing: Writing, folder: Path) -> Undisturbed:
    """The call without a kill, in ``folder``, which is emptied first.

    Raises:
        AssertionError: the command itself fails.
    """
    _ready(writing, folder)
    before = tree(folder)
    journal = folder.with_name(f"{folder.name}.operations")
    journal.write_bytes(b"")
    descriptor = os.open(journal, os.O_WRONLY | os.O_APPEND)
    note = os.write  # the plain one: in the child it is replaced
    root = os.path.realpath(folder)

    def listener(operation: Operation) -> None:
        if _within(operation, root):
            published = dict(_published(operation, root))
            line = [operation.kind, operation.path, operation.target, published]
            note(descriptor, json.dumps(line).encode() + b"\n")

    ended = command(writing.words, folder, BOUNDS, listener)
    os.close(descriptor)
    assert ended.code == 0, f"{writing.name}: {ended.code} {ended.err[-500:]}"
    assert leftovers(folder) == [], f"{writing.name} leaves {leftovers(folder)}"
    seen = Undisturbed([], before, tree(folder), ended=ended)
    for line in journal.read_text(encoding="utf-8").splitlines():
        kind, path, target, published = json.loads(line)
        seen.operations.append(Operation(kind, path, target))
        for name, digest in published.items():
            seen.versions.setdefault(name, set()).add(digest)
    for state in (seen.before, seen.after):
        for name, digest in state.items():
            seen.versions.setdefault(name, set()).add(digest)
    return seen


BOUNDS = Bounds(seconds=60)


def killed(writing: Writing, seen: Undisturbed, number: int, folder: Path) -> Iterator[Kill]:
    """What is not withstood when the call is killed before its operation ``number`` (from 1), within it if a write."""
    operation = seen.operations[number - 1]
    _ready(writing, folder)
    root, count = os.path.realpath(folder), 0

    def listener(told: Operation) -> None:
        nonlocal count
        if _within(told, root):
            count += 1
            if count == number:
                if told.half is not None:
                    told.half()
                os.kill(os.getpid(), signal.SIGKILL)

    ended = command(writing.words, folder, BOUNDS, listener)
    if ended.code != -signal.SIGKILL:
        yield Kill(writing.name, number, operation, f"was not reached: exit code {ended.code} {ended.err[-200:]}")
        return
    for name in half_written(seen, folder, cut=True):
        yield Kill(writing.name, number, operation, f"half written: {name}")
    done = tree(folder)
    second = command(writing.again or writing.words, folder, BOUNDS)
    if second.code == REFUSED and writing.again:
        second = command(writing.words, folder, BOUNDS)
    had_ended = second.code == REFUSED and not different(seen.after, done, writing.numbered)
    if second.code != 0 and not had_ended:
        yield Kill(writing.name, number, operation, f"second call: exit code {second.code}: {second.err.strip()[:300]}")
        return
    after = tree(folder)
    for reason in different(seen.after, after, writing.numbered):
        yield Kill(writing.name, number, operation, reason)


def leftovers(folder: Path) -> list[str]:
    """Temporary files and folders that lie in ``folder``; of a folder only itself. Lock files are none."""
    names = (path.relative_to(folder) for path in sorted(folder.rglob("*")))
    hidden = (name for name in names if name.name.startswith(".") and not _temporary(name.parent))
    return [str(name) for name in hidden if not (name.name.endswith(LOCK) and (folder / name).is_file())]


def half_written(seen: Undisturbed, folder: Path, cut: bool = False) -> list[str]:
    """Files under a final name whose content was never published whole; ``cut``: the last line of a log may be cut."""
    wrong = []
    for name, digest in tree(folder).items():
        whole = seen.versions.get(name, set())
        if digest not in whole and not (name.endswith(LOG) and _whole_lines(folder / name, cut)):
            wrong.append(name)
    return wrong


def different(expected: Tree, after: Tree, numbered: bool) -> list[str]:
    """How a tree after a second call differs from the undisturbed one."""
    if numbered:
        expected, after = _newest(expected), _newest(after)
    lacking = [f"lacks {name}" for name in expected if name not in after]
    more = [f"has {name} besides" for name in after if name not in expected]
    other = [f"other bytes: {name}" for name, digest in expected.items() if after.get(name, digest) != digest]
    return [f"after the second call: {reason}" for reason in (*lacking, *more, *other)]


def tree(folder: Path) -> Tree:
    """The files under final names (no part starts with a dot) and what each holds, times of day left out."""
    found = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder)
        if path.is_file() and not _temporary(name):
            found[str(name)] = _digest(path)
    return found


def _temporary(name: Path) -> bool:
    return any(part.startswith(".") for part in name.parts)


def _digest(path: Path) -> str:
    data = path.read_bytes()
    return hashlib.sha256(_CLOCK.sub(b"TIME", data) if path.suffix in (".json", LOG, ".toml") else data).hexdigest()[
        :16
    ]


def _published(operation: Operation, root: str) -> Iterator[tuple[str, str]]:
    """Names and digests of what a rename is about to give final names to."""
    if operation.kind != "rename":
        return
    source, target = Path(operation.path), Path(operation.target)
    for path in [source] if source.is_file() else sorted(source.rglob("*")):
        if path.is_file():
            final = target if path == source else target / path.relative_to(source)
            yield os.path.relpath(final, root), _digest_as(path, final)


def _digest_as(path: Path, final: Path) -> str:
    data = path.read_bytes()
    return hashlib.sha256(_CLOCK.sub(b"TIME", data) if final.suffix in (".json", LOG, ".toml") else data).hexdigest()[
        :16
    ]


def _whole_lines(path: Path, cut: bool) -> bool:
    """Whether a log is made of lines that are objects; ``cut``: but for the last one."""
    *lines, last = path.read_bytes().split(b"\n")
    try:
        return all(isinstance(json.loads(line), dict) for line in lines) and (cut or not last)
    except ValueError:
        return False


def _within(operation: Operation, root: str) -> bool:
    return any(name.startswith(root + os.sep) for name in (operation.path, operation.target))


def _ready(writing: Writing, folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    writing.prepare(folder)


def _newest(files: Mapping[str, str]) -> Tree:
    """The files of the run with the highest number, by their names inside it, and all that belongs to no run."""
    numbers = [int(match[1]) for name in files if (match := _RUN.match(name))]
    newest = max(numbers, default=0)
    kept = {}
    for name, digest in files.items():
        match = _RUN.match(name)
        if match is None:
            kept[name] = digest
        elif int(match[1]) == newest:
            kept[name[match.end() :]] = digest
    return kept


_RUN = re.compile(r"runs/[a-z0-9]+-(\d+)/")


def withstood(writings: Sequence[Writing], folder: Path) -> Iterator[tuple[Writing, int, list[Kill]]]:
    """Every kill of every command: the command, the number of the operation, what was not withstood."""
    for writing in writings:
        seen = undisturbed(writing, folder)
        for number in range(1, len(seen.operations) + 1):
            yield writing, number, list(killed(writing, seen, number, folder))
