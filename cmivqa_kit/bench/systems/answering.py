"""Answering a benchmark with a run: predictions in the benchmark's own form."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from cmivqa_kit.bench.contract.systems import plug, system_for
from cmivqa_kit.bench.contract.types import Benchmark
from cmivqa_kit.bench.report.scoring import require_split
from cmivqa_kit.errors import UserError
from cmivqa_kit.plugin.settings import merge, settings
from cmivqa_kit.plugin.types import PredictOptions
from cmivqa_kit.runs.directory import PREDICTIONS, RunDirectory
from cmivqa_kit.runs.finished_runs import finished_runs
from cmivqa_kit.runs.settings import Config
from cmivqa_kit.temporary_files import temporary_folder


def predict_on(
    benchmark: Benchmark, run: RunDirectory, root: Path, split: str, out: Path | None = None, device: str = "auto",
    force: bool = False, overrides: Sequence[str] = (),
) -> Path:  # fmt: skip
    """Answer a split of a benchmark with a finished run.

    Args:
        benchmark: what is asked.
        run: of a system that serves it.
        root: its data.
        split: of it.
        out: folder of the predictions; by default ``predictions/BENCHMARK-SPLIT`` in the run, which is replaced.
        device: e.g. ``auto``.
        force: replace ``out``.
        overrides: ``section.key=value`` texts over the settings of the run; those of one that was converted are the
            system's preset for the benchmark.

    Returns:
        What `bench score` takes: the folder, or a file in it.

    Raises:
        UserError: no such split, ``out`` exists, or files are missing or damaged.
    """
    require_split(benchmark, split)
    folder = out if out is not None else run.path / PREDICTIONS / f"{benchmark.name}-{split}"
    if out is not None:
        require_folder(folder, force)
    config = _config(benchmark, run, overrides)
    system = plug(system_for(benchmark, run.baseline))
    system.load(run)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with temporary_folder(folder.parent, "predict") as staging:
        made = staging / "predictions"
        made.mkdir()
        options = PredictOptions(config, seed=run.seed, device=device)
        answer = system.predict_benchmark(benchmark, root, split, made, options).relative_to(made)
        if folder.is_dir():
            shutil.rmtree(folder)
        made.replace(folder)
    return folder / answer


def _config(benchmark: Benchmark, run: RunDirectory, overrides: Sequence[str]) -> Config:
    """The settings of a run; of one that was converted, those of the benchmark's preset."""
    declaration = system_for(benchmark, run.baseline)
    if run.record().get("source") is None:
        return merge(run.config, declaration, overrides)
    return settings(declaration, declaration.benchmarks[benchmark.name], overrides, run.recipe)


def require_folder(folder: Path, force: bool) -> None:
    """Refuse, before any work is done, a folder that must not be written.

    Raises:
        UserError: it is a file, or a folder that is not empty, without ``force``; or one that `predict_on` never made.
    """
    if folder.is_file() or (folder.is_dir() and any(folder.iterdir()) and not force):
        raise UserError(f"{folder}: exists already", "Name a new folder, or give --force to replace this one.")
    if folder.is_dir() and any(
        path.is_dir() or path.suffix not in (".npz", ".json", ".jsonl", ".zip") for path in folder.iterdir()
    ):
        raise UserError(f"{folder}: holds other files than predictions", "Name a new folder.")


def newest_run_for(benchmark: Benchmark, folder: Path, name: str | None = None) -> RunDirectory:
    """The finished run that finished last, of those that were trained on a benchmark.

    Args:
        benchmark: what they were trained on.
        folder: of the runs.
        name: of the system; any by default.

    Raises:
        UserError: there is none.
    """
    runs = finished_runs(folder, name, benchmark.name)
    if runs:
        return runs[0]
    raise UserError(
        f"{folder}: no finished run of {name or 'a system'} that was trained on {benchmark.name}",
        "Train one with `bench train`, or name a converted one: --run DIR",
    )
