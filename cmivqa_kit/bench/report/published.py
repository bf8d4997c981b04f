"""Published figures of systems on benchmarks, read from ``[[benchmark]]`` tables.

The kit's own stand in ``cmivqa_kit/bench/published.toml``; a baseline may name more in its ``published.toml``. A table
holds what its figures share: ``name`` of the benchmark, ``system``, ``preset`` where the figures belong to one,
``source``, ``queries`` (split -> number of queries), and below it ``[benchmark.split.NAME]``, which maps names of
metrics to values in the kit's units; ``{ value = 0.5, doubt = "why" }`` marks a figure that is not confirmed.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from importlib.resources import files
from math import isfinite
from typing import Any

from cmivqa_kit.errors import Problem, UserError, closest, problems_error
from cmivqa_kit.plugin.registry import baseline_names, find_declaration
from cmivqa_kit.plugin.settings import package_toml

OWN = "cmivqa_kit.bench:published.toml"
_KEYS = ("name", "system", "preset", "source", "queries", "split")


@dataclass(frozen=True, slots=True)
class BenchFigure:
    """One published value of a system on a split of a benchmark, in the kit's unit of the metric.

    ``queries`` is how many it rests on, 0 where that was not said; ``doubt`` says why it is not confirmed, else it is
    empty.
    """

    benchmark: str
    system: str
    split: str
    metric: str
    value: float
    source: str
    queries: int = 0
    preset: str = ""
    doubt: str = ""

    @property
    def title(self) -> str:
        """``system`` or ``system/preset``, as ``--published`` takes it."""
        return f"{self.system}/{self.preset}" if self.preset else self.system

    def to_dict(self) -> dict[str, Any]:
        """One of ``published`` in ``bench score --format json``."""
        return {
            "system": self.title,
            "metric": self.metric,
            "value": None if self.doubt else self.value,
            "doubt": self.doubt or None,
            "queries": self.queries or None,
            "source": self.source,
        }


def read_figures(document: Mapping[str, Any]) -> tuple[tuple[BenchFigure, ...], tuple[Problem, ...]]:
    """The figures of a decoded file, and all that is wrong in it."""
    figures: list[BenchFigure] = []
    problems: list[Problem] = []
    tables = document.get("benchmark", [])
    for number, table in enumerate(tables if isinstance(tables, list) else [tables], 1):
        location = f"benchmark {number}"
        if not isinstance(table, dict):
            problems.append(Problem(location, "not a table"))
            continue
        problems += [
            Problem(f"{location}.{key}", f"unknown key.{closest(key, _KEYS)}") for key in table if key not in _KEYS
        ]
        for key in ("name", "system", "source"):
            if not isinstance(table.get(key), str) or not table[key]:
                problems.append(Problem(f"{location}.{key}", "missing, or not a text"))
        for figure in _figures(table, location):
            (problems if isinstance(figure, Problem) else figures).append(figure)  # type: ignore[arg-type]
    return tuple(figures), tuple(problems)


def _figures(table: Mapping[str, Any], location: str) -> Iterator[BenchFigure | Problem]:
    queries, splits = table.get("queries", {}), table.get("split", {})
    if not isinstance(queries, dict) or not isinstance(splits, dict):
        yield Problem(location, "queries and split must be tables")
        return
    for split, metrics in splits.items():
        if not isinstance(metrics, dict):
            yield Problem(f"{location}.split.{split}", "not a table")
            continue
        for metric, entry in metrics.items():
            value, doubt = (entry.get("value"), entry.get("doubt", "")) if isinstance(entry, dict) else (entry, "")
            if not isinstance(value, int | float) or not isfinite(value) or not isinstance(doubt, str):
                yield Problem(f"{location}.split.{split}.{metric}", f"{entry!r} is not a number")
                continue
            yield BenchFigure(
                str(table.get("name")), str(table.get("system")), split, metric, float(value), str(table.get("source")),
                int(queries.get(split, 0)), str(table.get("preset", "")), doubt,
            )  # fmt: skip


def all_figures() -> tuple[BenchFigure, ...]:
    """Every figure of the kit's own file and of the installed baselines' files; a broken package is passed over.

    Raises:
        UserError: something in the kit's own file is wrong.
    """
    text = files("cmivqa_kit.bench").joinpath("published.toml").read_text(encoding="utf-8")
    figures, problems = read_figures(tomllib.loads(text))
    if problems:
        raise problems_error(OWN, problems, "Mend the file.")
    return (*figures, *_of_baselines())


def _of_baselines() -> Iterator[BenchFigure]:
    for name in baseline_names():
        with suppress(UserError):
            declaration = find_declaration(name)
            if declaration.published:
                yield from read_figures(package_toml(declaration, declaration.published))[0]


def named_figures(name: str, benchmark: str) -> tuple[BenchFigure, ...]:
    """The figures of a system (``nrccr``) or of one preset (``nrccr/NAME``) on a benchmark.

    Raises:
        UserError: there are none; says which systems have some.
    """
    there = [figure for figure in all_figures() if figure.benchmark == benchmark]
    figures = tuple(figure for figure in there if name in (figure.title, figure.system))
    if not figures:
        known = list(dict.fromkeys(figure.title for figure in there))
        raise UserError(
            f"nothing published of {name!r} on {benchmark}.{closest(name, known)}",
            f"There is: {', '.join(known)}." if known else "No figures are known of this benchmark.",
        )
    return figures
