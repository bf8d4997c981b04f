"""The card of a benchmark: what its official program prints, and the kit's metrics with intervals."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from cmivqa_kit import __version__
from cmivqa_kit.bench.contract.types import Benchmark, Evaluation
from cmivqa_kit.bench.report.comparison import BenchComparison, BenchPair
from cmivqa_kit.bench.report.published import BenchFigure
from cmivqa_kit.errors import UserError, closest
from cmivqa_kit.files import fingerprint, sha256
from cmivqa_kit.metrics import Metric, means
from cmivqa_kit.scoring.results import safe_numbers
from cmivqa_kit.scoring.statistics.bootstrap import AS_USUAL, LEVEL, Interval, Resampling
from cmivqa_kit.scoring.statistics.paired import DEFAULTS, Settings, corrected
from cmivqa_kit.scoring.statistics.reduced import compared, intervals, names_of


@dataclass(frozen=True, eq=False)
class BenchCard:
    """The scores of one system's predictions on a split of a benchmark.

    Attributes:
        benchmark: the benchmark.
        split: name of the split, or of the annotation file where it was given by name.
        path: the predictions.
        truth: digest of the annotations.
        evaluation: what the evaluator said.
        resampling: how the intervals are drawn; ``None`` for none.
        published: what was published on this split of the system that was asked for.
    """

    benchmark: Benchmark
    split: str
    path: Path
    truth: str
    evaluation: Evaluation
    resampling: Resampling | None = AS_USUAL
    published: tuple[BenchFigure, ...] = ()

    @property
    def headline(self) -> str:
        """The metric that the benchmark is ranked by."""
        return self.evaluation.metrics[0].name

    @cached_property
    def metrics(self) -> dict[str, float]:
        """The kit's metrics over all queries, by canonical name; NaN where a metric is about none of them."""
        return means(self.evaluation.metrics, self.evaluation.values)

    @cached_property
    def intervals(self) -> Mapping[str, Interval]:
        """Bootstrap intervals by metric; empty without `resampling`."""
        if self.resampling is None:
            return {}
        said = self.evaluation
        return intervals(said.metrics, said.values, said.clusters, self.resampling)

    @property
    def interval_level(self) -> str:
        """The level of the intervals in words: ``95%``."""
        return f"{100 * LEVEL:g}%"

    @property
    def units(self) -> int:
        """How many videos are resampled."""
        return len(set(self.evaluation.clusters))

    @property
    def signature(self) -> str:
        """Everything that the numbers depend on; cards are comparable only where it is the same."""
        queries = len(self.evaluation.queries)
        parts = (f"cmivqa-kit:{__version__}", f"bench:{self.benchmark.name}", f"split:{self.split}")
        return "|".join((*parts, f"queries:{queries}", f"numpy:{np.__version__}", f"truth:{self.truth}"))

    def to_dict(self) -> dict[str, Any]:
        """The machine-readable twin (``bench score --format json``); metrics are unrounded, NaN is ``null``."""
        said = self.evaluation
        return {
            "benchmark": self.benchmark.name,
            "split": self.split,
            "predictions": str(self.path),
            "headline": self.headline,
            "official": said.official or None,
            "crash": said.crash or None,
            "metrics": safe_numbers(self.metrics),
            "scales": {metric.name: metric.scale.to_dict() for metric in said.metrics},
            "intervals": {name: interval.to_dict() for name, interval in self.intervals.items()} or None,
            "extra": safe_numbers(dict(said.extra)),
            "counts": dict(said.counts),
            "remarks": list(said.remarks),
            "published": [figure.to_dict() for figure in self.published] or None,
            "signature": self.signature,
        }

    def rows(self) -> Iterator[dict[str, Any]]:
        """One flat row per query: ``query``, ``video`` (what is resampled as one), a value per metric (``None``: the
        query is none that it is about)."""
        said = self.evaluation
        columns = {name: values.tolist() for name, values in said.values.items()}
        for index, query in enumerate(said.queries):
            values = safe_numbers({name: column[index] for name, column in columns.items()})
            yield {"query": query, "video": said.clusters[index], **values}


def truth_digest(files: Sequence[Path]) -> str:
    """Twelve hex digits that stand for annotation files."""
    return fingerprint([sha256(path) for path in files])


def compare_cards(
    cards: Sequence[BenchCard], names: Sequence[str] = (), settings: Settings = DEFAULTS, all_pairs: bool = False
) -> BenchComparison:
    """Compare two or more systems on the same queries of a benchmark, the first one being the baseline.

    Holm's correction takes every test of the call as one family, metrics x pairs.

    Args:
        cards: one per system.
        names: the metrics to compare on; by default all.
        settings: how to test; ``by`` question resamples single queries.
        all_pairs: compare all of them with each other, not only with the first.

    Raises:
        UserError: they are not of the same annotations, or the benchmark has no such metric.
    """
    first = cards[0]
    for card in cards[1:]:
        if card.signature != first.signature or card.evaluation.queries != first.evaluation.queries:
            raise UserError(
                f"the scores cannot be compared: {card.path} is scored as {card.signature}, "
                f"{first.path} as {first.signature}",
                "Score all systems on the same annotations.",
            )
    chosen = _metrics(cards, names)
    queries = len(first.evaluation.queries)
    clusters = first.evaluation.clusters if settings.by == "video" else tuple(map(str, range(queries)))
    numbers = range(len(cards))
    pairs = [(a, b) for a in (numbers if all_pairs else numbers[:1]) for b in numbers if b > a]
    tested = corrected(
        [compared(chosen, cards[a].evaluation.values, cards[b].evaluation.values, clusters, settings) for a, b in pairs]
    )
    return BenchComparison(
        benchmark=first.benchmark.name,
        split=first.split,
        systems=tuple(str(card.path) for card in cards),
        headline=first.headline,
        pairs=tuple(BenchPair(a, b, found) for (a, b), found in zip(pairs, tested, strict=True)),
        queries=queries,
        videos=first.units,
        settings=settings,
        signature=first.signature,
    )


def _metrics(cards: Sequence[BenchCard], names: Sequence[str]) -> tuple[Metric, ...]:
    """The named metrics, else all that every system has values of."""
    first = cards[0]
    known = {metric.name: metric for metric in first.evaluation.metrics}
    for name in names:
        if name not in known:
            raise UserError(
                f"no metric {name!r} on {first.benchmark.name}.{closest(name, known)}",
                f"There are: {', '.join(names_of(first.evaluation.metrics))}.",
            )
        lacking = next((card for card in cards if math.isnan(card.metrics[name])), None)
        if lacking is not None:
            raise UserError(f"{lacking.path}: no query that {name} is about", "Leave this metric out.")
    chosen = tuple(known[name] for name in dict.fromkeys(names)) or first.evaluation.metrics
    shared = tuple(m for m in chosen if not any(math.isnan(card.metrics[m.name]) for card in cards))
    if not shared:
        raise UserError("the systems have no metric in common", "Compare systems that answer the same task.")
    return shared


def with_published(card: BenchCard, figures: Sequence[BenchFigure]) -> BenchCard:
    """The card with the figures that are published for its split."""
    fitting = [f for f in figures if f.benchmark == card.benchmark.name and f.split == card.split]
    return replace(card, published=tuple(fitting))
