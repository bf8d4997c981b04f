"""The finished runs in a folder, newest first: what is taken where no run is named."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from cmivqa_kit.errors import UserError
from cmivqa_kit.runs.directory import OUTCOME, RunDirectory, numbered_runs, open_run
from cmivqa_kit.runs.settings import Config

BENCHMARK = "benchmark"  # in the record's ``data``: the published benchmark that a run was trained on
_CLOCKS_DIFFER = timedelta(minutes=5)  # between machines that share a folder


def newest_run(folder: Path, baseline: str | None = None) -> RunDirectory:
    """The finished run (of ``baseline`` where given) that finished last.

    Raises:
        UserError: there is none.
    """
    runs = finished_runs(folder, baseline)
    if not runs:
        of = f" of {baseline}" if baseline else ""
        raise UserError(
            f"{folder}: no finished run{of}", f"Train first: cmivqa train{f' -m {baseline}' if baseline else ''}"
        )
    return runs[0]


def step_chosen_on_dev(run: RunDirectory) -> int | None:
    """The optimizer step whose weights were best on dev; ``None`` where a training chose none.

    Raises:
        UserError: what the run tells of its training is damaged.
    """
    best = run.read_object(OUTCOME).get("best_step") if (run.path / OUTCOME).exists() else None
    return best if isinstance(best, int) and best >= 1 else None


def config_of_chosen_steps(run: RunDirectory) -> Config:
    """The settings of a finished run with the number of steps that it chose on dev, for a training without dev.

    Raises:
        UserError: it chose none, or what it tells of its training is damaged.
    """
    best_step = step_chosen_on_dev(run)
    if best_step is None:
        raise UserError(
            f"{run.path}: chose no number of steps on dev",
            f"Train with a dev split first: cmivqa train -m {run.baseline}",
        )
    return {**run.config, "train": {**run.config["train"], "max_steps": best_step}}


def finished_runs(folder: Path, baseline: str | None = None, benchmark: str | None = None) -> list[RunDirectory]:
    """The finished runs (of ``baseline`` where given) in a folder, the one that finished last first.

    Args:
        folder: of the runs.
        baseline: their system; any by default.
        benchmark: the published benchmark that they were trained on; by default none, but a corpus of the challenge.
    """
    runs = []
    for name, number in numbered_runs(folder):
        if baseline in (None, name):
            try:
                run = open_run(folder / f"{name}-{number}")
            except UserError:
                continue  # unfinished or damaged: never chosen by itself
            if _benchmark(run) != benchmark:
                continue
            runs.append((_finished_time(run), number, run))
    return [run for *_, run in sorted(runs, key=lambda entry: entry[:2], reverse=True)]


def _benchmark(run: RunDirectory) -> object:
    """The published benchmark of a run; ``None`` for one of a corpus."""
    data = run.record().get("data")
    return data.get(BENCHMARK) if isinstance(data, dict) else None


def _finished_time(run: RunDirectory) -> str:
    """When a run finished, comparable as text; empty (older than any) where its record says no time or a future one.

    A clock that was wrong, or a hand, may have written a time that would make the run the newest for years.
    """
    try:
        finished = datetime.fromisoformat(run.record().get("finished", ""))
        finished = finished if finished.tzinfo else finished.replace(tzinfo=UTC)
        return "" if finished > datetime.now(UTC) + _CLOCKS_DIFFER else finished.astimezone(UTC).isoformat()
    except (TypeError, ValueError, OverflowError):
        return ""
