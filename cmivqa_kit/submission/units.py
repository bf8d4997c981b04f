"""Units of time: what the times of a file likely are where they are no seconds, and how they become seconds."""

from __future__ import annotations

import math
import re
from array import array
from collections.abc import Iterable
from dataclasses import dataclass

from cmivqa_kit.errors import UserError

ESTIMATE = 2.0  # times an estimated duration, and
SLACK = 60.0  # seconds beyond it: what ends later is no matter of rounding
_NEARLY_ALL = 0.9
_FEWEST = 3  # different spans that say anything about a unit
# Frames, or feature rows, a second that are in use; the smallest that fits is named. 24 is too near to 25 to be told.
_RATES = (2.0, 4.0, 5.0, 8.0, 10.0, 12.0, 15.0, 25.0, 30.0, 50.0, 60.0)
_HOURS = 3 * 3600
_MOST = 1_100.0  # times the video's length: beyond are no milliseconds either
_FRAMES = re.compile(r"frames=([0-9]{1,4}(?:\.[0-9]{1,6})?)")
NAMES = "ms, fraction, or frames=FPS (e.g. frames=25)"


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit of time: ``name`` as ``--unit`` takes it; ``per_second`` of them are a second, 0 for video lengths."""

    name: str
    noun: str
    per_second: float

    def seconds(self, value: float, duration: float | None) -> float | None:
        """``value`` in seconds; ``None`` where that needs the length of the video, in seconds, and it is not known."""
        if self.per_second:
            return value / self.per_second
        return None if duration is None else value * duration


MILLISECONDS = Unit("ms", "milliseconds", 1000.0)
FRACTION = Unit("fraction", "fractions of the video's length", 0.0)


def frames(rate: float) -> Unit:
    """Frame numbers at ``rate`` frames a second."""
    return Unit(f"frames={rate:g}", f"frame numbers at {rate:g} a second", rate)


def read_unit(text: str) -> Unit:
    """The unit that ``--unit`` names.

    Raises:
        UserError: it names none.
    """
    for unit in (MILLISECONDS, FRACTION):
        if text == unit.name:
            return unit
    rate = _FRAMES.fullmatch(text)
    if rate and float(rate[1]) > 0:
        return Unit(text, f"frame numbers at {rate[1]} a second", float(rate[1]))
    raise UserError(f"unit {text!r} is none that is known", f"Give {NAMES}.")


@dataclass(frozen=True, slots=True)
class Timed:
    """The end of a span, and the length of its video in seconds where that is known."""

    start: float
    end: float
    duration: float | None


@dataclass(frozen=True, slots=True)
class Guess:
    """Why the times of a file are likely no seconds, and what they likely are; no ``unit`` where none fits."""

    message: str
    unit: Unit | None = None


def likely_unit(spans: Iterable[Timed]) -> Guess | None:
    """What the times of a file likely are where they are no seconds; ``None`` where nothing speaks against seconds.

    Args:
        spans: valid spans (finite, 0 <= start < end), which are looked at once and not kept.
    """
    different: set[tuple[float, float]] = set()  # never larger: times can be chosen so that all have the same hash
    total = within_1 = late = beyond = 0
    ratios = array("d")
    for span in spans:
        end, duration = span.end, span.duration
        total += 1
        within_1 += end <= 1
        late += end > _HOURS
        if len(different) < _FEWEST:
            different.add((span.start, end))
        if duration is not None:
            beyond += end > ESTIMATE * duration and end > duration + SLACK
            if duration:
                ratios.append(end / duration)
    if len(different) < _FEWEST:
        return None  # also the one placeholder of lists that only rank videos
    if within_1 >= _NEARLY_ALL * total:
        return Guess(f"{within_1} of {total} spans end at 1 or before: likely {FRACTION.noun}", FRACTION)
    if not ratios:
        return _by_ends(total, within_1, late)
    if 2 * beyond < len(ratios):
        return None
    # The latest spans tell the unit: they end near the end of their video. A few may end beyond it.
    largest = sorted(ratios)[math.ceil(0.98 * len(ratios)) - 1]
    said = f"{beyond} of {total} spans end far beyond their video, up to {max(ratios):,.4g} times its length"
    unit = _by_ratio(largest)
    if unit is None:
        return Guess(f"{said}: no seconds")
    fit = sum(ratio <= 1.02 * unit.per_second for ratio in ratios)
    return Guess(f"{said}: likely {unit.noun}, in which {fit} of {len(ratios)} end within their video", unit)


def unit_of_ends(spans: Iterable[tuple[float, float]], most: int) -> Guess | None:
    """`likely_unit` of spans in videos of unknown length, which are looked at once and not kept.

    ``most`` is a number that there are no more of: once too many are of the usual length no others are looked at.
    """
    different: set[tuple[float, float]] = set()
    total = within_1 = late = 0
    usual = most - _NEARLY_ALL * most + 1  # one more, for the rounding
    for span in spans:
        end = span[1]
        total += 1
        within_1 += end <= 1
        late += end > _HOURS
        if len(different) < _FEWEST:
            different.add(span)
        if total - within_1 - late > usual:
            return None
    return _by_ends(total, within_1, late) if len(different) == _FEWEST else None


def _by_ends(total: int, within_1: int, late: int) -> Guess | None:
    """A guess where no video's length is known: nobody answers a question with hours of video."""
    if within_1 >= _NEARLY_ALL * total:
        return Guess(f"{within_1} of {total} spans end at 1 or before: likely {FRACTION.noun}", FRACTION)
    if late < _NEARLY_ALL * total:
        return None
    said = f"{late} of {total} spans end after more than three hours"
    return Guess(f"{said}: likely {MILLISECONDS.noun}", MILLISECONDS)


def _by_ratio(largest: float) -> Unit | None:
    if largest > 1.02 * _RATES[-1]:
        return MILLISECONDS if largest <= _MOST else None
    return frames(next(rate for rate in _RATES if largest <= 1.02 * rate))
