"""What a benchmark is: a light declaration, and the evaluator that reads its files and scores predictions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, TypeVar

from cmivqa_kit.errors import Problem
from cmivqa_kit.metrics.base import Metric
from cmivqa_kit.metrics.ranks_and_ious import Values

QueryId = str | int
Truth = TypeVar("Truth")
Predictions = TypeVar("Predictions")


@dataclass(frozen=True, slots=True)
class Benchmark:
    """What the entry point names (group ``cmivqa_kit.benchmarks``); importing it must stay cheap.

    Attributes:
        name: as it is typed: ``charades-sta``.
        title: the benchmark in a few words.
        task: what is asked: ``moment retrieval``, ``text-to-video retrieval``, ...
        splits: names of its splits; the one that figures are published for comes first.
        evaluator: ``"package.module:function"``, called without arguments, gives the `Evaluator`.
        truth: which annotation files, below the data root or given by ``--truth``, in one line.
        prediction: how predictions are handed in, in one line.
        paper: where the benchmark was published.
        program: the official evaluation program whose numbers are given.
        published: ``"package:published.toml"`` where figures were published, else empty.
        root: where its data lie where none is named: ``~/VisualSearch``; empty: nowhere in particular.
        system: that is trained on it where none is named.
    """

    name: str
    title: str
    task: str
    splits: tuple[str, ...]
    evaluator: str
    truth: str
    prediction: str
    paper: str = ""
    program: str = ""
    published: str = ""
    root: str = ""
    system: str = ""


@dataclass(frozen=True, slots=True)
class SplitCheck:
    """What `bench check` found of a split: how many of what there are, what is wrong, and what is only to be known.

    ``files`` are those that were read; empty where the split is not there. ``videos`` are the ids, in the order of the
    annotations, that features of the split are kept under.
    """

    split: str
    files: tuple[Path, ...] = ()
    counts: Mapping[str, int | float] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    remarks: tuple[str, ...] = ()
    videos: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Evaluation:
    """What an evaluator says of predictions, over Q queries.

    Attributes:
        official: what the official program prints, in its own structure, units and rounding, before it stops where it
            does.
        crash: how the official program stops on this input, in a line; empty where it does not.
        metrics: the metrics that the kit computes, the headline first; those formed of others name them as parts, and
            parts stand here too.
        values: per metric that is not formed of others, (Q,) values of the queries. NaN: the query is none that the
            metric is about (other direction, other length of moments). A query that is not answered has its worst
            value: it counts.
        queries: (Q,) ids, in the order of the ground truth.
        clusters: (Q,) what is resampled as one: the query's video.
        counts: how many queries, answered ones, missing ones, unknown ones in the predictions, ...
        remarks: what the official program does with what is missing, unknown or ambiguous here, in plain sentences.
        extra: single numbers beside that are no means over queries (number of steps, mean number of candidates).
    """

    official: Mapping[str, Any]
    metrics: tuple[Metric, ...]
    values: Mapping[str, Values]
    queries: tuple[QueryId, ...]
    clusters: tuple[str, ...]
    counts: Mapping[str, int]
    remarks: tuple[str, ...] = ()
    crash: str = ""
    extra: Mapping[str, float] = field(default_factory=dict)


class Evaluator(Protocol[Truth, Predictions]):
    """Reads the files of a benchmark and scores predictions; one object serves one call."""

    def truth_files(self, root: Path, split: str) -> tuple[Path, ...]:
        """The annotation files of a split below a data root.

        Raises:
            UserError: they are not there; names what is expected where.
        """
        ...

    def read_truth(self, files: Sequence[Path]) -> Truth:
        """The annotations; ``files`` as of `truth_files`, or what the user gave by ``--truth``.

        What belongs to a file and stands beside it (durations of the videos) is found by the evaluator.

        Raises:
            UserError: a file is missing or wrong; every problem is listed, with file and line or JSON pointer.
        """
        ...

    def check(self, root: Path, split: str) -> SplitCheck:
        """What is there of a split below a data root; features are held against ``videos`` by the kit."""
        ...

    def read_predictions(self, path: Path, truth: Truth) -> Predictions:
        """What a system hands in: a file, or a folder where the format has several files.

        Raises:
            UserError: it is missing or no predictions of this benchmark; every problem is listed.
        """
        ...

    def evaluate(self, truth: Truth, predictions: Predictions) -> Evaluation:
        """Official numbers and values per query."""
        ...
