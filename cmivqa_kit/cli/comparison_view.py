"""A comparison on the terminal: of many systems a table of all, then every pair by itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from string import ascii_uppercase
from typing import Any

from rich.text import Text

from cmivqa_kit.bench.report.comparison import BenchComparison
from cmivqa_kit.cli.common import Session
from cmivqa_kit.data.display import count
from cmivqa_kit.runs.provenance import made_by
from cmivqa_kit.scoring.card_text import metric_name
from cmivqa_kit.scoring.statistics.comparison import Comparison, Pair
from cmivqa_kit.scoring.statistics.paired import Difference

STYLE = {"better": "green", "worse": "red", "open": "yellow"}
MARK = {"better": ">", "worse": "<", "open": "~"}
FEW_PAIRS = 3  # that are shown one by one unasked


def show_comparison(
    session: Session, comparison: Comparison, records: Sequence[Mapping[str, Any] | None], verbose: bool
) -> None:
    """Print a comparison; ``records`` are those of the runs that made the systems."""
    from cmivqa_kit.plugin.settings import name_recipe

    letters = [ascii_uppercase[i] if i < 26 else f"S{i + 1}" for i in range(len(comparison.names))]
    amount = f"{count(comparison.questions, 'question')} of {count(comparison.videos, 'video')}"
    session.say(f"Track {comparison.track}, {comparison.split}, strict scores; {amount}", "bold")
    for letter, name, record in zip(letters, comparison.names, records, strict=True):
        session.say(f"  {letter}  {name}{'' if record is None else ', ' + made_by(record, name_recipe)}")
    if len(letters) > 2:
        for metric in _ranking_metrics(comparison):
            _show_all(session, comparison, metric, letters)
    every = verbose or len(comparison.pairs) <= FEW_PAIRS
    for pair in comparison.pairs if every else ():
        _show_pair(session, comparison, pair, letters[pair.a], letters[pair.b])
    if not every:
        session.say(f"  -v: every metric of each of the {len(comparison.pairs)} pairs", "dim")
    metrics = comparison.tests // len(comparison.pairs)
    tests = f"{count(comparison.tests, 'test')} ({count(metrics, 'metric')} x {count(len(comparison.pairs), 'pair')})"
    session.say(f"  p (Holm) is corrected for the {tests} of this track; intervals are not corrected.", "dim")
    for remark in comparison.remarks:
        session.say(f"  {remark}", "yellow")
    session.say(f"  {comparison.signature}", "dim")


def show_bench_comparison(session: Session, comparison: BenchComparison) -> None:
    """Print a comparison of systems on a benchmark: every pair, metric by metric."""
    letters = [ascii_uppercase[i] if i < 26 else f"S{i + 1}" for i in range(len(comparison.systems))]
    amount = f"{comparison.queries:,} queries of {count(comparison.videos, 'video')}"
    session.say(f"{comparison.benchmark}, {comparison.split}; {amount}", "bold")
    for letter, name in zip(letters, comparison.systems, strict=True):
        session.say(f"  {letter}  {name}")
    for pair in comparison.pairs:
        _show_differences(session, pair.differences, letters[pair.a], letters[pair.b], comparison.settings.alpha)
    session.say(f"  p (Holm) is corrected for {count(comparison.tests, 'test')}; intervals are not corrected.", "dim")
    session.say(f"  {comparison.signature}", "dim")


def _ranking_metrics(comparison: Comparison) -> list[str]:
    """The headline where it was compared, else whatever was."""
    names = [one.metric for one in comparison.pairs[0].differences]
    return [comparison.headline] if comparison.headline in names else names


def _show_all(session: Session, comparison: Comparison, metric: str, letters: Sequence[str]) -> None:
    """All systems on one metric: a matrix of their differences, or each beside the baseline."""
    on_metric = {(pair.a, pair.b): one for pair in comparison.pairs if (one := pair.on(metric)) is not None}
    name = metric_name(metric, next(iter(on_metric.values())).scale)
    legend = "> better, < worse, ~ no difference can be told"
    if all(a == 0 for a, _ in on_metric):
        level = f"{100 * (1 - comparison.settings.alpha):g}%"
        columns = ["", f">{metric}", f">minus {letters[0]}", f">{level} interval", ">p (Holm)"]
        first = next(iter(on_metric.values()))
        rows: list[list[str | Text]] = [[letters[0], first.scale.text(first.a), "", "", ""]]
        for (_, b), one in on_metric.items():
            rows.append([letters[b], one.scale.text(one.b), _marked(one), ends(one), p_text(one.p_holm)])
        session.table(f"{name}, each minus {letters[0]}: {legend}", columns, rows)
        return
    session.say(f"{name}, column minus row, p (Holm) below: {legend}", "bold")
    scores = {a: one.scale.text(one.a) for (a, _), one in on_metric.items()}
    scores |= {b: one.scale.text(one.b) for (_, b), one in on_metric.items()}
    cell = max(len(_marked(one).plain) for one in on_metric.values())
    room = session.console.width - max(map(len, letters)) - max(len(metric), *map(len, scores.values())) - 2
    at_once = max(1, room // (cell + 2))
    others = range(1, len(letters))
    for begin in range(0, len(others), at_once):
        shown = others[begin : begin + at_once]
        rows = []
        for a in range(len(letters)):
            pairs = [on_metric.get((a, b)) for b in shown]
            rows.append([letters[a], scores[a], *("" if one is None else _marked(one) for one in pairs)])
            if any(pairs):
                rows.append(["", "", *("" if one is None else f"{p_text(one.p_holm)}  " for one in pairs)])
        session.table("", ["", f">{metric}", *(f">{letters[b]}  " for b in shown)], rows)


def _marked(difference: Difference) -> Text:
    """``+0.1234 >``: the difference, and what can be said of it."""
    amount = difference.scale.text(difference.difference, signed=True)
    return Text(f"{amount} {MARK[difference.verdict]}", style=STYLE[difference.verdict])


def _show_pair(session: Session, comparison: Comparison, pair: Pair, a: str, b: str) -> None:
    _show_differences(session, pair.differences, a, b, comparison.settings.alpha)
    headline = pair.on(comparison.headline)
    if headline is not None:
        session.say(comparison.conclusion(pair), STYLE[headline.verdict])


def _show_differences(session: Session, differences: Sequence[Difference], a: str, b: str, alpha: float) -> None:
    level = f"{100 * (1 - alpha):g}%"
    columns = ["metric", f">{a}", f">{b}", f">{b} - {a}", f">{level} interval", ">p", ">p (Holm)", ">win/tie/loss"]
    session.table("", columns, [_row(difference) for difference in differences])


def _row(difference: Difference) -> list[str]:
    scale = difference.scale
    return [
        metric_name(difference.metric, scale),
        scale.text(difference.a),
        scale.text(difference.b),
        scale.text(difference.difference, signed=True),
        ends(difference),
        p_text(difference.p),
        p_text(difference.p_holm),
        f"{difference.wins}/{difference.ties}/{difference.losses}",
    ]


def ends(difference: Difference) -> str:
    """The ends of the interval of a difference, with their signs."""
    interval, scale = difference.interval, difference.scale
    if interval.low is None or interval.high is None:
        return "none"
    return f"{scale.digits(interval.low, signed=True)} to {scale.text(interval.high, signed=True)}"


def p_text(p: float) -> str:
    """A p-value with four decimals."""
    return "<0.0001" if p < 0.0001 else f"{p:.4f}"
