"""Training a system on a benchmark: a run directory like any other, whose record names the benchmark."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from cmivqa_kit.bench.contract.registry import create_evaluator, find_benchmark
from cmivqa_kit.bench.contract.systems import ServesBenchmarks, plug
from cmivqa_kit.bench.contract.types import Benchmark
from cmivqa_kit.bench.report.card import truth_digest
from cmivqa_kit.errors import UserError
from cmivqa_kit.plugin.registry import find_declaration
from cmivqa_kit.plugin.types import Declaration
from cmivqa_kit.runs.dev_progress import SILENT_DEV, DevProgress
from cmivqa_kit.runs.directory import Progress, RunDirectory, open_unfinished, silent, start_run
from cmivqa_kit.runs.finished_runs import BENCHMARK
from cmivqa_kit.runs.lock import locked
from cmivqa_kit.runs.settings import Config, Recipe
from cmivqa_kit.training.fitted import Fitted
from cmivqa_kit.training.full_disk import resumable
from cmivqa_kit.training.unfinished_run import finished, learning


@dataclass(frozen=True, slots=True)
class Told:
    """Who hears of a training: after each step, and at validations."""

    step: Progress = silent
    dev: DevProgress = SILENT_DEV


NOBODY = Told()


def data_root(benchmark: Benchmark, given: Path | None) -> Path:
    """The data root: as given, else where the benchmark's files usually lie.

    Raises:
        UserError: there is no such folder, or none is given and none is usual.
    """
    if given is None and not benchmark.root:
        raise UserError(f"{benchmark.name}: no data given", f"Name the folder that holds: {benchmark.truth} (--data)")
    root = given if given is not None else Path(benchmark.root).expanduser()
    if not root.is_dir():
        raise UserError(f"{root}: no such folder", f"Name the folder that holds: {benchmark.truth} (--data)")
    return root


def train_on(
    benchmark: Benchmark, declaration: Declaration, config: Config, root: Path, folder: Path, *, seed: int = 0,
    preset: str = "", recipe: Recipe = "kit", device: str = "auto", told: Told = NOBODY,
) -> Fitted:  # fmt: skip
    """Train a system on a benchmark and leave a finished run in ``folder``.

    Raises:
        UserError: something is missing or damaged, or a setting is out of its range.
        RunFailed: out of disk or memory, or the loss is no number.
    """
    system = plug(declaration)
    system.prepare(config)
    data = {
        "name": benchmark.name, "split": "train", BENCHMARK: benchmark.name, "fingerprint": _digest(benchmark, root),
    }  # fmt: skip
    run = start_run(folder, declaration.name, config, seed, recipe, preset=preset, data=data)
    run = replace(run, device=device, progress=told.step, dev_progress=told.dev)
    with learning(run):
        return _fit(system, benchmark, root, run)


def resume_on(path: Path, root: Path | None = None, device: str = "auto", told: Told = NOBODY) -> Fitted:
    """Go on with a training that was stopped, with the settings that it began with.

    Raises:
        UserError: not an unfinished run of a benchmark, another process works on it, or the data are not those that it
            was begun on.
        RunFailed: as `train_on`.
    """
    run = replace(open_unfinished(path), device=device, progress=told.step, dev_progress=told.dev)
    benchmark = benchmark_of(run)
    root = data_root(benchmark, root)
    with locked(path):
        open_unfinished(path)  # it may have been finished by the one that held the lock
        if _digest(benchmark, root) != run.record()["data"].get("fingerprint"):
            raise UserError(
                f"{root}: not the data that {path} was begun on",
                "Resume on the same files (--data ROOT), or train anew.",
            )
        system = plug(find_declaration(run.baseline))
        system.prepare(run.config)
        with resumable(path):
            return _fit(system, benchmark, root, run)


def benchmark_of(run: RunDirectory) -> Benchmark:
    """The benchmark that a run was trained on.

    Raises:
        UserError: it was trained on none.
    """
    data: Any = run.record().get("data")
    name = data.get(BENCHMARK) if isinstance(data, dict) else None
    if not isinstance(name, str):
        raise UserError(f"{run.path}: was not trained on a benchmark", "Go on with it by `train --resume`.")
    return find_benchmark(name)


def _fit(system: ServesBenchmarks, benchmark: Benchmark, root: Path, run: RunDirectory) -> Fitted:
    system.fit_benchmark(benchmark, root, run)
    return finished(run, 0, {})


def _digest(benchmark: Benchmark, root: Path) -> str:
    """A digest of the annotations of one split, which stand for the data: those of training where they are read here.

    Raises:
        UserError: no split has any; as for the first one.
    """
    evaluator = create_evaluator(benchmark)
    for split in sorted(benchmark.splits, key=lambda split: split != "train"):
        with suppress(UserError):
            return truth_digest(evaluator.truth_files(root, split))
    return truth_digest(evaluator.truth_files(root, benchmark.splits[0]))
