"""What a metric is, how a family of metrics is registered, and how metrics become numbers."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from cmivqa_kit.metrics.ranks_and_ious import RanksAndIous, Values
from cmivqa_kit.metrics.reducer import MEAN, Reducer
from cmivqa_kit.metrics.scale import FRACTION, Scale

Compute = Callable[[RanksAndIous], Values]
Term = TypeVar("Term", float, Values)


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric; equal to every other of the same name and parts.

    Attributes:
        name: the canonical name, such as ``R@10`` or ``R@1,IoU=0.5``.
        title: what it measures, in a few plain words.
        tracks: the tracks of an edition where it is defined; none for a metric of a published benchmark.
        position: where it stands among the others; small goes first.
        values: (n,) values of the questions, from their facts; ``None`` for a metric that is formed of others.
        parts: the metrics it is formed of, in the order in which they are added.
        mean: whether it is the mean of its parts, not their sum.
        scale: its unit, direction and bounds.
        reducer: how the values of the questions become one number.
    """

    name: str
    title: str
    tracks: tuple[int, ...] = ()
    position: int = 0
    values: Compute | None = field(default=None, compare=False, repr=False)
    parts: tuple[Metric, ...] = ()
    mean: bool = False
    scale: Scale = FRACTION
    reducer: Reducer = MEAN

    def form(self, terms: Sequence[Term]) -> Term:
        """The combination of the parts' values, be they means or arrays: added from left to right."""
        total = terms[0]
        for term in terms[1:]:
            total = total + term
        return total / len(terms) if self.mean else total


@dataclass(frozen=True, slots=True)
class Family:
    """Metrics that differ only in a cut-off ``{n}`` or an IoU threshold ``{mu}`` of their name."""

    template: str
    title: str
    tracks: tuple[int, ...]
    position: int
    compute: Callable[..., Values]
    scale: Scale = FRACTION

    def members(self, cutoffs: Sequence[int], thresholds: Sequence[float]) -> Iterator[Metric]:
        """The metrics at all cut-offs and, within a cut-off, thresholds; just one where the name has neither."""
        for n in cutoffs if "n" in self.parameters else cutoffs[:1]:
            for mu in thresholds if "mu" in self.parameters else thresholds[:1]:
                yield self.member(n, mu)

    def member(self, n: int, mu: float) -> Metric:
        """The metric with these parameters, of which it takes those that its name has."""
        numbers: dict[str, Any] = {name: value for name, value in (("n", n), ("mu", mu)) if name in self.parameters}
        return Metric(
            self.template.format(**numbers),
            self.title.format(**numbers),
            self.tracks,
            self.position,
            partial(self.compute, **numbers),
            scale=self.scale,
        )

    @property
    def parameters(self) -> tuple[str, ...]:
        """Which of ``n`` and ``mu`` the name has."""
        return tuple(name for name in ("n", "mu") if f"{{{name}}}" in self.template)

    def parse(self, name: str) -> Metric | None:
        """The member called ``name`` or nearly so (``R@05``), or ``None``."""
        pattern = (
            re.escape(self.template)
            .replace(r"\{n\}", r"(?P<n>\d{1,9})")
            .replace(r"\{mu\}", r"(?P<mu>\d{1,9}\.?\d{0,19})")
        )
        match = re.fullmatch(pattern, name)
        if match is None:
            return None
        found = match.groupdict()
        try:
            n, mu = int(found.get("n") or 1), float(found.get("mu") or 0.5)
        except ValueError:
            return None
        return self.member(n, mu) if n >= 1 and 0 < mu <= 1 else None


FAMILIES: dict[str, Family] = {}


def family(
    template: str, title: str, *, tracks: tuple[int, ...], position: int, scale: Scale = FRACTION
) -> Callable[[Callable[..., Values]], Callable[..., Values]]:
    """Register a function from `RanksAndIous` (and ``n``, ``mu`` where the name has them) to (n,) values.

    Args:
        template: the canonical name, with ``{n}`` for a cut-off and ``{mu}`` for an IoU threshold.
        title: what it measures; the same placeholders.
        tracks: where it is defined; there it is computed for every cut-off and threshold of an edition.
        position: where it stands among the others; small goes first.
        scale: its unit, direction and bounds; by default a fraction from 0 to 1 of which more is better.
    """

    def add(function: Callable[..., Values]) -> Callable[..., Values]:
        FAMILIES[template] = Family(template, title, tracks, position, function, scale)
        return function

    return add


def evaluate(metrics: Iterable[Metric], facts: RanksAndIous) -> dict[str, Values]:
    """(n,) values of every metric, by name."""
    known: dict[str, Values] = {}

    def of(metric: Metric) -> Values:
        if metric.name not in known:
            compute = metric.values
            known[metric.name] = compute(facts) if compute else metric.form([of(part) for part in metric.parts])
        return known[metric.name]

    return {metric.name: of(metric) for metric in metrics}


def means(
    metrics: Iterable[Metric], values: Mapping[str, Values], rows: NDArray[np.intp] | None = None
) -> dict[str, float]:
    """The metrics over all questions, or over those at ``rows``, each as its reducer says.

    What is formed of others is formed of their means, so that it adds up.
    """
    known: dict[str, float] = {}

    def of(metric: Metric) -> float:
        if metric.name not in known:
            if metric.parts:
                known[metric.name] = metric.form([of(part) for part in metric.parts])
            else:
                column = values[metric.name] if rows is None else values[metric.name][rows]
                known[metric.name] = metric.reducer(column)
        return known[metric.name]

    return {metric.name: of(metric) for metric in metrics}
