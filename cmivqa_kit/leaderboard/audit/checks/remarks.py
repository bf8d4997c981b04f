"""What is odd about a board and still possible."""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise

from cmivqa_kit.leaderboard.audit.bounds import combined
from cmivqa_kit.leaderboard.audit.checks.contradictions import combinations, ranking_metric
from cmivqa_kit.leaderboard.audit.checks.registry import Context, Kind, Said, check
from cmivqa_kit.leaderboard.audit.printed import Interval, Printed, decimal_text
from cmivqa_kit.leaderboard.audit.questions import has_multiple, is_counted, is_multiple


@check("order", "rows not sorted by the metric that ranks", Kind.REMARK)
def order(context: Context) -> Iterator[Said]:
    """A row that is better than the one before it."""
    metric = ranking_metric(context)
    rows = [row for row in context.board.rows if metric in row.values]
    for before, row in pairwise(rows):
        own, other = row.values[metric or ""], before.values[metric or ""]
        if own.value > other.value:
            listed = f"below {before.team or f'line {before.line}'} with {other.text}"
            yield row, (metric or "",), f"{metric} {own.text} is listed {listed}"


@check("multiple", "a recall that is no multiple of one by the number of questions", Kind.REMARK)
def multiple(context: Context) -> Iterator[Said]:
    """A recall is a count of questions divided by their number."""
    most = context.questions.groups[0] if context.questions.groups else None
    if most is None:
        return
    for row in context.board.rows:
        group = context.questions.of(row.line)
        values = {
            metric: printed
            for metric, printed in row.values.items()
            if is_counted(metric) and not is_multiple(printed, most.number)
        }
        if values and group is not most:
            said = ", ".join(f"{metric} {printed.text}" for metric, printed in values.items())
            source = ", the questions of the edition" if most.source == "edition" else ""
            own = f"; the row's are multiples of 1/{group.number}" if group else ""
            yield row, tuple(values), f"{said}: no multiple of 1/{most.number}{source}{own}"


@check("truncation", "cut off where rounding was due", Kind.REMARK)
def truncation(context: Context) -> Iterator[Said]:
    """A combination, or a count of questions, that would be rounded up and is not."""
    for metric, mean, parts, row in combinations(context):
        exact = _exact([row.values[part] for part in parts], mean)
        total = row.values[metric]
        if _is_cut(exact, total):
            noun = "mean" if mean else "sum"
            digits = decimal_text(exact, total.decimals + 2)
            yield row, (metric,), f"{metric} {total.text}: cut off, the {noun} of the printed parts is {digits}"
    for row in context.board.rows:
        group = context.questions.of(row.line)
        for metric, value in row.values.items():
            if group is None or not is_counted(metric) or has_multiple(value.rounded, group.number):
                continue
            exact = Fraction(math.floor(value.possible.high * group.number), group.number)
            if _is_cut(exact, value):
                counted = f"{exact * group.number}/{group.number} is {decimal_text(exact, value.decimals + 2)}"
                yield row, (metric,), f"{metric} {value.text}: cut off, {counted}"


@check("rounding", "a combination that its printed parts do not give exactly", Kind.REMARK)
def rounding(context: Context) -> Iterator[Said]:
    """It lies within what the rounding of the parts leaves open, and was computed before they were rounded."""
    for metric, mean, parts, row in combinations(context):
        terms = [row.values[part] for part in parts]
        exact, total = _exact(terms, mean), row.values[metric]
        allowed = combined([term.possible for term in terms], mean)
        overlaps = total.possible.low <= allowed.high and total.possible.high >= allowed.low
        inside = total.rounded.low <= exact <= total.rounded.high
        if overlaps and not inside and not _is_cut(exact, total):
            noun = "mean" if mean else "sum"
            digits = decimal_text(exact, total.decimals + 2)
            yield row, (metric,), f"{metric} {total.text}: the {noun} of the printed parts is {digits}, within rounding"


def _exact(terms: list[Printed], mean: bool) -> Fraction:
    return combined([Interval(term.value, term.value) for term in terms], mean).low


def _is_cut(exact: Fraction, printed: Printed) -> bool:
    """True where a value lies in the upper half of the step above what is printed."""
    return printed.rounded.high < exact < printed.value + printed.step
