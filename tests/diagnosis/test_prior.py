"""The trivial prior: the same medians and answers as the baseline, which the kit cannot import."""

from __future__ import annotations

from pathlib import Path

import pytest

from baselines.prior import DECLARATION
from baselines.prior.baseline import PriorOnly
from cmivqa_kit.data.corpus import open_split
from cmivqa_kit.data.demo import demo_corpus
from cmivqa_kit.data.span import Span
from cmivqa_kit.data.types import Question
from cmivqa_kit.data.usual_span import UsualSpan, duration_of, usual_span
from cmivqa_kit.diagnosis.outcomes import read_outcomes
from cmivqa_kit.diagnosis.prior import prior_scores
from cmivqa_kit.plugin.settings import settings
from cmivqa_kit.plugin.types import PredictOptions
from cmivqa_kit.runs.directory import start_run
from cmivqa_kit.scoring import score
from tests.baselines.corpora import split, video
from tests.diagnosis.made import CUTOFFS, answer, others, target

VIDEOS = [video("a", [], 100.0, "given"), video("b", [], 200.0, "given"), video("c", [])]
ANSWERS = [("a", 10, 30), ("a", 20, 40), ("b", 80, 100), ("c", 5, 9), ("a", 7, 7), ("nowhere", 1, 2)]


def test_the_baseline_s_medians_and_spans(tmp_path: Path) -> None:
    train = open_split(demo_corpus(), "train")
    dev = open_split(demo_corpus(), "dev", track=1)
    run = start_run(tmp_path, "prior", settings(DECLARATION), 0)
    system = PriorOnly()
    system.fit(train, None, run)
    found = usual_span(train)
    assert found is not None
    assert (found.start, found.end, found.seconds) == (system.usual.start, system.usual.end, system.usual.seconds)
    assert found.answers == run.read("prior.json")["answers"] > 200
    predictions = list(system.predict(dev.for_prediction(1), 1, PredictOptions()))
    assert [found.span(duration_of(dev, q.video_id)) for q in dev.questions] == [
        p.candidates[0].span for p in predictions
    ]
    # And so the baseline's score on Track 1.
    rows = [
        {"id": p.question_id, "start_second": p.candidates[0].span.start, "end_second": p.candidates[0].span.end}
        for p in predictions
    ]
    targets = [
        target(q.id, str(q.video_id), q.answer.start, q.answer.end) for q in dev.questions if q.answer is not None
    ]
    outcomes = read_outcomes(1, rows, targets, (1,), 50)
    durations = [duration_of(dev, t["video_id"]) for t in targets]
    (plain,) = prior_scores(1, outcomes, durations, (1,), found)
    assert plain.value == pytest.approx(score(rows, targets, 1).strict.metrics["mIoU"], abs=1e-12)


def test_medians_by_hand() -> None:
    questions = [Question(i, "?", None, v, Span(s, e)) for i, (v, s, e) in enumerate(ANSWERS)]
    found = usual_span(split(VIDEOS, questions))
    assert found == UsualSpan(0.2, 0.4, 40, 3)
    assert found.span(50.0) == Span(10.0, 20.0)
    assert found.span(None) == Span(0.0, 40)


@pytest.mark.parametrize("answers", [[], [("c", 1, 2)], [("a", 100, 120), ("a", 150, 160)]])
def test_nothing_to_learn_from(answers: list[tuple[str, float, float]]) -> None:
    questions = [Question(i, "?", None, v, Span(s, e)) for i, (v, s, e) in enumerate(answers)]
    assert usual_span(split(VIDEOS, questions)) is None


def test_scores_by_hand() -> None:
    """The prior says 0 to 5 s in the video of 10 s, which is half right, and nothing right in the other."""
    prior = UsualSpan(0.0, 0.5, 3.0, 9)
    targets = [target(0), target(1, start=90, end=100), target(2)]
    predictions = [
        answer(0, *others(9), ["A", 90, 99]),  # right video at 10
        answer(1, ["A", 90, 100]),
        answer(2, *others(50)),
    ]
    outcomes = read_outcomes(3, predictions, targets, CUTOFFS, 50)
    given, ranked = prior_scores(3, outcomes, [10.0, 100.0, None], CUTOFFS, prior)
    assert given.value == pytest.approx((0.5 + 0 + 0.3) / 3)
    assert ranked.value == pytest.approx((0 + 0.5 + 0.5) / 9)
