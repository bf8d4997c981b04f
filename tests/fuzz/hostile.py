"""Kinds of hostile input: from a seed to files in a folder and a command on them; what is wrong with how it ended.

A kind is a function that makes the input of one case; `@kind` enters it in `KINDS`.
"""

from __future__ import annotations

import hashlib
import random
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.fuzz import warm
from tests.fuzz.child import MIB, Bounds, Ended, command

BOUNDS = Bounds(seconds=10, memory=1024 * MIB, file=128 * MIB)
PEAK = 400 * MIB  # resident memory that a small input may take beyond what was there before

Make = Callable[[Path, random.Random], tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of input: its name, what makes a case in an empty folder and gives the command, whether it needs torch."""

    name: str
    make: Make
    torch: bool = False


KINDS: dict[str, Kind] = {}


def kind(name: str, torch: bool = False) -> Callable[[Make], Make]:
    """Enter a maker of cases under a name."""

    def enter(make: Make) -> Make:
        KINDS[name] = Kind(name, make, torch)
        return make

    return enter


@dataclass(frozen=True, slots=True)
class Case:
    """What came of one input; ``fault`` is empty where all is well."""

    kind: str
    seed: int
    words: tuple[str, ...]
    ended: Ended
    fault: str

    def __str__(self) -> str:
        return f"{self.kind}, seed {self.seed}: cmivqa {' '.join(self.words)}: {self.fault}"


def tried(name: str, seed: int, folder: Path) -> Case:
    """Make the case of a seed in ``folder``, which is emptied first, run its command, and judge."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    chosen = KINDS[name]
    (warm.with_torch if chosen.torch else warm.imported)()
    words = chosen.make(folder, random.Random(f"{name} {seed}"))
    before = dict(_contents(folder))
    resident = warm.resident()
    ended = command(words, folder, BOUNDS)
    return Case(name, seed, words, ended, ended.fault() or _judged(before, folder, words, ended, resident))


def cases(name: str, first: int, folder: Path) -> Iterator[Case]:
    """The cases of a kind, without end, from a seed on."""
    while True:
        yield tried(name, first, folder)
        first += 1


def _judged(before: dict[str, str], folder: Path, words: tuple[str, ...], ended: Ended, resident: int) -> str:
    if ended.peak - resident > PEAK:
        return (
            f"memory: {(ended.peak - resident) // MIB} MiB for {sum(map(len, before))} bytes of names and small files"
        )
    after = dict(_contents(folder))
    own = "runs/" if words[0] == "train" else "\0"  # what a training goes on with
    lost = [name for name, digest in before.items() if after.get(name) != digest and not name.startswith(own)]
    if lost:
        return f"changed or removed what it was given: {', '.join(lost[:3])}"
    if ended.code in (1, 2, 3, 4) and not (ended.out + ended.err).strip():
        return f"exit code {ended.code} without a word"
    return ""


def _contents(folder: Path) -> Iterator[tuple[str, str]]:
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.is_symlink():
            yield str(path.relative_to(folder)), hashlib.sha256(path.read_bytes()).hexdigest()
