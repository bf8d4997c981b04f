"""A score card in words and tables: what ranks first, the other metrics, the counts, and why two columns differ.

`card_blocks` yields the lines and tables of a card, which `cmivqa score` renders in colour; `plain_card` is the text of
``print(card)``.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from typing import TYPE_CHECKING

from cmivqa_kit.data.display import count, short_repr
from cmivqa_kit.data.text_blocks import Block, Line, Table, plain
from cmivqa_kit.errors import SHOWN
from cmivqa_kit.metrics.scale import FRACTION, Scale
from cmivqa_kit.scoring.official import CUTOFFS

if TYPE_CHECKING:
    from cmivqa_kit.scoring.card import ScoreCard
    from cmivqa_kit.scoring.statistics.bootstrap import Interval

NONE = "-"
AGREE = "official and strict agree on every question"
COUNTED = {
    "missing": "missing", "duplicated": "duplicated", "extra": "extra", "malformed": "malformed",
    "invalid_entries": "invalid entries",
}  # fmt: skip


def card_blocks(
    card: ScoreCard, source: str = "", raw: bool = False, part: bool = False, flags: str = ""
) -> Iterator[Block]:
    """The lines and tables of a card, the headline by itself, so that nobody has to search for it.

    Args:
        card: the card.
        source: the submission file.
        raw: show the official program's own units beside.
        part: only some of the questions were scored.
        flags: what the command that finds the cause of a crash needs beside the file.
    """
    yield Line(f"{source}: Track {card.track}, {card.split}".removeprefix(": "), "bold")
    yield from fault_lines(card, source, flags)
    if card.official.status == "ok" or card.official.repaired or not card.strict.error:
        yield Line()
        yield Line(f"  {_headline(card, raw)}", "bold cyan")
        yield Line()
        yield _metrics(card, raw)
    yield from _remarks(card, part)
    yield Line(f"  {counted(card)}")
    yield from _languages(card)
    yield from _differences(card)
    yield Line(f"  {card.signature}", "dim")


def plain_card(card: ScoreCard) -> str:
    """The card as plain text."""
    return plain(card_blocks(card))


def fault_lines(card: ScoreCard, source: str = "", flags: str = "") -> Iterator[Line]:
    """How the official program would crash, what stands in the place of its numbers; why strict has none."""
    if card.crash:
        check = f"{shlex.join(['cmivqa', 'validate', source])} {flags}".rstrip()
        cause = f" Find the cause: {check}" if source else ""
        yield Line(f"  the official program would crash: {card.crash}.{cause}", "red")
    if card.official.repaired is not None:
        yield Line(f"  repaired: {_repaired(card)}", "yellow")
    if card.strict.error:
        yield Line(f"  no strict scores: {card.strict.message}", "red")


def number(value: float | None, decimals: int, scale: Scale = FRACTION) -> str:
    """A score with the board's decimals and its unit; short where it is very large (a ground truth without length)."""
    return NONE if value is None else scale.text(value, decimals)


def bounds(interval: Interval | None, decimals: int, scale: Scale = FRACTION) -> str:
    """An interval as text: ``[0.1234, 0.2345]``, the unit behind."""
    if interval is None or interval.low is None or interval.high is None:
        return NONE
    return f"[{scale.digits(interval.low, decimals)}, {scale.digits(interval.high, decimals)}]{scale.symbol}"


def metric_name(name: str, scale: Scale) -> str:
    """A metric's name; where less is better, that it is so."""
    return name if scale.higher_is_better else f"{name} (lower is better)"


def official_column(card: ScoreCard) -> tuple[str, dict[str, float], dict[str, float]]:
    """Name, fractions and raw numbers of the left column: official, or repaired where the program crashes."""
    official = card.official
    if official.status == "ok":
        return "official", official.metrics, official.raw
    return "repaired", official.repaired or {}, official.repaired_raw or {}


def counted(card: ScoreCard) -> str:
    """The counts in words: ``5 of 6 questions answered; 1 missing, 2 extra``."""
    counts = card.counts
    rest = ", ".join(f"{counts[key]} {noun}" for key, noun in COUNTED.items() if counts[key])
    return f"{counts['answered']} of {counts['questions']} questions answered{'; ' + rest if rest else ''}"


def how_sure(card: ScoreCard) -> list[str]:
    """How the intervals of a card came about, and why that of the headline is to be read with care."""
    interval = card.intervals.get(card.headline)
    return [] if interval is None else [how_drawn(card), *([_said(interval.note, card)] if interval.note else [])]


def how_drawn(card: ScoreCard) -> str:
    """How the intervals of a card came about."""
    resampling = card.resampling
    drawn = count(card.units, card.resampled_by)
    drawn += " with all their questions" if card.resampled_by == "video" else ""
    what = "" if resampling is None else f"{resampling.resamples:,} resamples of {drawn}, seed {resampling.seed}"
    return f"{card.interval_level} intervals of the strict scores: {what}"


