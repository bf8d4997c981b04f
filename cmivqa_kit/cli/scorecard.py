"""A score card as a person reads it: what ranks first, the other metrics, the counts, and why two columns differ."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from rich.text import Text

from cmivqa_kit.cli.common import Session, count, words
from cmivqa_kit.cli.entry import Entry, ScoreWithIntervals
from cmivqa_kit.cli.published import show, show_sources
from cmivqa_kit.data.display import short_repr
from cmivqa_kit.errors import SHOWN
from cmivqa_kit.metrics.scale import FRACTION, Scale
from cmivqa_kit.runs.provenance import made_by
from cmivqa_kit.scoring.card import ScoreCard
from cmivqa_kit.scoring.official import CUTOFFS
from cmivqa_kit.scoring.statistics.bootstrap import Interval

NONE = "-"
AGREE = "official and strict agree on every question"
COUNTED = {
    "missing": "missing", "duplicated": "duplicated", "extra": "extra", "malformed": "malformed",
    "invalid_entries": "invalid entries",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Look:
    """What was asked for: ``raw``, the program's own units beside; ``part``, only some of the questions."""

    raw: bool = False
    part: bool = False


def show_findings(session: Session, entry: Entry) -> None:
    """What is wrong with the file as a whole, a line each."""
    for finding in entry.findings:
        place = f":{finding.line}:{finding.column}" if finding.line else ""
        session.say(f"{entry.path}{place}: {finding.code} {finding.message}", "red")


def show_file(session: Session, entry: Entry, look: Look) -> None:
    """Everything about one file: a card per track, published figures, the run that made it."""
    show_findings(session, entry)
    for at, score in enumerate(entry.scores):
        if at:
            session.say("")
        show_card(session, entry.path, score, look)
        show(session, score.published, entry.made_by)
    show_sources(session, [score.published for score in entry.scores])
    if entry.made_by is not None:
        from cmivqa_kit.plugin.settings import name_recipe

        session.say(f"  {made_by(entry.made_by, name_recipe)}", "dim")


def show_card(session: Session, path: Path, score: ScoreWithIntervals, look: Look) -> None:
    """One card; the headline by itself, so that nobody has to search for it."""
    card = score.card
    session.say(f"{path}: Track {card.track}, {card.split}", "bold")
    show_faults(session, path, card)
    if card.official.status == "ok" or card.official.repaired or not card.strict.error:
        session.say("")
        session.say(f"  {_headline(score, look)}", "bold cyan")
        session.say("")
        _metrics(session, score, look)
    _remarks(session, score, look)
    session.say(f"  {counted(card)}")
    _languages(session, card)
    _differences(session, card)
    session.say(f"  {card.signature}", "dim")


def show_faults(session: Session, path: Path, card: ScoreCard) -> None:
    """How the official program would crash, what stands in the place of its numbers; why strict has none."""
    if card.crash:
        cause = f"Find the cause: {words('cmivqa', 'validate', path)}"
        session.say(f"  the official program would crash: {card.crash}. {cause}", "red")
    if card.official.repaired is not None:
        session.say(f"  repaired: {_repaired(card)}", "yellow")
    if card.strict.error:
        session.say(f"  no strict scores: {card.strict.message}", "red")


def _repaired(card: ScoreCard) -> str:
    official = card.official
    left = [
        *([count(official.dropped_items, "item")] if official.dropped_items else []),
        *([f"the answers to {count(official.dropped_questions, 'question')}"] if official.dropped_questions else []),
    ]
    without = f", without {' and '.join(left)}" if left else ""
    return f"what the program would say of all that it can read{without}"


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


def _headline(score: ScoreWithIntervals, look: Look) -> str:
    card, name = score.card, score.card.headline
    column, fractions, raw = official_column(card)
    scale = card.strict.scale(name)
    parts = [metric_name(name, scale)]
    if card.official.status != "ok":
        parts.append("no official score")
    if name in fractions:
        parts.append(f"{number(fractions[name], card.decimals)} {column}")
    if look.raw and name in raw:
        parts.append(f"{raw[name]!r} {column}, raw")
    if name in card.strict.metrics:
        parts.append(f"{number(card.strict.metrics[name], card.decimals, scale)} strict")
    if name in score.intervals:
        parts.append(bounds(score.intervals[name], card.decimals, scale))
    return "   ".join(parts)


