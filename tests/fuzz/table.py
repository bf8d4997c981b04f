"""What the long version says: a row per kind (tried, failed), and every distinct failure with what shows it again."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from tests.fuzz.growth import BOUND, Growth

EXAMPLES = 3  # seeds shown of one failure
_OWN = re.compile(r"0x[0-9a-f]+|\d+(\.\d+)? s\b|[\w.]*\.tmp\b|'[^']*'|\d+")


@dataclass(slots=True)
class Row:
    """A kind: how many inputs were tried, and what failed, as (what shows it again, fault)."""

    kind: str
    tried: int = 0
    failures: list[tuple[str, str]] = field(default_factory=list)
    whole: int | None = None  # how many there are, where they can be counted

    def add(self, label: str, faults: Iterable[str]) -> None:
        """Note one input and its faults, if any; it failed once, however many there are."""
        self.tried += 1
        faults = list(faults)
        if faults:
            self.failures.append((label, "; ".join(faults[:3])))


def table(rows: Sequence[Row]) -> list[str]:
    """Kind, tried, failed."""
    width = max(len(row.kind) for row in rows)
    lines = [f"{'kind':<{width}}  {'tried':>12}  {'failed':>6}"]
    for row in rows:
        tried = f"{row.tried} of {row.whole}" if row.whole is not None else str(row.tried)
        lines.append(f"{row.kind:<{width}}  {tried:>12}  {len(row.failures):>6}")
    inputs, failed = sum(row.tried for row in rows), sum(len(row.failures) for row in rows)
    return [*lines, f"{'all':<{width}}  {inputs:>12}  {failed:>6}"]


def failures(rows: Sequence[Row]) -> list[str]:
    """Every distinct failure once, with how often and how to see it again."""
    lines = []
    for row in rows:
        groups: dict[str, list[tuple[str, str]]] = {}
        for label, fault in row.failures:
            groups.setdefault(_OWN.sub("#", fault), []).append((label, fault))
        for group in groups.values():
            labels = ", ".join(label for label, _ in group[:EXAMPLES])
            lines += [f"{row.kind}: {len(group)} times: {labels}", f"    {group[0][1]}"]
    return lines


def growth_table(measured: Sequence[Growth]) -> list[str]:
    """Shape, size, seconds, seconds for twice the size, ratio; the steepest first."""
    lines = [f"{'shape':<40} {'size':>8} {'seconds':>8} {'for twice':>9} {'ratio':>6}   (bound {BOUND:g})"]
    for growth in sorted(measured, key=lambda growth: (growth.holds, -growth.ratio)):
        end = "" if growth.holds else f"  {growth.fault or 'too steep'}"
        lines.append(
            f"{growth.shape:<40} {growth.size:>8} {growth.seconds:>8.2f} {growth.twice:>9.2f} {growth.ratio:>6.2f}{end}"
        )
    return lines
