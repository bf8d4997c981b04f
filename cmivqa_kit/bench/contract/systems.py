"""What a system does that is trained on published benchmarks, and which systems there are for one.

A system names the benchmarks in its declaration (`cmivqa_kit.plugin.types.Declaration.benchmarks`); its plug has the
two methods of `ServesBenchmarks` beside those of a baseline.
"""

from __future__ import annotations

from pathlib import Path
from typing import Protocol, runtime_checkable

from cmivqa_kit.bench.contract.types import Benchmark
from cmivqa_kit.errors import UserError, closest
from cmivqa_kit.plugin.registry import baseline_names, create, find_declaration
from cmivqa_kit.plugin.types import Declaration, PredictOptions
from cmivqa_kit.runs.directory import RunDirectory
from cmivqa_kit.runs.settings import Config


@runtime_checkable
class ServesBenchmarks(Protocol):
    """A plug that is trained on benchmarks and answers them; one object serves one run."""

    def prepare(self, config: Config) -> None:
        """Get everything that training with these settings needs from elsewhere (`cmivqa_kit.plugin.types.Prepares`).

        Raises:
            UserError: it cannot be had.
        """
        ...

    def load(self, run: RunDirectory) -> None:
        """Make ready to answer from a finished run."""
        ...

    def fit_benchmark(self, benchmark: Benchmark, root: Path, run: RunDirectory) -> None:
        """Learn from a benchmark's training split, and keep in ``run`` what is best on its validation split.

        A run that has a state goes on from it.

        Raises:
            UserError: files are missing or damaged, or a setting is out of its range.
            RunFailed: the loss is no number, or memory or disk ran out.
        """
        ...

    def predict_benchmark(
        self, benchmark: Benchmark, root: Path, split: str, folder: Path, options: PredictOptions
    ) -> Path:  # fmt: skip
        """Answer a split with the loaded run, in the form that the benchmark's predictions have.

        Args:
            benchmark: what is asked.
            root: its data.
            split: of it.
            folder: is there and empty; all files go into it.
            options: settings of the run, seed and device.

        Returns:
            What `bench score` takes: ``folder``, or a file in it.

        Raises:
            UserError: not loaded, or files are missing or damaged.
        """
        ...


def serving(benchmark: str) -> tuple[str, ...]:
    """Names of the installed systems that are trained on a benchmark; a broken package is passed over."""
    return tuple(name for name in baseline_names() if benchmark in _benchmarks(name))


def system_for(benchmark: Benchmark, name: str | None = None) -> Declaration:
    """The system called ``name``, by default the benchmark's own, else the only one there is.

    Raises:
        UserError: it does not serve this benchmark, or none does.
    """
    names = serving(benchmark.name)
    chosen = name or (benchmark.system if benchmark.system in names else next(iter(names), None))
    if chosen is None:
        raise UserError(
            f"no installed system is trained on {benchmark.name}",
            "Score predictions of any system with `bench score`; it says how they are handed in.",
        )
    declaration = find_declaration(chosen)
    if benchmark.name not in declaration.benchmarks:
        there = f"These are: {', '.join(names)}." if names else "No installed system is."
        raise UserError(f"{chosen} is not trained on {benchmark.name}.{closest(chosen, names)}", there)
    return declaration


def plug(declaration: Declaration) -> ServesBenchmarks:
    """A fresh object of a system.

    Raises:
        UserError: a package is missing, or it has not the methods that its declaration promises.
    """
    system = create(declaration)
    if not isinstance(system, ServesBenchmarks):
        raise UserError(
            f"{declaration.name}: {declaration.factory} has no fit_benchmark and predict_benchmark",
            "Reinstall or mend its package.",
        )
    return system


def _benchmarks(name: str) -> tuple[str, ...]:
    try:
        return tuple(find_declaration(name).benchmarks)
    except UserError:
        return ()