def _metrics(session: Session, score: ScoreWithIntervals, look: Look) -> None:
    """The other metrics: those of both columns, in the order of the strict ones."""
    card = score.card
    column, fractions, raw = official_column(card)
    strict = card.strict.metrics
    names = [name for name in dict.fromkeys((*strict, *fractions)) if name != card.headline]
    head = ["  metric", f">{column}", *([f">{column}, raw"] if look.raw else []), ">strict"]
    rows = []
    for name in names:
        scale = card.strict.scale(name)
        left, right = number(fractions.get(name), card.decimals), number(strict.get(name), card.decimals, scale)
        differs = NONE not in (left, right) and left != right
        row: list[object] = [f"  {metric_name(name, scale)}", left]
        if look.raw:
            row.append(repr(raw[name]) if name in raw else NONE)
        row.append(Text(right, style="yellow" if differs else ""))
        if score.intervals:
            row.append(bounds(score.intervals.get(name), card.decimals, scale))
        rows.append(row)
    session.table("", [*head, *([f">{score.level} interval"] if score.intervals else [])], rows)


def _remarks(session: Session, score: ScoreWithIntervals, look: Look) -> None:
    """What must be known to read the numbers."""
    card = score.card
    if look.part:
        session.say(f"  --only: {count(card.counts['questions'], 'question')} scored, the others left out", "yellow")
    if card.cutoffs != CUTOFFS and card.track != 1:
        own = ", ".join(map(str, card.cutoffs))
        session.say(
            f"  cut-offs {own}: of the strict scores, which read {card.entries} entries of a list; "
            "the official program always cuts at 1, 10 and 50",
            "yellow",
        )
    if score.intervals:
        session.say(f"  {how_drawn(score)}", "dim")
        for note in dict.fromkeys(one.note for one in score.intervals.values() if one.note):
            names = [name for name, one in score.intervals.items() if one.note == note]
            who = "" if len(names) == len(score.intervals) else f"{', '.join(names)}: "
            session.say(f"  {who}{_said(note, score)}", "dim" if who else "yellow")


def how_sure(score: ScoreWithIntervals) -> list[str]:
    """How the intervals of a card came about, and why that of the headline is to be read with care."""
    interval = score.intervals.get(score.card.headline)
    return [] if interval is None else [how_drawn(score), *([_said(interval.note, score)] if interval.note else [])]


def _said(note: str, score: ScoreWithIntervals) -> str:
    return note.replace("cluster", score.by)


def how_drawn(score: ScoreWithIntervals) -> str:
    """How the intervals of a card came about."""
    how = score.resampling
    drawn = count(score.units, score.by) + (" with all their questions" if score.by == "video" else "")
    what = "" if how is None else f"{how.resamples:,} resamples of {drawn}, seed {how.seed}"
    return f"{score.level} intervals of the strict scores: {what}"


def _languages(session: Session, card: ScoreCard) -> None:
    """The strict scores of the questions in each language, where the answers say which."""
    found = list(card.strict.by_language.items())
    if not found:
        return
    names = card.board_metrics
    rows = [
        [
            f"  {language}",
            card.languages.count(language),
            *(number(values[n], card.decimals, card.strict.scale(n)) for n in names),
        ]
        for language, values in found[:SHOWN]
    ]
    session.table("", ["  strict, by language", ">questions", *(f">{name}" for name in names)], rows)
    if len(found) > SHOWN:
        session.say(f"  ... and {len(found) - SHOWN} languages more")


def _differences(session: Session, card: ScoreCard) -> None:
    """Why the two columns differ."""
    if card.official.status != "ok" or card.strict.error:
        return
    if not card.differences:
        session.say(f"  {AGREE}", "dim")
        return
    session.say("  where official and strict differ:", "yellow")
    for one in card.differences:
        more = f" and {one.questions - len(one.ids)} more" if one.questions > len(one.ids) else ""
        ids = ", ".join(map(short_repr, one.ids))
        session.say(f"    {one.code}, {count(one.questions, 'question')}: {one.why}")
        session.say(f"      changes {', '.join(one.metrics)}; ids {ids}{more}", "dim")
