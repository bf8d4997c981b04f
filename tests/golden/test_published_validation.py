"""The published validation figures, which the golden replays compare with."""

from __future__ import annotations

import pytest

from cmivqa_kit.data.span import Span
from cmivqa_kit.plugin.types import Candidate
from tests.golden import published_validation as validation


def candidates(*rows: tuple[str, float, float]) -> list[Candidate]:
    return [Candidate(video, Span(start, end), 0.0) for video, start, end in rows]


def test_validation_counts_the_best_of_the_first_k_of_the_right_video() -> None:
    answers = candidates(("b", 0, 10), ("a", 5, 10), ("a", 0, 10))
    judged = validation.judge(answers, ["b", "a"], "a", Span(0, 10), ks=(1, 2, 3))
    assert judged == validation.CorpusAnswer(0, {1: 0.0, 2: 0.5, 3: 1.0}, 0.5)
    absent = validation.judge(answers, ["b", "a"], "c", Span(0, 10), ks=(1, 3))
    assert absent == validation.CorpusAnswer(0, {1: 0.0, 3: 0.0}, 0.0)
    figures = validation.summary([judged, absent], ks=(3,), thresholds=(0.5,))
    assert figures == pytest.approx({"R@ACC": 0, "Rank@3, IoU=0.5": 50, "Rank@3, mean IoU": 50, "MRR": 0.25})
