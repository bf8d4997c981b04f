"""What to do next, from the numbers alone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cmivqa_kit.data.types import Track
from cmivqa_kit.diagnosis.advice import Numbers, advise

ORACLES = {"gold-span": 0.7, "gold-video": 0.4}


def numbers(shares: tuple[float, float, float, float], track: Track = 3) -> Numbers:
    oracles = ORACLES if track == 3 else {}
    headline = "Average" if track == 3 else "mIoU"
    return Numbers(track, headline, 1 - sum(shares), shares, 0.0, oracles, {})


RETRIEVAL, LOCALIZATION = "retrieval costs", "localization costs"


@pytest.mark.parametrize(
    ("shares", "balance", "step"),
    [
        ((0.4, 0.1, 0.2, 0.1), f"{RETRIEVAL} 0.5000 and localization 0.3000", "retrieval miss (0.4000): get the right"),
        ((0.1, 0.3, 0.2, 0.1), f"{RETRIEVAL} 0.4000 and localization 0.3000", "right video ranked low (0.3000): it is"),
        ((0.1, 0.1, 0.3, 0.2), f"{LOCALIZATION} 0.5000 and retrieval 0.2000", "right video, wrong span (0.3000): find"),
        ((0.1, 0.1, 0.2, 0.3), f"{LOCALIZATION} 0.5000 and retrieval 0.2000", "boundary error (0.3000): the passage"),
        # The largest class need not be on the side that costs more.
        ((0.3, 0.0, 0.25, 0.25), f"{LOCALIZATION} 0.5000 and retrieval 0.3000", "retrieval miss (0.3000): get the"),
        ((0.2, 0.2, 0.2, 0.2), f"{RETRIEVAL} 0.4000 and localization 0.4000", "retrieval miss (0.2000): get the right"),
    ],
)
def test_the_largest_class_decides(shares: tuple[float, float, float, float], balance: str, step: str) -> None:
    assert advise(numbers(shares)).startswith(f"Of Average, {balance}. Most is lost to {step}")


def test_a_class_close_behind_is_named() -> None:
    assert advise(numbers((0.3, 0.28, 0.1, 0.1))).endswith(" Close behind: right video ranked low (0.2800).")
    assert "Close behind" not in advise(numbers((0.3, 0.26, 0.1, 0.1)))


def test_bounds_are_named() -> None:
    assert "above 0.7000" in advise(numbers((0.4, 0.1, 0.2, 0.1)))
    assert "would score 0.4000" in advise(numbers((0.1, 0.3, 0.2, 0.1)))
    assert "would score 0.7000" in advise(numbers((0.1, 0.1, 0.3, 0.2)))


def test_answers_come_first() -> None:
    some = numbers((0.4, 0.1, 0.2, 0.1))
    assert (
        advise(replace(some, unanswered=0.1))
        == "Answer every question first: 10.0% of them have no answer and count 0."
    )
    assert "Answer every question" not in advise(replace(some, unanswered=0.09))


def test_nothing_lost() -> None:
    assert advise(numbers((0.0, 0.0, 0.0, 0.004))).startswith("Nearly nothing is lost")
    assert advise(numbers((0.0, 0.0, 0.0, 0.006))).startswith("Of Average")


@pytest.mark.parametrize(
    ("priors", "wanted"),
    [
        ({"gold-video": 0.4, "ranking": 0.1}, "Within the right video the prior's one span scores 0.4000, your own"),
        ({"gold-video": 0.39, "ranking": 0.3}, "The prior's span in place of each of yours would score 0.3000"),
        ({"gold-video": 0.39, "ranking": 0.1}, None),
        ({}, None),
    ],
)
def test_a_prior_that_is_not_beaten(priors: dict[str, float], wanted: str | None) -> None:
    text = advise(replace(numbers((0.4, 0.1, 0.2, 0.1)), priors=priors))
    assert ("prior" in text) is (wanted is not None)
    assert wanted is None or wanted in text


@pytest.mark.parametrize(
    ("shares", "wanted"),
    [
        ((0.3, 0.0, 0.1, 0.1), "Answers without a valid span cost most (0.3000)"),
        ((0.0, 0.0, 0.4, 0.1), "Wrong spans cost 0.4000 of mIoU, inexact ends 0.1000. Work on finding the passage"),
        ((0.0, 0.0, 0.1, 0.4), "Wrong spans cost 0.1000 of mIoU, inexact ends 0.4000. The passage is mostly found"),
    ],
)
def test_track_1(shares: tuple[float, float, float, float], wanted: str) -> None:
    assert advise(numbers(shares, 1)).startswith(wanted)
    own = 1 - sum(shares)
    assert "reads no question" in advise(replace(numbers(shares, 1), priors={"prior": own}))
    assert "reads no question" not in advise(replace(numbers(shares, 1), priors={"prior": own - 0.01}))
