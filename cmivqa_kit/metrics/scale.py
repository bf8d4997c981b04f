"""The scale of a metric: its unit, whether higher or lower is better, and the values that it can have."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

Bounds = tuple[float | None, float | None]

_SYMBOLS = {"fraction": "", "seconds": " s"}  # what is printed behind a value; another unit is printed in full
_LARGE = 1e6  # from here on decimals say nothing


@dataclass(frozen=True, slots=True)
class Scale:
    """What a value of a metric means.

    Attributes:
        unit: ``fraction``, ``seconds``, or another word that is printed behind the value.
        higher_is_better: the direction.
        bounds: the lowest and the highest possible value; ``None`` where there is no bound.
    """

    unit: str = "fraction"
    higher_is_better: bool = True
    bounds: Bounds = (0.0, 1.0)

    def gain(self, difference: float) -> float:
        """A difference, positive where it is for the better."""
        return difference if self.higher_is_better else -difference

    def clamp(self, value: float) -> float:
        """The nearest possible value: rounding may lead a little beyond a bound."""
        low, high = self.bounds
        if low is not None and value < low:
            return low
        return high if high is not None and value > high else value

    def of_differences(self) -> Scale:
        """The scale of differences between two values."""
        low, high = self.bounds
        width = None if low is None or high is None else high - low
        return Scale(self.unit, self.higher_is_better, (None if width is None else -width, width))

    def text(self, value: float, decimals: int = 4, signed: bool = False) -> str:
        """``0.1234`` for a fraction, ``12.3400 s`` for seconds; ``signed`` writes a plus too."""
        return f"{self.digits(value, decimals, signed)}{self.symbol}"

    def digits(self, value: float, decimals: int = 4, signed: bool = False) -> str:
        """A value as `text` shows it, without the unit; short where the value is beyond all bounds."""
        sign = "+" if signed else ""
        form = f"{sign}.{decimals}f" if not abs(value) >= _LARGE else f"{sign}.6g"
        text = f"{value:{form}}"
        return text if float(text) else f"{0.0:{form}}"  # what is shown as 0 has no minus

    @property
    def symbol(self) -> str:
        """What stands behind a printed value; nothing for fractions."""
        return _SYMBOLS.get(self.unit, f" {self.unit}")

    def to_dict(self) -> dict[str, object]:
        """The machine-readable twin: ``unit``, ``higher_is_better``, ``bounds`` [low, high], ``null`` for none."""
        return {"unit": self.unit, "higher_is_better": self.higher_is_better, "bounds": list(self.bounds)}


FRACTION = Scale()


def combined_scale(scales: Sequence[Scale], mean: bool) -> Scale:
    """The scale of a sum of metrics, or of their mean.

    Raises:
        ValueError: they differ in unit or direction: there is no such sum.
    """
    first = scales[0]
    if any((one.unit, one.higher_is_better) != (first.unit, first.higher_is_better) for one in scales):
        raise ValueError("metrics of different units or directions cannot be added")
    parts = len(scales) if mean else 1
    low, high = (_total([one.bounds[end] for one in scales], parts) for end in (0, 1))
    return Scale(first.unit, first.higher_is_better, (low, high))


def _total(bounds: Sequence[float | None], parts: int) -> float | None:
    known = [bound for bound in bounds if bound is not None]
    return sum(known) / parts if len(known) == len(bounds) else None
