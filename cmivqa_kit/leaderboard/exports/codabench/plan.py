"""What a bundle is made of: the track, the rules, and the phases with their answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import pairwise
from typing import Any

from cmivqa_kit.data.types import Track
from cmivqa_kit.editions import Edition
from cmivqa_kit.errors import UserError
from cmivqa_kit.scoring.truth import FIELDS

OPEN = date(2020, 1, 1)  # begin of a phase that is open until somebody closes it


@dataclass(frozen=True, slots=True)
class Dates:
    """First and last day of a phase (UTC); without a last one it stays open."""

    first: date = OPEN
    last: date | None = None


@dataclass(frozen=True, slots=True)
class Phase:
    """A phase: the split that it is about.

    Attributes:
        name: the split's.
        targets: the answers of the track, as the official program reads them.
        sample: a valid submission that answers nothing, as bytes; empty where the edition has no form.
    """

    name: str
    dates: Dates
    targets: Sequence[Mapping[str, Any]] = field(repr=False)
    sample: bytes = field(default=b"", repr=False)

    @property
    def reference(self) -> list[dict[str, Any]]:
        """The answers with the fields that are scored and no other."""
        names = FIELDS[3]
        return [{name: target[name] for name in names if name in target} for target in self.targets]


@dataclass(frozen=True, slots=True)
class Plan:
    """One bundle: a track, the edition, its phases, and how often a team may hand in (``None``: Codabench's default).

    Raises:
        UserError: no phase, or phases that overlap or touch.
    """

    track: Track
    edition: Edition
    phases: tuple[Phase, ...]
    per_day: int | None = None
    in_all: int | None = None

    def __post_init__(self) -> None:
        if not self.phases:
            raise UserError(f"Track {self.track}: no answers to make a phase of", "Give --truth FILE.")
        check_dates([(phase.name, phase.dates) for phase in self.phases])


def check_dates(phases: Sequence[tuple[str, Dates]]) -> None:
    """Refuse phases that Codabench refuses.

    Raises:
        UserError: one ends before it begins, begins on the day on which the one before ends or earlier, or is open
            although another follows.
    """
    for name, dates in phases:
        if dates.last is not None and dates.last < dates.first:
            raise UserError(f"phase {name}: ends on {dates.last}, before it begins on {dates.first}", _FIX)
    for (name, dates), (later, next_dates) in pairwise(phases):
        if dates.last is None:
            raise UserError(f"phase {name}: needs a last day, because {later} follows", _FIX)
        if next_dates.first <= dates.last:
            what = f"phase {later}: begins on {next_dates.first}, and {name} ends on {dates.last}"
            raise UserError(f"{what}: phases must not touch", _FIX)


_FIX = "Give --phase FIRST LAST once per split, in order: two dates such as 2026-12-01 2026-12-20."
