"""A number as a board prints it, and the values that it may stand for."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from cmivqa_kit.data.folding import nfkc

LONGEST = 60  # characters of a cell that is read as a number
MISSING = frozenset({"", "-", "--", "/", "na", "n/a", "nan", "none", "null", "无", "待定", "tbd"})
_DASHES = str.maketrans("−–—―", "----")
_MARKS = re.compile(r"[*_`~†‡§★☆↑↓#\\\s]+|\(\d{1,3}\)$")
_NUMBER = re.compile(r"([+-]?(?:\d{1,12}(?:[.,]\d{0,12})?|[.,]\d{1,12}))(%?)")


@dataclass(frozen=True, slots=True)
class Interval:
    """All values from ``low`` to ``high``, both included."""

    low: Fraction
    high: Fraction


@dataclass(frozen=True, slots=True)
class Printed:
    """A printed value: ``text`` as it stands, its ``value`` as a fraction, and the ``step`` of its last digit."""

    text: str
    value: Fraction
    step: Fraction

    @property
    def rounded(self) -> Interval:
        """The values that round to it: half a step to either side."""
        return Interval(self.value - self.step / 2, self.value + self.step / 2)

    @property
    def possible(self) -> Interval:
        """The values that round to it or are cut off to it: boards do both."""
        return Interval(self.value - self.step / 2, self.value + self.step)

    @property
    def decimals(self) -> int:
        """Decimal places of the value as a fraction."""
        return len(str(self.step.denominator)) - 1

    def in_percent(self) -> Printed:
        """The same text read as percent."""
        return Printed(self.text, self.value / 100, self.step / 100)


def plain(text: str) -> str:
    """A cell without what marks it: asterisks, underscores, daggers, arrows, a place in brackets behind it."""
    return _MARKS.sub("", nfkc(text[:LONGEST]).translate(_DASHES).strip())


def read_number(text: str) -> tuple[Printed, bool] | None:
    """The number in a cell and whether it says percent itself; ``None`` where the cell is empty or says "none".

    Raises:
        ValueError: the cell holds something else.
    """
    bare = plain(text)
    if bare.lower() in MISSING and len(text) <= LONGEST:
        return None
    match = _NUMBER.fullmatch(bare)
    if match is None or len(text) > LONGEST:
        raise ValueError(text)
    number = Decimal(match[1].replace(",", "."))
    exponent = number.as_tuple().exponent
    decimals = -exponent if isinstance(exponent, int) else 0
    printed = Printed(bare, Fraction(number), Fraction(1, 10 ** max(decimals, 0)))
    return (printed.in_percent(), True) if match[2] else (printed, False)


def decimal_text(value: Fraction, decimals: int = 4) -> str:
    """A value with so many decimals, rounded."""
    return f"{float(value):.{decimals}f}"
