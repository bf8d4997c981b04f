"""The card of a benchmark in words and tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from cmivqa_kit.bench.report.card import BenchCard
from cmivqa_kit.data.display import count
from cmivqa_kit.data.text_blocks import Block, Line, Table
from cmivqa_kit.scoring.card_text import NONE, bounds, metric_name

DECIMALS = 4


BRIEF = "brief"  # the group in which an official program sums up what it prints


def card_blocks(card: BenchCard, verbose: bool = False) -> Iterator[Block]:
    """The lines and tables of a card: the headline by itself, the metrics, what the official program prints.

    Args:
        card: the card.
        verbose: all that the official program prints, also where it sums that up.
    """
    said = card.evaluation
    yield Line(f"{card.path}: {card.benchmark.name}, {card.split}", "bold")
    if said.crash:
        yield Line(f"  the official program would stop: {said.crash}", "red")
    yield Line()
    headline = said.metrics[0]
    value = card.metrics[headline.name]
    shown = [metric_name(headline.name, headline.scale), headline.scale.text(value, DECIMALS)]
    if headline.name in card.intervals:
        shown.append(bounds(card.intervals[headline.name], DECIMALS, headline.scale))
    yield Line(f"  {'   '.join(shown)}", "bold cyan")
    yield Line()
    yield _metrics(card)
    official = card.evaluation.official
    yield from _official(official if verbose or BRIEF not in official else {BRIEF: official[BRIEF]})
    yield from _remarks(card)
    yield Line(f"  {card.signature}", "dim")


def _metrics(card: BenchCard) -> Table:
    published = {figure.metric: figure for figure in card.published if not figure.doubt}
    rows = []
    for metric in card.evaluation.metrics:
        value = card.metrics[metric.name]
        row = [f"  {metric_name(metric.name, metric.scale)}", NONE if value != value else metric.scale.text(value)]
        if card.intervals:
            row.append(bounds(card.intervals.get(metric.name), DECIMALS, metric.scale))
        if published:
            figure = published.get(metric.name)
            row.append(NONE if figure is None else metric.scale.text(figure.value))
        rows.append(tuple(row))
    head = ["  metric", ">value"]
    head += [f">{card.interval_level} interval"] if card.intervals else []
    head += [f">{card.published[0].system}, published"] if published else []
    return Table(tuple(head), tuple(rows))


def _official(official: Mapping[str, Any]) -> Iterator[Block]:
    """What the official program prints: a row per group of numbers, groups of the same names below each other."""
    tables: dict[tuple[str, ...], list[tuple[str, ...]]] = {}
    for group, numbers in groups(official):
        tables.setdefault(tuple(numbers), []).append((f"  {group}", *map(_printed, numbers.values())))
    for number, (names, rows) in enumerate(tables.items()):
        yield Line()
        title = "" if number else "the official program prints"
        if len(names) * 9 > 90:  # too wide for a row each
            turned = [(f"  {name}", *(row[at] for row in rows)) for at, name in enumerate(names, 1)]
            yield Table((f"  {title}", *(f">{row[0].strip()}" for row in rows)), tuple(turned))
        else:
            yield Table((f"  {title}", *(f">{name}" for name in names)), tuple(rows))


def groups(document: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The numbers and texts that stand side by side in a nested object, with the path to them."""
    numbers = {
        str(key): value for key, value in document.items() if value is None or isinstance(value, int | float | str)
    }
    if numbers:
        yield above, numbers
    for key, value in document.items():
        if isinstance(value, Mapping):
            yield from groups(value, f"{above} / {key}" if above else str(key))


def _printed(value: Any) -> str:
    """A number as it is, unless it has more digits than anyone reads: `--format json` has them all."""
    return NONE if value is None else f"{value:.6g}" if isinstance(value, float) else str(value)


def _remarks(card: BenchCard) -> Iterator[Line]:
    said = card.evaluation
    counts = [f"{number:,} {noun}" for at, (noun, number) in enumerate(said.counts.items()) if number or not at]
    yield Line(f"  {', '.join(counts)}")
    for name, value in said.extra.items():
        yield Line(f"  {name}: {value:g}")
    for remark in said.remarks:
        yield Line(f"  {remark}", "yellow")
    if card.intervals and card.resampling is not None:
        drawn = f"{card.resampling.resamples:,} resamples of {count(card.units, 'video')}, seed {card.resampling.seed}"
        yield Line(f"  {card.interval_level} intervals: {drawn}", "dim")
        for note in dict.fromkeys(interval.note for interval in card.intervals.values() if interval.note):
            names = [name for name, interval in card.intervals.items() if interval.note == note]
            yield Line(f"  {', '.join(names)}: {note}", "dim")
    if card.published:
        doubtful = [figure for figure in card.published if figure.doubt]
        for source in dict.fromkeys(figure.source for figure in card.published):
            yield Line(f"  published figures: {source}", "dim")
        if doubtful:
            said_why = ", ".join(f"{figure.metric} ({figure.doubt})" for figure in doubtful)
            yield Line(f"  left out, published but not confirmed: {said_why}", "dim")
