"""Numbers that no evaluation prints together, whether it rounds or cuts off."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise

from cmivqa_kit.editions import Edition
from cmivqa_kit.leaderboard.audit.board import Row
from cmivqa_kit.leaderboard.audit.bounds import combined, iou_bounds, mrr_bounds
from cmivqa_kit.leaderboard.audit.checks.registry import Context, Kind, Said, check
from cmivqa_kit.leaderboard.audit.printed import Interval, Printed, decimal_text

Q12 = "the upper bound assumes that every question is answered: the official MRR leaves the others out (Q12)"
_NAME = re.compile(r"R@(\d+)(?:(\|mIoU)|,IoU=([0-9.]+))?")


@check("range", "a value outside what its metric can have", Kind.CONTRADICTION)
def value_range(context: Context) -> Iterator[Said]:
    """Shares lie between 0 and 1, a sum of four of them between 0 and 4."""
    for row in context.board.rows:
        for metric, printed in row.values.items():
            rule = context.edition.metrics.combined.get(metric)
            most = 1 if rule is None or rule.mean else len(parts_of(metric, context.edition))
            if printed.possible.high < 0 or printed.possible.low > most:
                yield row, (metric,), f"{metric} {printed.text} is outside 0 to {most}"


@check("recall-order", "recall that falls with k, or rises with the threshold", Kind.CONTRADICTION)
def recall_order(context: Context) -> Iterator[Said]:
    """What is right within k is right within more; what overlaps by 0.5 overlaps by 0.3."""
    for small, large in _ordered(context.board.metrics):
        for row in context.board.rows:
            below, above = row.values.get(small), row.values.get(large)
            if below is not None and above is not None and below.possible.low > above.possible.high:
                yield row, (small, large), f"{small} {below.text} is above {large} {above.text}"


@check("mrr-bounds", "an MRR that the recalls do not allow", Kind.CONTRADICTION)
def mrr_within_bounds(context: Context) -> Iterator[Said]:
    """Ranks lie between the cut-offs that recalls tell; see `mrr_bounds`."""
    for row in context.board.rows:
        mrr = row.values.get("MRR")
        recalls = {int(name[2:]): row.values[name].possible for name in row.values if re.fullmatch(r"R@\d+", name)}
        if mrr is None or not recalls:
            continue
        bounds = mrr_bounds(recalls, context.edition.entries)
        names = ("MRR", *(f"R@{k}" for k in sorted(recalls)))
        if mrr.possible.high < bounds.low:
            yield row, names, f"MRR {mrr.text} is below {_text(bounds.low, mrr)}, the least that the recalls allow"
        elif mrr.possible.low > bounds.high:
            most = f"MRR {mrr.text} is above {_text(bounds.high, mrr)}, the most that the recalls allow"
            yield row, names, f"{most}; {Q12}"


@check("combination", "Overall or Average unequal to its definition", Kind.CONTRADICTION)
def combination(context: Context) -> Iterator[Said]:
    """Overall is the sum of its parts, Average their mean, within what rounding leaves open."""
    for metric, mean, parts, row in combinations(context):
        total = row.values[metric]
        terms = [row.values[part] for part in parts]
        allowed = combined([term.possible for term in terms], mean)
        if _apart(total.possible, allowed):
            exact = combined([Interval(term.value, term.value) for term in terms], mean).low
            noun = "mean" if mean else "sum"
            other = combined([term.possible for term in terms], not mean)
            hint = "" if _apart(total.possible, other) else f"; it is their {'sum' if mean else 'mean'}"
            message = f"{metric} {total.text}, but the {noun} of {', '.join(parts)} is {_text(exact, total)}{hint}"
            yield row, (metric, *parts), message


@check("miou-bounds", "a mean IoU that the shares above thresholds do not allow", Kind.CONTRADICTION)
def miou_within_bounds(context: Context) -> Iterator[Said]:
    """A question at or above 0.5 brings from 0.5 to 1; see `iou_bounds`."""
    for row in context.board.rows:
        for metric, shares in _shares(row).items():
            printed = row.values.get(metric)
            if printed is None:
                continue
            bounds = iou_bounds({Fraction(mu): row.values[name].possible for mu, name in shares.items()})
            if _apart(printed.possible, bounds):
                between = f"{_text(bounds.low, printed)} to {_text(bounds.high, printed)}"
                message = f"{metric} {printed.text} is outside {between}, which {', '.join(shares.values())} allow"
                yield row, (metric, *shares.values()), message


@check("rank-twice", "a rank given to rows with unequal values", Kind.CONTRADICTION)
def rank_twice(context: Context) -> Iterator[Said]:
    """Rows may share a rank where the metric that ranks is equal; where it has no column, an only metric ranks."""
    metrics = context.board.metrics
    metric = ranking_metric(context) or (metrics[0] if len(metrics) == 1 else None)
    first: dict[int, Row] = {}
    for row in context.board.rows:
        if row.rank is None or metric is None or metric not in row.values:
            continue
        earlier = first.setdefault(row.rank, row)
        if earlier.values[metric].value != row.values[metric].value:
            other = f"line {earlier.line} ({metric} {earlier.values[metric].text})"
            yield row, (metric,), f"rank {row.rank} with {metric} {row.values[metric].text} is that of {other} too"


def ranking_metric(context: Context) -> str | None:
    """The metric that the board is ranked by, where it has a column."""
    metric = context.edition.metrics.ranks[context.board.track - 1]
    return metric if metric in context.board.metrics else None


def parts_of(metric: str, edition: Edition) -> tuple[str, ...]:
    """The metrics that a combination is formed of, at the edition's cut-offs."""
    rule = edition.metrics.combined[metric]
    return tuple(
        template.replace("{n}", str(n))
        for template in rule.of
        for n in (edition.cutoffs if "{n}" in template else edition.cutoffs[:1])
    )


