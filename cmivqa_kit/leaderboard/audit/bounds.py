"""What one metric says about another: bounds of the MRR from recalls, of a mean IoU from the shares above thresholds.

Every bound is a sum with coefficients that are not negative, so its least value comes of the least values that the
printed numbers may stand for, and its greatest of the greatest. Source: docs/spec/scoring.md, section 2.1.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction

from cmivqa_kit.leaderboard.audit.printed import Interval

ONE = Fraction(1)


def mrr_bounds(recalls: Mapping[int, Interval], entries: int) -> Interval:
    """Between which values the MRR lies, of recalls by cut-off.

    A right video between ranks a + 1 and b earns from 1/b to 1/(a + 1). The upper bound assumes every question
    answered: the official program leaves the others out of the MRR's mean (Q12), and only there.

    Args:
        recalls: one or more.
        entries: how many of a list are read; a right video further down earns nothing.
    """
    cutoffs = sorted(recalls)
    least = [Fraction(1, k) for k in cutoffs]
    most = [Fraction(1, before + 1) for before in (0, *cutoffs[:-1])]
    beyond = Fraction(0) if cutoffs[-1] >= entries else Fraction(1, cutoffs[-1] + 1)
    low = _weighted([recalls[k].low for k in cutoffs], _drops(least, Fraction(0)))
    high = beyond + _weighted([recalls[k].high for k in cutoffs], _drops(most, beyond))
    return Interval(low, high)


def iou_bounds(shares: Mapping[Fraction, Interval]) -> Interval:
    """Between which values a mean IoU lies, of the shares of questions at or above thresholds.

    At .3, .5 and .7: from .3 (r3 - r5) + .5 (r5 - r7) + .7 r7 to .3 (1 - r3) + .5 (r3 - r5) + .7 (r5 - r7) + r7.
    """
    thresholds = sorted(shares)
    steps = [mu - before for before, mu in zip((Fraction(0), *thresholds[:-1]), thresholds, strict=True)]
    rises = [after - mu for mu, after in zip(thresholds, (*thresholds[1:], ONE), strict=True)]
    low = _weighted([shares[mu].low for mu in thresholds], steps)
    high = thresholds[0] + _weighted([shares[mu].high for mu in thresholds], rises)
    return Interval(low, high)


def combined(parts: Sequence[Interval], mean: bool) -> Interval:
    """The sum or the mean of values."""
    total = Interval(sum((part.low for part in parts), Fraction(0)), sum((part.high for part in parts), Fraction(0)))
    return Interval(total.low / len(parts), total.high / len(parts)) if mean else total


def _drops(coefficients: Sequence[Fraction], last: Fraction) -> list[Fraction]:
    """By how much each is larger than the next one."""
    return [own - after for own, after in zip(coefficients, (*coefficients[1:], last), strict=True)]


def _weighted(values: Sequence[Fraction], weights: Sequence[Fraction]) -> Fraction:
    return sum((value * weight for value, weight in zip(values, weights, strict=True)), Fraction(0))
