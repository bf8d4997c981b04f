"""The evaluator of moment retrieval: files of a split, predictions, official numbers and values per query."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from cmivqa_kit.bench.contract.types import Evaluation, SplitCheck
from cmivqa_kit.bench.tasks.moments.official import FULL, Ranged, mesm_numbers, moment_detr_numbers
from cmivqa_kit.bench.tasks.moments.predictions import (
    SALIENCY,
    WINDOWS,
    MomentPredictions,
    read_moment_predictions,
)
from cmivqa_kit.bench.tasks.moments.remarks import Matching, match, remarks_on
from cmivqa_kit.bench.tasks.moments.types import (
    AnnotationsAndProblems,
    MomentAnnotations,
    MomentQuery,
    without_problems,
)
from cmivqa_kit.errors import Problem, UserError
from cmivqa_kit.metrics.base import Metric
from cmivqa_kit.metrics.benchmarks.highlights import LEVELS, HighlightValues, highlight_values, hit_metric
from cmivqa_kit.metrics.benchmarks.highlights import precision_metric as highlight_metric
from cmivqa_kit.metrics.benchmarks.moments import (
    BY_NAME,
    THRESHOLDS,
    LengthRange,
    Moments,
    moment_values,
    moments,
    overlap_metric,
    precision_metric,
    recall_metric,
)
from cmivqa_kit.metrics.ranks_and_ious import Values

Columns = dict[Metric, Values]


@dataclass(frozen=True, slots=True)
class MomentEvaluator:
    """Reads and scores one benchmark of moments.

    Attributes:
        title: the benchmark's name in a message.
        files: per split the names of its files, the annotation first.
        folders: where they lie below a data root; the root itself comes first.
        read: the annotation of a split, given its files.
        fix: what an annotation looks like.
        ranges: of lengths of moments, for average precision.
        recalls: cut-off and IoU of the recalls that are shown, the first first.
        official_recalls: IoU of the recalls at 1 that the official program prints; empty for Moment-DETR's.
        highlights: whether the saliency of clips is scored too.
        precision_first: whether average precision stands before recall.
    """

    title: str
    files: Mapping[str, tuple[str, ...]]
    folders: tuple[str, ...]
    read: Callable[[Sequence[Path]], AnnotationsAndProblems]
    fix: str
    ranges: tuple[LengthRange, ...]
    recalls: tuple[tuple[int, float], ...]
    official_recalls: tuple[float, ...] = ()
    highlights: bool = False
    precision_first: bool = False

    def truth_files(self, root: Path, split: str) -> tuple[Path, ...]:
        """The files of a split below a data root.

        Raises:
            UserError: they are not there, or there is no such split.
        """
        if split not in self.files:
            raise UserError(f"{self.title} has no split {split!r}", f"It has: {', '.join(self.files)}.")
        names = self.files[split]
        for folder in ("", *self.folders):
            paths = tuple(root / folder / name for name in names)
            if all(path.is_file() for path in paths):
                return paths
        wanted = " and ".join(names)
        below = ", ".join(self.folders)
        raise UserError(
            f"{root}: no {wanted} of {self.title}", f"Put it there, or into one of these below it: {below}."
        )

    def read_truth(self, files: Sequence[Path]) -> MomentAnnotations:
        """The annotated queries.

        Raises:
            UserError: a file is missing or wrong, or its queries have no windows.
        """
        truth = without_problems(*self.read(files), self.fix)
        if not truth.queries[0].windows:
            told = f"{truth.files[0]}: the queries have no windows; the test split is published without them"
            raise UserError(told, "Score on another split, or hand the predictions in to the benchmark's own server.")
        return truth

    def check(self, root: Path, split: str) -> SplitCheck:
        """What is there of a split, and what is wrong with it."""
        try:
            files = self.truth_files(root, split)
        except UserError as error:
            return SplitCheck(split, remarks=(error.message,))
        try:
            annotations, problems = self.read(files)
        except UserError as error:
            return SplitCheck(split, files, problems=(Problem(str(files[0]), error.message),))
        queries = annotations.queries
        counts = {"queries": len(queries), "videos": len({query.video for query in queries})}
        if any(query.source for query in queries):
            counts["sources"] = len({query.source for query in queries})
        counts |= {"windows": sum(len(query.windows) for query in queries), **annotations.changes}
        longest = max((query.duration for query in queries), default=0.0)
        told = [f"The longest video has {longest:.2f} s."] if queries else ["There is no query."]
        if queries and not queries[0].windows:
            told.append("The queries have no windows: they can be answered, but not scored here.")
        videos = tuple(dict.fromkeys(query.video for query in queries))
        return SplitCheck(split, annotations.files, counts, tuple(problems), tuple(told), videos)

    def read_predictions(self, path: Path, truth: MomentAnnotations) -> MomentPredictions:
        """A file of JSON Lines, or a JSON array, with a record per query.

        Raises:
            UserError: it is missing or no such file; every problem is listed.
        """
        return read_moment_predictions(path, (WINDOWS, SALIENCY) if self.highlights else (WINDOWS,))

    def evaluate(self, truth: MomentAnnotations, predictions: MomentPredictions) -> Evaluation:
        """Official numbers where the official program does not stop, and values per query."""
        queries = truth.queries
        matching = match(queries, predictions)
        facts = self._facts(queries, matching) if WINDOWS in predictions.keys else None
        ranged = None if facts is None else ranged_values(facts, self.ranges)
        shown = self._highlights(queries, matching) if SALIENCY in predictions.keys else None
        columns: Columns = {}
        if ranged is not None:
            columns |= moment_columns(ranged, self.recalls, self.precision_first)
        if shown is not None:
            columns |= highlight_columns(shown)
        crash = self._stops(queries, matching)
        official: Mapping[str, Any] = {}
        if not crash:
            if facts is not None and ranged is not None and ranged[FULL].undefined:
                ranged = ranged_values(facts, self.ranges, np.inf)
            official, crash = self._official(ranged, shown)
        return Evaluation(
            official=official,
            crash=crash,
            metrics=tuple(columns),
            values={metric.name: values for metric, values in columns.items()},
            queries=tuple(query.qid for query in queries),
            clusters=tuple(query.source or query.video for query in queries),
            counts={
                "queries": len(queries),
                "answered": len(queries) - len(matching.missing),
                "missing": len(matching.missing),
                "unknown": len(matching.unknown),
            },
            remarks=tuple(remarks_on(queries, predictions, matching)),
        )

    def _facts(self, queries: Sequence[MomentQuery], matching: Matching) -> Moments:
        given = [None if item is None else item.windows for item in matching.answers]
        proposed = [np.empty((0, 3)) if windows is None else windows for windows in given]
        return moments(proposed, [query.windows for query in queries], max(n for n, _ in self.recalls))

    def _highlights(self, queries: Sequence[MomentQuery], matching: Matching) -> HighlightValues:
        given = [None if item is None else item.saliency for item in matching.answers]
        predicted = [np.empty(0) if scores is None else scores for scores in given]
        return highlight_values(predicted, [query.saliency for query in queries if query.saliency is not None])

    def _official(self, ranged: Ranged | None, shown: HighlightValues | None) -> tuple[Mapping[str, Any], str]:
        """The official numbers, or how the official program stops."""
        if ranged is not None and self.official_recalls:
            return mesm_numbers(ranged, self.official_recalls), ""
        try:
            return moment_detr_numbers(ranged, shown), ""
        except ZeroDivisionError as error:
            return {}, f"TypeError: no query has a moment of the range {error}, over which it takes a mean"

    def _stops(self, queries: Sequence[MomentQuery], matching: Matching) -> str:
        if matching.missing or matching.unknown:
            if not self.official_recalls:
                return "AssertionError: the ids of the predictions are not those of the ground truth"
            qid = matching.missing[0].qid if matching.missing else matching.unknown[0].qid
            lacking = "prediction" if matching.missing else "ground truth"
            return f"KeyError: query {qid} has no {lacking}"
        for query, item in zip(queries, matching.answers, strict=True):
            if item is not None and item.windows is not None and not len(item.windows):
                return f"IndexError: query {query.qid} has no window"
            if item is not None and item.saliency is not None and not len(item.saliency):
                return f"ValueError: query {query.qid} has no score of a clip"
        return ""


def ranged_values(facts: Moments, ranges: Sequence[LengthRange], undefined: float = 0.0) -> Ranged:
    """The values by the name of the range, and for all right windows; ``undefined`` as of `moment_values`."""
    values = moment_values(facts, (*ranges, None), undefined=undefined)
    return dict(zip((*(within.name for within in ranges), FULL), values, strict=True))


def moment_columns(ranged: Ranged, recalls: Sequence[tuple[int, float]], precision_first: bool = False) -> Columns:
    """The metrics of windows with the values of the queries, in the order in which they are shown."""
    full = ranged[FULL]
    recall: Columns = {recall_metric(n, mu): full.recall(n, mu) for n, mu in recalls}
    recall[overlap_metric()] = full.overlap()
    precision: Columns = {precision_metric(): full.mean_precision()}
    for mu in (0.5, 0.75):
        precision[precision_metric(mu)] = full.precision[:, THRESHOLDS.index(mu)]
    for name, values in ranged.items():
        if name != FULL:
            precision[precision_metric(within=BY_NAME[name])] = values.mean_precision()
    return precision | recall if precision_first else recall | precision


def highlight_columns(shown: HighlightValues) -> Columns:
    """The metrics of highlights with the values of the queries, the strictest level first."""
    columns: Columns = {}
    for level, name in reversed(tuple(enumerate(LEVELS))):
        columns[highlight_metric(name)] = shown.precision[:, level].mean(axis=1)
        columns[hit_metric(name)] = shown.hit[:, level]
    return columns
