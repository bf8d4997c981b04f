"""TREC 2024 MedVidQA: videos that answer a question, and the answer in them.

The kit joins questions by id, divides by the questions that were judged, and orders the videos of a question by score
in both halves, as trec_eval does in the first.

Source: docs/spec/scoring.md, section 5.1.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path

import numpy as np

from cmivqa_kit.bench.contract.types import Evaluation, SplitCheck
from cmivqa_kit.bench.tasks.documents import problems_of
from cmivqa_kit.bench.tasks.medvidqa.judgements import JudgedVideo, Judgements, read_judgements
from cmivqa_kit.bench.tasks.medvidqa.program import CUTOFFS, THRESHOLDS, Span, overlap, run
from cmivqa_kit.bench.tasks.medvidqa.runs import RunQuestion, RunVideo, read_run
from cmivqa_kit.data.display import count
from cmivqa_kit.data.numbers import is_span
from cmivqa_kit.errors import UserError
from cmivqa_kit.metrics import Metric
from cmivqa_kit.metrics.benchmarks.graded_retrieval import METRICS as RETRIEVAL
from cmivqa_kit.metrics.benchmarks.graded_retrieval import graded_values, trec_order

JUDGEMENTS, TOPICS = "*judg*.json", "*topic*.t[xs][tv]"  # .txt, .tsv
LOCALIZATION = tuple(
    metric
    for n in CUTOFFS
    for metric in (
        Metric(f"R@{n}|mIoU", f"the best overlap with a judged answer among the first {n} videos"),
        *(
            Metric(f"R@{n},IoU={mu}", f"one of the first {n} videos overlaps a judged answer by at least {mu}")
            for mu in THRESHOLDS
        ),
    )
)


class MedVidQAEvaluator:
    """Reads judgements and runs of TREC 2024 MedVidQA and scores them."""

    def truth_files(self, root: Path, split: str) -> tuple[Path, ...]:
        """The judgements and topics below a folder, by their names.

        Raises:
            UserError: there is no judgement.
        """
        names = sorted(path for path in root.glob("*") if path.is_file())
        judgements, topics = (
            [path for path in names if fnmatchcase(path.name.lower(), pattern)] for pattern in (JUDGEMENTS, TOPICS)
        )
        if not judgements:
            fix = "Name the folder that holds them, or give each by --truth FILE."
            raise UserError(f"{root}: no judgement, {JUDGEMENTS}", fix)
        return (*judgements, *topics)

    def read_truth(self, files: Sequence[Path]) -> Judgements:
        """One or two judgements, and topics; told apart by their content.

        Raises:
            UserError: a file cannot be read, two are of one kind, or none is a judgement.
        """
        return read_judgements(files)

    def check(self, root: Path, split: str) -> SplitCheck:
        """How many questions, videos and answers were judged; what is wrong with the files."""
        try:
            files = self.truth_files(root, split)
        except UserError:
            return SplitCheck(split)
        try:
            truth = self.read_truth(files)
        except UserError as error:
            return SplitCheck(split, files, problems=problems_of(error, files[0]))
        grades, answers = truth.grades or {}, truth.answers or {}
        counts = {
            "questions": len(truth.questions),
            "judged videos": sum(map(len, grades.values())),
            "relevant videos": sum(grade >= 1 for videos in grades.values() for grade in videos.values()),
            "answers": sum(len(video.spans) for videos in answers.values() for video in videos.values()),
        }
        remarks = [
            f"no judgement of {name}: that half is not scored."
            for name, half in (("retrieval", truth.grades), ("localization", truth.answers))
            if half is None
        ]
        videos = tuple(dict.fromkeys(video for judged in (*grades.values(), *answers.values()) for video in judged))
        return SplitCheck(split, files, counts, remarks=tuple(remarks), videos=videos)

    def read_predictions(self, path: Path, truth: Judgements) -> tuple[RunQuestion, ...]:
        """The questions of a run.

        Raises:
            UserError: it cannot be read; every problem is listed.
        """
        return read_run(path)

    def evaluate(self, truth: Judgements, predictions: tuple[RunQuestion, ...]) -> Evaluation:
        """What the official program prints, and values per judged question; NaN in a half where it was not judged."""
        outcome = run(truth, predictions)
        times = Counter(question.id for question in predictions)
        answered = {question.id: question.videos for question in predictions if times[question.id] == 1}
        queries = truth.questions
        metrics = (
            *(RETRIEVAL if truth.grades is not None else ()),
            *(LOCALIZATION if truth.answers is not None else ()),
        )
        values = {metric.name: np.full(len(queries), np.nan) for metric in metrics}
        for index, question in enumerate(queries):
            for name, value in _values(truth, question, answered.get(question, ())).items():
                values[name][index] = value
        missing = sum(not answered.get(question) for question in queries)
        unjudged = set(times) - set(queries)
        return Evaluation(
            official=outcome.numbers,
            crash=outcome.crash,
            metrics=metrics,
            values=values,
            queries=queries,
            clusters=queries,
            counts={
                "questions": len(queries),
                "answered": len(queries) - missing,
                "missing": missing,
                "without judgement": len(unjudged),
                "unknown": len(unjudged - set(truth.topics)) if truth.topics else 0,
            },
            remarks=tuple(_remarks(truth, predictions, missing, unjudged)),
        )


def medvidqa() -> MedVidQAEvaluator:
    """The evaluator of TREC 2024 MedVidQA."""
    return MedVidQAEvaluator()


def _values(truth: Judgements, question: str, videos: Sequence[RunVideo]) -> dict[str, float]:
    """The values of a question in the halves where it was judged."""
    order = trec_order({video.video: video.score for video in videos})
    values: dict[str, float] = {}
    if truth.grades is not None and question in truth.grades:
        values |= graded_values(order, truth.grades[question])
    if truth.answers is not None and question in truth.answers:
        overlaps = _overlaps(order, {video.video: video.span for video in videos}, truth.answers[question])
        for n in CUTOFFS:
            best = max(overlaps[:n], default=0.0)
            values[f"R@{n}|mIoU"] = best
            values |= {f"R@{n},IoU={mu}": float(best >= mu) for mu in THRESHOLDS}
    return values


def _overlaps(
    order: Sequence[str], spans: Mapping[str, Span | None], answers: Mapping[str, JudgedVideo]
) -> list[float]:
    """The best overlap of each video with its judged answers; 0 without a span from 0 on that has a length."""
    overlaps = []
    for video in order:
        span = spans[video]
        judged = answers[video].spans if video in answers else ()
        right = span is not None and is_span(*span)
        overlaps.append(max((overlap(span, answer) for answer in judged), default=0.0) if span and right else 0.0)
    return overlaps


def _remarks(truth: Judgements, questions: Sequence[RunQuestion], missing: int, unjudged: set[str]) -> Iterator[str]:
    """What the official program does with what is missing, not judged or ambiguous here."""
    if missing:
        yield (
            f"{count(missing, 'judged question')} without videos: the kit counts 0; the official program leaves them "
            "out of retrieval's means, and divides localization's by the questions that have videos."
        )
    submitted = [question.id for question in questions if question.videos]
    joined = [question for question in truth.grades or () if question in submitted]
    if truth.grades is not None and joined != submitted[: len(joined)]:
        yield (
            "The official program numbers judged and submitted questions apart, so that it joins some with another's "
            "judgement; the kit joins them by id."
        )
    if truth.answers is not None and unjudged:
        yield (
            f"{count(len(unjudged), 'question')} without judgement: left out by the kit; the official program counts "
            "them as 0 in localization."
        )
    if truth.answers is not None and any(_unsorted(question) for question in questions):
        yield (
            "Videos are not given in the order of their scores: the official program localizes in the first of the "
            "file, the kit in those with the highest scores."
        )
    wrong = sum(video.span is not None and not is_span(*video.span) for q in questions for video in q.videos)
    if truth.answers is not None and wrong:
        yield (
            f"{count(wrong, 'span')} that begin before 0 or end no later than they begin: no overlap for the kit; the "
            "official program computes with them."
        )
    repeated = [name for name, times in Counter(question.id for question in questions).items() if times > 1]
    if repeated:
        yield f"{', '.join(repeated[:3])} given twice: not answered for the kit; the official program stops."
    videos = sum(len(question.videos) - len({video.video for video in question.videos}) for question in questions)
    if videos:
        yield f"{count(videos, 'video')} given twice for a question: the last score and span count, officially too."


def _unsorted(question: RunQuestion) -> bool:
    scores = [video.score for video in question.videos]
    return scores != sorted(scores, reverse=True)
