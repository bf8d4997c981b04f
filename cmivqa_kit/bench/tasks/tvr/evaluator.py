"""TVR: moments in a corpus (VCMR), in the right video (SVMR), and videos (VR).

The kit's own recalls are in float64, count a missing query as a miss, and in VR let a video that is given twice take
one rank only.

Source: docs/spec/scoring.md, section 5.3.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cmivqa_kit.bench.contract.types import Evaluation, SplitCheck
from cmivqa_kit.bench.tasks.documents import problems_of
from cmivqa_kit.bench.tasks.tvr.annotations import SEVERAL, TYPES, TvrAnnotations, read_tvr_annotations
from cmivqa_kit.bench.tasks.tvr.predictions import TASKS, TvrPredictions, read_tvr_predictions
from cmivqa_kit.bench.tasks.tvr.program import CUTOFFS, THRESHOLDS, Hits, hits, run, within
from cmivqa_kit.data.display import count
from cmivqa_kit.errors import UserError
from cmivqa_kit.metrics import Metric
from cmivqa_kit.metrics.ranks_and_ious import Values

LARGEST_INDEX = 2**24  # beyond it float32 cannot tell two numbers apart
_MOMENTS = {"VCMR": "a moment in the corpus", "SVMR": "a moment in the right video"}


def _metrics() -> Iterator[Metric]:
    for task, asked in _MOMENTS.items():
        for threshold in reversed(THRESHOLDS):
            for k in CUTOFFS:
                title = f"{asked} with an IoU of at least {threshold} is among the first {k}"
                yield Metric(f"{task}:R@{k},IoU={threshold}", title)
    for k in CUTOFFS:
        yield Metric(f"VR:R@{k}", f"the right video is among the first {k}")


METRICS = tuple(_metrics())


class TvrEvaluator:
    """Reads TVR's annotations and predictions and scores them."""

    def truth_files(self, root: Path, split: str) -> tuple[Path, ...]:
        """The annotation file of a split.

        Raises:
            UserError: it is not there.
        """
        path = root / f"tvr_{split}_release.jsonl"
        if not path.is_file():
            raise UserError(f"{root}: no {path.name}", "Name the folder that holds it, or give --truth FILE.")
        return (path,)

    def read_truth(self, files: Sequence[Path]) -> TvrAnnotations:
        """The queries of the annotation file.

        Raises:
            UserError: there are several files, or it cannot be read; every problem is listed.
        """
        if len(files) != 1:
            raise UserError(f"{len(files)} annotation files, not one", "Give one file of annotations.")
        return read_tvr_annotations(files[0])

    def check(self, root: Path, split: str) -> SplitCheck:
        """How many queries and videos a split has; what is wrong with its file."""
        try:
            files = self.truth_files(root, split)
        except UserError:
            return SplitCheck(split)
        try:
            queries = self.read_truth(files).queries
        except UserError as error:
            return SplitCheck(split, files, problems=problems_of(error, files[0]))
        types = Counter(query.type for query in queries)
        counts = {"queries": len(queries), "videos": len({query.video for query in queries})}
        counts |= {f"of type {name}": types[name] for name in TYPES}
        return SplitCheck(split, files, counts, videos=tuple(dict.fromkeys(query.video for query in queries)))

    def read_predictions(self, path: Path, truth: TvrAnnotations) -> TvrPredictions:
        """The predictions of up to three tasks.

        Raises:
            UserError: they cannot be read; every problem is listed.
        """
        return read_tvr_predictions(path)

    def evaluate(self, truth: TvrAnnotations, predictions: TvrPredictions) -> Evaluation:
        """What TVR's program prints, and the kit's recalls per query; NaN for a task that was not handed in."""
        outcome = run(truth, predictions)
        queries = truth.queries
        values: dict[str, Values] = {metric.name: np.full(len(queries), np.nan) for metric in METRICS}
        for task, rows in predictions.tasks.items():
            values |= _values(
                task, hits(queries, rows, predictions.indices, THRESHOLDS, np.float64), truth, predictions
            )
        asked = {query.id for query in queries}
        answered = {task: len(asked & set(rows)) for task, rows in predictions.tasks.items()}
        least = min(answered.values())
        unknown = set().union(*predictions.tasks.values()) - asked
        return Evaluation(
            official=outcome.numbers,
            crash=outcome.crash,
            metrics=METRICS,
            values=values,
            queries=tuple(query.id for query in queries),
            clusters=tuple(query.video for query in queries),
            counts={
                "queries": len(queries),
                "answered": least,
                "missing": len(queries) - least,
                "unknown": len(unknown),
            },
            remarks=tuple(_remarks(truth, predictions, answered, len(unknown))),
        )


