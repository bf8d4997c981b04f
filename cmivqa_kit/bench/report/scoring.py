"""Scoring prediction files on a benchmark: annotations read once, a card per file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cmivqa_kit.bench.contract.registry import create_evaluator
from cmivqa_kit.bench.contract.types import Benchmark, Evaluator
from cmivqa_kit.bench.report.card import BenchCard, truth_digest, with_published
from cmivqa_kit.bench.report.published import BenchFigure
from cmivqa_kit.errors import ExitCode, UserError, closest
from cmivqa_kit.scoring.statistics.bootstrap import AS_USUAL, Resampling


@dataclass(frozen=True, slots=True, eq=False)
class BenchGround:
    """The annotations of a split of a benchmark, read, their digest, and the evaluator that scores against them."""

    benchmark: Benchmark
    evaluator: Evaluator[Any, Any]
    split: str
    files: tuple[Path, ...]
    truth: Any
    digest: str

    def score(
        self, path: Path, resampling: Resampling | None = AS_USUAL, figures: Sequence[BenchFigure] = ()
    ) -> BenchCard:
        """The card of the predictions at ``path``.

        Raises:
            UserError: they cannot be read (exit code 3).
        """
        try:
            predictions = self.evaluator.read_predictions(path, self.truth)
        except UserError as error:
            raise UserError(error.message, error.fix, ExitCode.UNREADABLE) from error
        evaluation = self.evaluator.evaluate(self.truth, predictions)
        card = BenchCard(self.benchmark, self.split, path, self.digest, evaluation, resampling)
        return with_published(card, figures)


def open_ground(
    benchmark: Benchmark, truth: Sequence[Path] = (), root: Path | None = None, split: str | None = None
) -> BenchGround:
    """The annotations to score against: files by name, or those of a split (default: the first) below a data root.

    Raises:
        UserError: neither is given, there is no such split, or a file is missing or wrong.
    """
    if split is not None:
        require_split(benchmark, split)
    evaluator = create_evaluator(benchmark)
    name = split or benchmark.splits[0]
    if truth:
        files = tuple(truth)
        label = split or _split_of(benchmark, evaluator, files)
    elif root is not None:
        files, label = evaluator.truth_files(root, name), name
    else:
        raise UserError(
            f"nothing to score {benchmark.name} against",
            f"Give --truth FILE ({benchmark.truth}), or --data ROOT with --split NAME.",
        )
    return BenchGround(benchmark, evaluator, label, files, evaluator.read_truth(files), truth_digest(files))


def _split_of(benchmark: Benchmark, evaluator: Evaluator[Any, Any], files: Sequence[Path]) -> str:
    """The split whose files, below the folder of the first one, are these; else the name of the first."""
    wanted = {path.resolve() for path in files}
    for split in benchmark.splits:
        try:
            known = {path.resolve() for path in evaluator.truth_files(files[0].parent, split)}
        except UserError:
            continue
        if wanted <= known:
            return split
    return files[0].name


def require_split(benchmark: Benchmark, split: str) -> None:
    """Refuse a split that a benchmark does not have.

    Raises:
        UserError: the nearest name is offered.
    """
    if split not in benchmark.splits:
        raise UserError(
            f"{benchmark.name} has no split {split!r}.{closest(split, benchmark.splits)}",
            f"It has: {', '.join(benchmark.splits)}.",
        )