def combinations(context: Context) -> Iterator[tuple[str, bool, tuple[str, ...], Row]]:
    """Every combination that a row prints with all its parts: its name, whether it is a mean, the parts, the row."""
    for metric, rule in context.edition.metrics.combined.items():
        parts = parts_of(metric, context.edition)
        for row in context.board.rows:
            if metric in row.values and all(part in row.values for part in parts):
                yield metric, rule.mean, parts, row


def _ordered(metrics: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Pairs of metrics of which the first is never above the second."""
    known = {name: match for name in metrics if (match := _NAME.fullmatch(name))}
    by_kind: dict[tuple[str, str], list[tuple[int, str]]] = {}
    by_cutoff: dict[int, list[tuple[float, str]]] = {}
    for name, match in known.items():
        by_kind.setdefault((match[2] or "", match[3] or ""), []).append((int(match[1]), name))
        if match[3]:
            by_cutoff.setdefault(int(match[1]), []).append((-float(match[3]), name))
    chains = [[name for _, name in sorted(group)] for group in by_kind.values()]
    chains += [[name for _, name in sorted(group)] for group in by_cutoff.values()]
    for chain in chains:
        yield from pairwise(chain)
    for name, match in known.items():
        whole = f"R@{match[1]}"
        if name != whole and whole in known:
            yield name, whole


def _shares(row: Row) -> dict[str, dict[str, str]]:
    """By mean IoU, the shares that bound it: names by threshold."""
    shares: dict[str, dict[str, str]] = {}
    for name in row.values:
        match = _NAME.fullmatch(name)
        if match and match[3]:
            shares.setdefault(f"R@{match[1]}|mIoU", {})[match[3]] = name
            if match[1] == "1":
                shares.setdefault("mIoU", {})[match[3]] = name
    return {metric: dict(sorted(own.items(), key=lambda item: float(item[0]))) for metric, own in shares.items()}


def _apart(first: Interval, second: Interval) -> bool:
    return first.low > second.high or first.high < second.low


def _text(value: Fraction, like: Printed) -> str:
    return decimal_text(value, max(4, like.decimals))
