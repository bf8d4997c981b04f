"""Bounds by hand."""

from __future__ import annotations

from fractions import Fraction

from cmivqa_kit.leaderboard.audit.bounds import combined, iou_bounds, mrr_bounds
from cmivqa_kit.leaderboard.audit.printed import Interval


def exactly(text: str) -> Interval:
    return Interval(Fraction(text), Fraction(text))


def test_the_mrr_of_recalls_at_1_10_and_50() -> None:
    bounds = mrr_bounds({1: exactly("0.2"), 10: exactly("0.5"), 50: exactly("0.7")}, entries=50)
    assert bounds.low == Fraction("0.2") + Fraction("0.3") / 10 + Fraction("0.2") / 50
    assert bounds.high == Fraction("0.2") + Fraction("0.3") / 2 + Fraction("0.2") / 11


def test_what_is_beyond_the_last_cutoff_may_stand_next() -> None:
    bounds = mrr_bounds({10: exactly("0.5")}, entries=50)
    assert bounds == Interval(Fraction(1, 20), Fraction(1, 2) + Fraction(1, 22))
    assert mrr_bounds({10: exactly("0.5")}, entries=10).high == Fraction(1, 2)


def test_the_least_of_the_mrr_uses_the_least_that_the_recalls_may_be() -> None:
    bounds = mrr_bounds({1: Interval(Fraction("0.1"), Fraction("0.2")), 10: exactly("0.5")}, entries=10)
    assert bounds == Interval(Fraction("0.1") + Fraction("0.04"), Fraction("0.2") + Fraction("0.15"))


def test_a_mean_iou_of_shares() -> None:
    shares = {Fraction("0.3"): exactly("0.6"), Fraction("0.5"): exactly("0.4"), Fraction("0.7"): exactly("0.1")}
    bounds = iou_bounds(shares)
    assert bounds.low == Fraction("0.3") * Fraction("0.2") + Fraction("0.5") * Fraction("0.3") + Fraction("0.07")
    most = Fraction("0.3") * Fraction("0.4") + Fraction("0.5") * Fraction("0.2") + Fraction("0.7") * Fraction("0.3")
    assert bounds.high == most + Fraction("0.1")


def test_sums_and_means() -> None:
    parts = [Interval(Fraction(1), Fraction(2)), Interval(Fraction(3), Fraction(5))]
    assert combined(parts, mean=False) == Interval(Fraction(4), Fraction(7))
    assert combined(parts, mean=True) == Interval(Fraction(2), Fraction(7, 2))
