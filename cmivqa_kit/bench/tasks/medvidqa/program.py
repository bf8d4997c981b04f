"""The evaluation program of TREC 2024 MedVidQA (videos and answers in them), with its faults.

Retrieval goes through trec_eval under topic numbers that count the judged questions in one file and the submitted ones
in the other: behind the first question without judgement every one is joined with another's. Localization takes the
videos in the order of the file.

Source: docs/spec/scoring.md, section 5.1.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np

from cmivqa_kit.bench.tasks.medvidqa.judgements import JudgedVideo, Judgements
from cmivqa_kit.bench.tasks.medvidqa.runs import START, RunQuestion, RunVideo
from cmivqa_kit.metrics.benchmarks.graded_retrieval import METRICS, graded_values, trec_order

CUTOFFS = (1, 3, 5, 10)  # numbers of videos that localization looks at
THRESHOLDS = (0.3, 0.5, 0.7)
Span = tuple[float, float]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class MedVidQAOutcome:
    """What the program prints, ``retrieval`` and ``localization`` as far as they were judged, before it stops."""

    numbers: dict[str, Any] = field(default_factory=dict)
    crash: str = ""


class _Stop(Exception):
    """Where the program stops."""


def run(judgements: Judgements, questions: Sequence[RunQuestion], cutoffs: Sequence[int] = CUTOFFS) -> MedVidQAOutcome:
    """The numbers of the program: retrieval with four decimals, localization in percent with two."""
    numbers: dict[str, Any] = {}
    try:
        _check_numbers(questions)
        if judgements.grades is not None:
            scores = _by_question(questions, lambda video: video.score)
            numbers["retrieval"] = _retrieval(judgements.grades, scores)
        if judgements.answers is not None:
            spans = _by_question(questions, _required_span)
            numbers["localization"] = {f"n={n}": _localization(judgements.answers, spans, n) for n in cutoffs}
    except _Stop as stop:
        return MedVidQAOutcome(numbers, str(stop))
    return MedVidQAOutcome(numbers)


def overlap(predicted: Span, answer: Span) -> float:
    """Intersection divided by the hull, at least 0.

    Raises:
        ZeroDivisionError: the hull has no length.
    """
    hull = max(predicted[1], answer[1]) - min(predicted[0], answer[0])
    return max(0.0, (min(predicted[1], answer[1]) - max(predicted[0], answer[0])) / hull)


def _check_numbers(questions: Sequence[RunQuestion]) -> None:
    try:
        numbers = sorted(int(question.id.replace("Q", "")) for question in questions)
    except ValueError:
        raise _Stop("ValueError: a question_id is not Q and a number") from None
    if numbers != list(range(1, len(numbers) + 1)):
        raise _Stop("SystemExit: the questions are not numbered Q1, Q2, ... without gaps, each once")


def _required_span(video: RunVideo) -> Span:
    if video.span is None:
        raise _Stop(f"KeyError: {video.video} has no {START}")
    return video.span


def _by_question(questions: Sequence[RunQuestion], value: Callable[[RunVideo], T]) -> dict[str, dict[str, T]]:
    """Question -> video -> value; a video that is given twice keeps its first position and its last value."""
    table: dict[str, dict[str, T]] = {}
    for question in questions:
        for video in question.videos:
            table.setdefault(question.id, {})[video.video] = value(video)
    return table


def _retrieval(grades: Mapping[str, Mapping[str, int]], scores: Mapping[str, Mapping[str, float]]) -> dict[str, float]:
    judged = [videos for question, videos in grades.items() if question in scores]
    submitted = list(scores.values())
    topics = [  # joined by position: the program's fault; a topic without a judged video is not in trec_eval's file
        graded_values(trec_order(given), wanted) for wanted, given in zip(judged, submitted, strict=False) if wanted
    ]
    if not topics:
        raise _Stop("SystemExit: trec_eval finds no question with both videos and judgements")
    return {metric.name: float(f"{sum(t[metric.name] for t in topics) / len(topics):.4f}") for metric in METRICS}


def _localization(
    answers: Mapping[str, Mapping[str, JudgedVideo]], spans: Mapping[str, Mapping[str, Span]], n: int
) -> dict[str, float]:
    if not spans:
        raise _Stop("ZeroDivisionError: no question has a video")
    best = []
    for question, videos in spans.items():
        if question not in answers:
            continue
        first = dict(list(videos.items())[:n])
        try:
            overlaps = [
                overlap(first[video], span)
                for video, judged in answers[question].items()
                if video in first
                for span in judged.spans
            ]
        except ZeroDivisionError:
            raise _Stop(
                f"ZeroDivisionError: a span of {question} and its judged one are the same single moment"
            ) from None
        best.append(max(overlaps, default=0.0))
    reached = {f"IoU={mu}": sum(value >= mu for value in best) / len(spans) for mu in THRESHOLDS}
    shares = {**reached, "mIoU": float(np.sum(best) / len(spans))}
    return {name: round(share * 100.0, 2) for name, share in shares.items()}
