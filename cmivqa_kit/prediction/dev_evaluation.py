"""Dev evaluation: the challenge's own metrics on a fixed subset of the dev questions, for every baseline alike."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from cmivqa_kit.data.subset import subset
from cmivqa_kit.data.types import Question, Track
from cmivqa_kit.plugin.types import Prediction
from cmivqa_kit.scoring.official import HEADLINE, score_official


def dev_subset(questions: Iterable[Question], most: int, seed: int) -> tuple[Question, ...]:
    """At most ``most`` (0: all) of the questions that have an answer, in their order, drawn once by the seed."""
    asked = [question for question in questions if question.answer is not None and question.answer.valid]
    return subset(asked, most, f"dev {seed}")


def evaluate(
    predictions: Iterable[Prediction],
    questions: Sequence[Question],
    tracks: Sequence[Track],
    progress: Callable[[int, int], None] = lambda answered, questions: None,
) -> Mapping[str, float]:
    """Official metrics of answers to dev questions, in the program's own units.

    Args:
        predictions: one for each of ``questions``.
        questions: with their answers.
        tracks: whose metrics; the one that the first track ranks by comes first and decides.
        progress: told after every answer how many there are, and of how many.

    Returns:
        Metric -> value; nothing where there are no questions.
    """
    if not questions:
        return {}
    answers: list[Prediction] = []
    for prediction in predictions:
        answers.append(prediction)
        progress(len(answers), len(questions))
    targets = [_target(question) for question in questions]
    metrics: dict[str, float] = {}
    for track in tracks:
        scores = score_official(track, [_row(prediction, track) for prediction in answers], targets).metrics
        metrics |= {HEADLINE[track]: scores.pop(HEADLINE[track]), **scores}
    return metrics


def _row(prediction: Prediction, track: Track) -> dict[str, Any]:
    if track == 1:
        best = prediction.candidates[0].span
        return {"id": prediction.question_id, "start_second": best.start, "end_second": best.end}
    return {
        "id": prediction.question_id,
        "output": [[c.video_id, c.span.start, c.span.end] for c in prediction.candidates],
    }


def _target(question: Question) -> dict[str, Any]:
    start, end = (question.answer.start, question.answer.end) if question.answer is not None else (0.0, 0.0)
    return {"id": question.id, "video_id": question.video_id, "start_second": start, "end_second": end}
