"""Intervals and paired tests of metrics that are no plain means over all queries: medians, parts of the queries, sums.

A metric is a function of how often each cluster counts. A bootstrap resample draws these numbers; a comparison of two
systems stacks their values, so that a resample counts the clusters of both alike and an exchange counts a cluster on
either side. Everything else follows from that one function (`Statistics.at`).

Sources: as of `bootstrap` and `randomization`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cmivqa_kit.metrics.base import Metric, means
from cmivqa_kit.metrics.ranks_and_ious import Values
from cmivqa_kit.metrics.reducer import MEAN
from cmivqa_kit.scoring.statistics.bootstrap import FEW, LEVEL, Interval, Resampling, product
from cmivqa_kit.scoring.statistics.clusters import Clusters, group
from cmivqa_kit.scoring.statistics.draws import signs, weights
from cmivqa_kit.scoring.statistics.paired import Difference, Settings
from cmivqa_kit.scoring.statistics.power import detectable
from cmivqa_kit.scoring.statistics.randomization import ENUMERATED, PValue, randomization_test

_ROUNDING = 1e-9
_SHARED = 1 << 22  # weights of single queries held at once
Block = NDArray[np.float64] | NDArray[np.float32]


def leaves(metric: Metric) -> tuple[Metric, ...]:
    """The metrics that have values of their own, of which one is formed; itself where it is one."""
    return tuple(leaf for part in metric.parts for leaf in leaves(part)) if metric.parts else (metric,)


def per_query(metric: Metric, values: Mapping[str, Values]) -> Values:
    """(Q,) what each query adds to a metric; NaN where it is about none of the parts."""
    columns = np.stack([values[leaf.name] for leaf in leaves(metric)])
    total = np.where(np.isnan(columns).all(axis=0), np.nan, np.nansum(columns, axis=0))
    return total / len(metric.parts) if metric.mean else total


@dataclass(frozen=True, slots=True, eq=False)
class Statistics:
    """Metrics of Q queries in C clusters, at any number of times that each cluster counts.

    Attributes:
        metrics: the metrics, formed ones included.
        values: per metric that is not formed of others, (Q,) values; NaN for a query that it is not about.
        clusters: which cluster each query is in.
    """

    metrics: Sequence[Metric]
    values: Mapping[str, Values]
    clusters: Clusters

    def at(self, block: Block) -> NDArray[np.float64]:
        """(rows, C) times that clusters count -> (rows, M) metrics; NaN where no query of a metric counts."""
        single = {leaf.name: leaf for metric in self.metrics for leaf in leaves(metric)}
        plain = [name for name, leaf in single.items() if leaf.reducer == MEAN]
        columns = dict(zip(plain, self._means(plain, block).T, strict=True))
        columns |= {name: self._median(name, block) for name in single if name not in columns}

        def of(metric: Metric) -> Values:
            return metric.form([of(part) for part in metric.parts]) if metric.parts else columns[metric.name]

        return np.stack([of(metric) for metric in self.metrics], axis=1)

    def _means(self, names: Sequence[str], block: Block) -> NDArray[np.float64]:
        if not names:
            return np.empty((len(block), 0))
        table = np.stack([self.values[name] for name in names], axis=1)
        counted = ~np.isnan(table)
        middle = np.array([MEAN(table[:, column]) for column in range(table.shape[1])])
        # Deviations from the mean instead of sums, as in `bootstrap.resampled_means`.
        deviations = self.clusters.totals(np.where(counted, table - middle, 0.0))
        sizes = self.clusters.totals(counted.astype(np.float64))
        total = product(block, np.hstack((deviations, sizes)))
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray(total[:, : len(names)] / total[:, len(names) :] + middle)

    def _median(self, name: str, block: Block) -> Values:
        """(rows,) medians: the middle of the values, each repeated as often as its cluster counts."""
        about = np.flatnonzero(~np.isnan(self.values[name]))
        order = about[np.argsort(self.values[name][about], kind="stable")]
        ordered, of = self.values[name][order], self.clusters.of[order]
        medians = np.full(len(block), np.nan)
        step = max(1, _SHARED // max(1, len(order)))
        for begin in range(0, len(block), step):
            running = np.cumsum(block[begin : begin + step][:, of], axis=1, dtype=np.float64)
            for row, sums in enumerate(running, begin):
                if len(sums) and (whole := sums[-1]) > 0:
                    low, high = np.searchsorted(sums, ((whole - 1) // 2, whole // 2), side="right")
                    medians[row] = (ordered[low] + ordered[high]) / 2
        return medians


def intervals(
    metrics: Sequence[Metric], values: Mapping[str, Values], clusters: Sequence[str], resampling: Resampling
) -> dict[str, Interval]:
    """Bootstrap intervals of metrics, formed ones included, all from the same resamples.

    A resample without any query that a metric is about says nothing of it and is left out.

    Args:
        metrics: the metrics.
        values: per metric that is not formed of others, (Q,) values; NaN for a query that it is not about.
        clusters: (Q,) the name of each query's cluster, its video.
        resampling: how often, and from which seed.
    """
    groups = group(clusters)
    drawn = _drawn(Statistics(metrics, values, groups), groups.count, resampling) if groups.count > 1 else None
    return {
        metric.name: _interval(metric, None if drawn is None else drawn[:, column], groups, per_query(metric, values))
        for column, metric in enumerate(metrics)
    }


def compared(
    metrics: Sequence[Metric],
    a: Mapping[str, Values],
    b: Mapping[str, Values],
    clusters: Sequence[str],
    settings: Settings,
) -> list[Difference]:
    """Two systems on the same queries: per metric the difference b - a, its interval and p-value (uncorrected).

    Args:
        metrics: the metrics to compare on.
        a, b: per metric that is not formed of others, (Q,) values; NaN in both for a query that it is not about.
        clusters: (Q,) what is resampled and exchanged as one.
        settings: how to test.
    """
    groups = group(clusters)
    both = _stacked(metrics, a, b, groups)
    ones, zeros = np.ones((1, groups.count)), np.zeros((1, groups.count))
    observed = (both.at(np.hstack((zeros, ones))) - both.at(np.hstack((ones, zeros))))[0]
    resampling = Resampling(settings.resamples, settings.seed)
    drawn = _drawn_differences(both, groups.count, resampling) if groups.count > 1 else None
    p_values = _p_values(metrics, a, b, clusters, groups, settings, both, observed)
    of_a, of_b = means(metrics, a), means(metrics, b)
    compared = []
    for column, metric in enumerate(metrics):
        gap = per_query(metric, b) - per_query(metric, a)
        gain = metric.scale.gain(1.0) * gap[~np.isnan(gap)]
        interval = _interval(
            metric, None if drawn is None else drawn[:, column], groups, gap, 1 - settings.alpha, difference=True
        )
        p = p_values[metric.name]
        compared.append(
            Difference(
                metric=metric.name,
                a=of_a[metric.name],
                b=of_b[metric.name],
                difference=of_b[metric.name] - of_a[metric.name],
                interval=interval,
                p=p.p,
                exact=p.exact,
                p_holm=p.p,
                wins=int((gain > 0).sum()),
                ties=int((gain == 0).sum()),
                losses=int((gain < 0).sum()),
                detectable=detectable(interval.error, settings.alpha),
                alpha=settings.alpha,
                scale=metric.scale,
            )
        )
    return compared


def _stacked(
    metrics: Sequence[Metric], a: Mapping[str, Values], b: Mapping[str, Values], groups: Clusters
) -> Statistics:
    """The values of both systems one after the other, in clusters of their own: the first C are those of ``a``."""
    names = {leaf.name for metric in metrics for leaf in leaves(metric)}
    twice = Clusters(np.concatenate((groups.of, groups.of + groups.count)), np.tile(groups.sizes, 2))
    return Statistics(metrics, {name: np.concatenate((a[name], b[name])) for name in names}, twice)


def _drawn(statistics: Statistics, clusters: int, resampling: Resampling) -> NDArray[np.float64]:
    """(resamples, M) metrics of the resamples."""
    return np.vstack([statistics.at(block) for block in weights(clusters, resampling.resamples, resampling.seed)])


def _drawn_differences(both: Statistics, clusters: int, resampling: Resampling) -> NDArray[np.float64]:
    """(resamples, M) differences b - a of the resamples."""
    rows = []
    for block in weights(clusters, resampling.resamples, resampling.seed):
        drawn = np.asarray(block, dtype=np.float64)
        none = np.zeros_like(drawn)
        rows.append(both.at(np.hstack((none, drawn))) - both.at(np.hstack((drawn, none))))
    return np.vstack(rows)


def _interval(
    metric: Metric,
    drawn: Values | None,
    groups: Clusters,
    queries: Values,
    level: float = LEVEL,
    difference: bool = False,
) -> Interval:
    known = queries[~np.isnan(queries)]
    if not len(known):
        return Interval(None, None, None, level, "no query that it is about")
    if drawn is None:
        return Interval(None, None, None, level, "only one cluster: nothing to resample")
    if (known == known[0]).all() and not metric.parts:
        same = float(known[0])
        return Interval(same, same, 0.0, level, "all questions have the same value")
    drawn = drawn[~np.isnan(drawn)]
    if not len(drawn):
        return Interval(None, None, None, level, "no resample has a query that it is about")
    low, high = np.quantile(drawn, ((1 - level) / 2, (1 + level) / 2))
    scale = metric.scale.of_differences() if difference else metric.scale
    note = f"only {groups.count} clusters: likely too narrow" if groups.count < FEW else ""
    error = float(drawn.std(ddof=1)) if len(drawn) > 1 else 0.0
    return Interval(scale.clamp(float(low)), scale.clamp(float(high)), error, level, note)


def _p_values(
    metrics: Sequence[Metric],
    a: Mapping[str, Values],
    b: Mapping[str, Values],
    clusters: Sequence[str],
    groups: Clusters,
    settings: Settings,
    both: Statistics,
    observed: NDArray[np.float64],
) -> dict[str, PValue]:
    """The two-sided p-value of each metric: from sums of gaps where it is made of means, else from whole exchanges."""
    linear = [metric for metric in metrics if all(leaf.reducer == MEAN for leaf in leaves(metric))]
    gaps = {metric.name: _weighted_gap(metric, a, b) for metric in linear}
    p_values = randomization_test(gaps, clusters, settings.resamples, settings.seed) if gaps else {}
    for column, metric in enumerate(metrics):
        if metric.name not in p_values:
            own = Statistics([metric], both.values, both.clusters)
            gap = groups.totals(np.nan_to_num(np.abs(per_query(metric, b) - per_query(metric, a)))[:, None])[:, 0]
            differing, seen = np.flatnonzero(gap), float(observed[column])
            p_values[metric.name] = _exchanged(own, differing, groups.count, settings, seen)
    return p_values


def _weighted_gap(metric: Metric, a: Mapping[str, Values], b: Mapping[str, Values]) -> Values:
    """(Q,) what each query adds to the difference of a metric that is made of means over parts of the queries."""
    gap = np.zeros(len(next(iter(a.values()))))
    for leaf in leaves(metric):
        own = b[leaf.name] - a[leaf.name]
        counted = ~np.isnan(own)
        gap[counted] += own[counted] / max(1, counted.sum())
    return gap


def _exchanged(own: Statistics, differing: NDArray[np.intp], clusters: int, settings: Settings, seen: float) -> PValue:
    """The share of exchanges of clusters between two systems whose difference is at least as far from zero."""
    exact = len(differing) <= ENUMERATED
    rows = _all_exchanges(differing, clusters) if exact else signs(clusters, settings.resamples, settings.seed)
    reached = tried = 0
    for swapped in rows:
        gaps = own.at(np.hstack((swapped, 1 - swapped))) - own.at(np.hstack((1 - swapped, swapped)))
        reached += int((np.abs(gaps[:, 0]) >= abs(seen) - _ROUNDING).sum())
        tried += len(swapped)
    return PValue(reached / tried, True) if exact else PValue((reached + 1) / (tried + 1), False)


def _all_exchanges(differing: NDArray[np.intp], clusters: int) -> Iterator[NDArray[np.float64]]:
    """All 2^n exchanges of the clusters that differ, in blocks; one side is held: the other half mirrors this one."""
    free = differing[1:]
    for begin in range(0, 1 << len(free), 1 << 8):
        numbers = np.arange(begin, min(begin + (1 << 8), 1 << len(free)))
        swapped = np.zeros((len(numbers), clusters))
        swapped[:, free] = (numbers[:, None] >> np.arange(len(free))) & 1
        yield swapped


def names_of(metrics: Iterable[Metric]) -> tuple[str, ...]:
    """Canonical names, in their order."""
    return tuple(metric.name for metric in metrics)