def tvr() -> TvrEvaluator:
    """The evaluator of TVR."""
    return TvrEvaluator()


def _values(task: str, right: Hits, truth: TvrAnnotations, predictions: TvrPredictions) -> dict[str, Values]:
    """(n,) recalls of a task, by name of the metric."""
    if task == "VR":
        positions = _distinct(truth, predictions, right.video.shape)
        return {f"VR:R@{k}": within(right.video, positions, k).astype(np.float64) for k in CUTOFFS}
    in_order = np.broadcast_to(np.arange(1, right.video.shape[1] + 1), right.video.shape)
    positions = right.video.cumsum(axis=1) if task == "SVMR" else in_order
    return {
        f"{task}:R@{k},IoU={threshold}": within(moment, positions, k).astype(np.float64)
        for threshold, moment in right.moment.items()
        for k in CUTOFFS
    }


def _distinct(truth: TvrAnnotations, predictions: TvrPredictions, shape: tuple[int, ...]) -> NDArray[np.int64]:
    """(n, p) how many different videos VR names up to each prediction."""
    new = np.zeros(shape, dtype=bool)
    for i, query in enumerate(truth.queries):
        rows = predictions.tasks["VR"].get(query.id)
        if rows is not None:
            new[i, np.unique(rows[:, 0], return_index=True)[1]] = True
    return new.cumsum(axis=1)


def _remarks(
    truth: TvrAnnotations, predictions: TvrPredictions, answered: dict[str, int], unknown: int
) -> Iterator[str]:
    """What the official program does with what is missing, unknown or ambiguous here."""
    queries = truth.queries
    absent = [task for task in TASKS if task not in predictions.tasks]
    if absent:
        yield f"Not handed in: {', '.join(absent)}; the official program leaves such a task out."
    for task, number in answered.items():
        if number < len(queries):
            missing = f"{len(queries) - number} of {len(queries)} queries"
            yield f"{task} has nothing for {missing}: misses for the kit; the official program stops."
    if unknown:
        yield f"{unknown} unknown desc_id in the predictions: ignored by the kit; the official program stops."
    for task, repeated in predictions.repeated.items():
        if repeated:
            yield f"{task}: {len(repeated)} desc_id twice; the last one counts, for the official program too."
    empty = {task: sum(not len(rows) for rows in found.values()) for task, found in predictions.tasks.items()}
    for task, number in empty.items():
        if number:
            yield f"{task}: {number} desc_id with an empty list: a miss for the kit; the official program stops."
    lacking = {query.video for query in queries} - set(predictions.indices)
    if lacking:
        videos = count(len(lacking), "video")
        yield f"{videos} of queries not in video2idx: misses for the kit; the official program stops."
    numbers = Counter(predictions.indices.values())
    if max(numbers.values(), default=0) > 1:
        yield "video2idx gives several videos one number: nobody can tell them apart, the official program either."
    if any(abs(number) > LARGEST_INDEX for number in numbers):
        yield f"video2idx has numbers above {LARGEST_INDEX:,}: in float32 the official program takes some for others."
    if any(len(query.spans) >= SEVERAL for query in queries):
        yield f"A hit on a query with {SEVERAL} or more spans needs two of them, for the official program too."
    lacking_types = [name for name in TYPES if all(query.type != name for query in queries)]
    if lacking_types:
        yield f"No query of type {', '.join(lacking_types)}: the official program prints NaN there."
