"""Dev evaluation: which questions, and which metrics first."""

from __future__ import annotations

import pytest

from cmivqa_kit.data.span import Span
from cmivqa_kit.data.types import Question
from cmivqa_kit.plugin.types import Candidate, Prediction
from cmivqa_kit.prediction.dev_evaluation import dev_subset, evaluate

ASKED = tuple(Question(n, f"question {n}", None, f"v{n}", Span(10.0 * n, 10.0 * n + 10)) for n in range(1, 21))


def answers(right: int) -> list[Prediction]:
    """The first ``right`` questions are answered with half the span, the others with another video."""
    made = []
    for n, question in enumerate(ASKED):
        assert question.answer is not None
        span = Span(question.answer.start, question.answer.start + 5)
        video = question.video_id if n < right else "elsewhere"
        made.append(Prediction(question.id, (Candidate(str(video), span, 1.0),)))
    return made


def test_a_subset_is_fixed_by_the_seed_and_keeps_the_order() -> None:
    some = dev_subset(ASKED, 7, 3)
    assert some == dev_subset(ASKED, 7, 3) != dev_subset(ASKED, 7, 4)
    assert len(some) == 7
    assert [ASKED.index(one) for one in some] == sorted(ASKED.index(one) for one in some)
    assert dev_subset(ASKED, 0, 3) == dev_subset(ASKED, 99, 3) == ASKED


def test_questions_without_an_answer_are_not_asked() -> None:
    assert dev_subset([Question(1, "x", None, "v", None), *ASKED[:2]], 0, 0) == ASKED[:2]


def test_the_first_track_decides() -> None:
    found = evaluate(answers(15), ASKED, (3, 2))
    assert next(iter(found)) == "Average"
    assert found["Average"] == pytest.approx(0.375)
    assert found["R@1"] == 0.75
    assert found["MRR"] == 0.75
    both = evaluate(answers(20), ASKED, (1,))
    assert next(iter(both)) == "mIoU"
    assert both["mIoU"] == pytest.approx(50.0)  # the program's own unit


def test_no_questions_no_metrics() -> None:
    assert evaluate([], (), (3,)) == {}
