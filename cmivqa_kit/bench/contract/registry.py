"""Finding benchmarks: the kit's own are the modules of `cmivqa_kit.bench`; others come through an entry point.

A module is called like its benchmark, with ``_`` for ``-``. A package of a third party names its `Benchmark` in the
entry-point group ``cmivqa_kit.benchmarks``.
"""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from pkgutil import iter_modules
from typing import Any

from cmivqa_kit import bench
from cmivqa_kit.bench.contract.types import Benchmark, Evaluator
from cmivqa_kit.errors import UserError, closest

GROUP = "cmivqa_kit.benchmarks"


def own_names() -> tuple[str, ...]:
    """Names of the kit's own benchmarks, sorted; imports none of them."""
    return tuple(sorted(m.name.replace("_", "-") for m in iter_modules(bench.__path__) if not m.ispkg))


def benchmark_names() -> tuple[str, ...]:
    """Names of all installed benchmarks: the kit's own, then those of others; imports none of them."""
    return (*own_names(), *sorted(set(_foreign()) - set(own_names())))


def find_benchmark(name: str) -> Benchmark:
    """The benchmark called ``name``.

    Raises:
        UserError: there is none, or the package that declares it is broken.
    """
    if name in own_names():
        benchmark: Benchmark = import_module(f"cmivqa_kit.bench.{name.replace('-', '_')}").BENCHMARK
        return benchmark
    foreign = _foreign()
    if name not in foreign:
        known = benchmark_names()
        raise UserError(f"unknown benchmark {name!r}.{closest(name, known)}", f"There are: {', '.join(known)}.")
    try:
        loaded = foreign[name].load()
    except Exception as error:  # another's package may raise anything
        raise _broken(name, foreign[name].value, error) from error
    if not isinstance(loaded, Benchmark):
        raise UserError(
            f"benchmark {name!r}: {foreign[name].value} is not a Benchmark",
            "Its entry point must name a cmivqa_kit.bench.contract.types.Benchmark.",
        )
    return loaded


def create_evaluator(benchmark: Benchmark) -> Evaluator[Any, Any]:
    """A fresh evaluator of a benchmark.

    Raises:
        UserError: it cannot be loaded.
    """
    module, _, attribute = benchmark.evaluator.partition(":")
    try:
        evaluator: Evaluator[Any, Any] = getattr(import_module(module), attribute)()
    except UserError:
        raise
    except Exception as error:
        raise _broken(benchmark.name, benchmark.evaluator, error) from error
    return evaluator


def _foreign() -> dict[str, EntryPoint]:
    return {point.name: point for point in entry_points(group=GROUP)}


def _broken(name: str, target: str, error: Exception) -> UserError:
    return UserError(
        f"benchmark {name!r}: {target} cannot be loaded ({type(error).__name__}: {error})",
        "Reinstall or mend the package it is in; --debug shows where it stops.",
    )