def _repaired(card: ScoreCard) -> str:
    official = card.official
    left = [
        *([count(official.dropped_items, "item")] if official.dropped_items else []),
        *([f"the answers to {count(official.dropped_questions, 'question')}"] if official.dropped_questions else []),
    ]
    without = f", without {' and '.join(left)}" if left else ""
    return f"what the program would say of all that it can read{without}"


def _headline(card: ScoreCard, raw_units: bool) -> str:
    name = card.headline
    column, fractions, raw = official_column(card)
    scale = card.strict.scale(name)
    parts = [metric_name(name, scale)]
    if card.official.status != "ok":
        parts.append("no official score")
    if name in fractions:
        parts.append(f"{number(fractions[name], card.decimals)} {column}")
    if raw_units and name in raw:
        parts.append(f"{raw[name]!r} {column}, raw")
    if name in card.strict.metrics:
        parts.append(f"{number(card.strict.metrics[name], card.decimals, scale)} strict")
    if name in card.intervals:
        parts.append(bounds(card.intervals[name], card.decimals, scale))
    return "   ".join(parts)


def _metrics(card: ScoreCard, raw_units: bool) -> Table:
    """The other metrics: those of both columns, in the order of the strict ones."""
    column, fractions, raw = official_column(card)
    strict = card.strict.metrics
    names = [name for name in dict.fromkeys((*strict, *fractions)) if name != card.headline]
    head = ["  metric", f">{column}", *([f">{column}, raw"] if raw_units else []), ">strict"]
    rows = []
    for name in names:
        scale = card.strict.scale(name)
        left, right = number(fractions.get(name), card.decimals), number(strict.get(name), card.decimals, scale)
        differs = NONE not in (left, right) and left != right
        row: list[str | Line] = [f"  {metric_name(name, scale)}", left]
        if raw_units:
            row.append(repr(raw[name]) if name in raw else NONE)
        row.append(Line(right, "yellow" if differs else ""))
        if card.intervals:
            row.append(bounds(card.intervals.get(name), card.decimals, scale))
        rows.append(tuple(row))
    return Table((*head, *([f">{card.interval_level} interval"] if card.intervals else [])), tuple(rows))


def _remarks(card: ScoreCard, part: bool) -> Iterator[Line]:
    """What must be known to read the numbers."""
    if part:
        yield Line(f"  --only: {count(card.counts['questions'], 'question')} scored, the others left out", "yellow")
    if card.cutoffs != CUTOFFS and card.track != 1:
        own = ", ".join(map(str, card.cutoffs))
        yield Line(
            f"  cut-offs {own}: of the strict scores, which read {card.entries} entries of a list; "
            "the official program always cuts at 1, 10 and 50",
            "yellow",
        )
    if card.intervals:
        yield Line(f"  {how_drawn(card)}", "dim")
        for note in dict.fromkeys(interval.note for interval in card.intervals.values() if interval.note):
            names = [name for name, interval in card.intervals.items() if interval.note == note]
            who = "" if len(names) == len(card.intervals) else f"{', '.join(names)}: "
            yield Line(f"  {who}{_said(note, card)}", "dim" if who else "yellow")


def _said(note: str, card: ScoreCard) -> str:
    return note.replace("cluster", card.resampled_by)


def _languages(card: ScoreCard) -> Iterator[Block]:
    """The strict scores of the questions in each language, where the answers say which."""
    languages = list(card.strict.by_language.items())
    if not languages:
        return
    names = card.board_metrics
    rows = tuple(
        (
            f"  {language}",
            str(card.languages.count(language)),
            *(number(values[n], card.decimals, card.strict.scale(n)) for n in names),
        )
        for language, values in languages[:SHOWN]
    )
    yield Table(("  strict, by language", ">questions", *(f">{name}" for name in names)), rows)
    if len(languages) > SHOWN:
        yield Line(f"  ... and {len(languages) - SHOWN} languages more")


def _differences(card: ScoreCard) -> Iterator[Line]:
    """Why the two columns differ."""
    if card.official.status != "ok" or card.strict.error:
        return
    if not card.differences:
        yield Line(f"  {AGREE}", "dim")
        return
    yield Line("  where official and strict differ:", "yellow")
    for difference in card.differences:
        questions = difference.questions
        more = f" and {questions - len(difference.ids)} more" if questions > len(difference.ids) else ""
        ids = ", ".join(map(short_repr, difference.ids))
        yield Line(f"    {difference.code}, {count(questions, 'question')}: {difference.why}")
        yield Line(f"      changes {', '.join(difference.metrics)}; ids {ids}{more}", "dim")
