"""The long version: each kind for its share of the time, from a seed on."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from pathlib import Path

from tests.fuzz import hostile_archives, hostile_features, hostile_runs, hostile_texts, warm  # noqa: F401 (they enter their kinds)
from tests.fuzz.growth import SHAPES, Growth, growth
from tests.fuzz.hostile import KINDS, tried
from tests.fuzz.kills import Undisturbed, Writing, killed, leftovers, undisturbed
from tests.fuzz.official_against_kit import disagreement
from tests.fuzz.table import Row
from tests.fuzz.writing_commands import WRITING, scratch

SPACING = 10**6  # between the first cases of two seeds
SHARES = {"official program": 0.05, "kills": 0.25, "growth": 0.45}  # the rest is shared by the hostile kinds


def seeds(first: int, seconds: float, count: int | None) -> Iterator[int]:
    """Seeds of cases, one after the other, until the time is up or there are enough."""
    end, seed = time.monotonic() + seconds, first
    while (count is None or seed < first + count) and (count is not None or time.monotonic() < end):
        yield seed
        seed += 1


def official(first: int, seconds: float, count: int | None = None) -> Row:
    """The official program against the kit."""
    row = Row("official program")
    folder = scratch() / "official"
    folder.mkdir(exist_ok=True)
    for seed in seeds(first, seconds, count):
        difference = disagreement(seed, folder)
        row.add(f"case {seed}", [difference] if difference else [])
    return row


def hostile(name: str, first: int, seconds: float, count: int | None = None) -> Row:
    """One kind of hostile input."""
    row = Row(name)
    for seed in seeds(first, seconds, count):
        case = tried(name, seed, scratch() / "hostile")
        row.add(f"case {seed}", [f"{case.fault} [cmivqa {' '.join(case.words)}]"] if case.fault else [])
    return row


def kills(seed: int, seconds: float, chosen: str = "") -> list[Row]:
    """Kills of every command that writes, in an order drawn by the seed, and what temporary files stay for good."""
    end = time.monotonic() + seconds
    folder = scratch() / "killed"
    commands: dict[str, tuple[Writing, Undisturbed]] = {}
    rows: dict[str, Row] = {}
    left = Row("kill: leftovers after a second call")
    for writing in WRITING:
        if chosen and writing.name != chosen:
            continue
        (warm.with_torch if writing.torch else warm.imported)()
        seen = undisturbed(writing, folder)
        commands[writing.name] = writing, seen
        rows[writing.name] = Row(f"kill: {writing.name}", whole=len(seen.operations))
    todo = [(name, number) for name, (_, seen) in commands.items() for number in range(1, len(seen.operations) + 1)]
    random.Random(seed).shuffle(todo)
    for name, number in todo:
        if time.monotonic() > end and not chosen:
            break
        writing, seen = commands[name]
        found = list(killed(writing, seen, number, folder))
        operation = seen.operations[number - 1]
        label = f"kill {number} ({operation.kind} {Path(operation.path).name})"
        rows[name].add(label, [kill.reason for kill in found])
        left.add(f"{name}, {label}", [f"leaves {', '.join(leftovers(folder)[:3])}"] if leftovers(folder) else [])
    return [*rows.values(), left]


def growths(seed: int, seconds: float, chosen: str = "") -> tuple[Row, list[Growth]]:
    """The growth of every shape, in an order drawn by the seed."""
    end = time.monotonic() + seconds
    names = [name for name in SHAPES if chosen in name]
    row = Row("growth for twice the input", whole=len(names))
    warm.imported()
    random.Random(seed).shuffle(names)
    measured = []
    for name in names:
        if time.monotonic() > end and not chosen:
            break
        measured.append(growth(name, scratch() / "growth"))
        steep = f"{name}: {measured[-1].fault or f'{measured[-1].ratio:.1f} times the time for twice the input'}"
        row.add(f"size {measured[-1].size}", [] if measured[-1].holds else [steep])
    return row, measured


def campaign(seconds: float, seed: int) -> tuple[list[Row], list[Growth]]:
    """Everything: the rows of the table, and the growths."""
    first = seed * SPACING
    rest = seconds * (1 - sum(SHARES.values())) / len(KINDS)
    rows = [official(first, seconds * SHARES["official program"])]
    # Those that need torch come last: what a child starts with is what its parent has.
    for kind in sorted(KINDS.values(), key=lambda kind: kind.torch):
        if not kind.torch:
            rows.append(hostile(kind.name, first, rest))
    row, measured = growths(seed, seconds * SHARES["growth"])
    rows += [row, *kills(seed, seconds * SHARES["kills"])]
    rows += [hostile(kind.name, first, rest) for kind in KINDS.values() if kind.torch]
    return rows, measured
