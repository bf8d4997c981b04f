"""Several scored files as one table, track by track, and which of them can be compared."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

from cmivqa_kit.cli.common import Session
from cmivqa_kit.cli.published import show_sources
from cmivqa_kit.cli.scorecard import Look, check_flags, ranked_among, show_blocks, show_findings
from cmivqa_kit.data.display import count
from cmivqa_kit.data.types import TRACKS
from cmivqa_kit.entries.entry import Entry
from cmivqa_kit.entries.published import Beside
from cmivqa_kit.entries.scores import ScoreWithIntervals
from cmivqa_kit.runs.provenance import made_by
from cmivqa_kit.scoring.card import ScoreCard
from cmivqa_kit.scoring.card_text import NONE, bounds, fault_lines, how_sure, metric_name, number, official_column

COMPARED = 5  # files in the proposed command


def show_table(session: Session, entries: Sequence[Entry], look: Look, refused: Sequence[Path] = ()) -> None:
    """One row per file and track, the best strict score first; then how to read them, and what is wrong.

    Files that could not be scored, the ``refused`` and those that nothing in could be held against answers, come last.
    """
    scores = [score for one in entries for score in one.scores]
    if scores:
        raw = [">official, raw"] if look.raw else []
        interval = [f">{scores[0].card.interval_level} interval"] if any(score.intervals for score in scores) else []
        columns = [
            "file",
            ">rank",
            "track",
            "ranked by",
            ">official",
            *raw,
            ">strict",
            *interval,
            ">answered",
            "remarks",
        ]
        splits = list(dict.fromkeys(score.card.split for score in scores))
        rows = [row for track in TRACKS for row in _rows(entries, track, look, bool(interval), len(splits) > 1)]
        nothing = [*(one.path for one in entries if not one.scores), *refused]
        rows += [[str(path), *[NONE] * (len(columns) - 2), "not scored: see below"] for path in nothing]
        files = sum(bool(one.scores) for one in entries)
        session.table(f"{count(files, 'file')}, {', '.join(splits)}", columns, rows, repeated=3)
    from cmivqa_kit.plugin.settings import name_recipe

    for one in entries:
        if one.scores and one.made_by is not None:
            session.say(f"  {one.path}: {made_by(one.made_by, name_recipe)}", "dim")
    if look.part:
        session.say("  --only: a part of the questions is scored, no other counts", "yellow")
    for text in dict.fromkeys(line for score in scores for line in how_sure(score.card)):
        session.say(f"  {text}", "dim")
    for text in dict.fromkeys(ranked_among(score) for score in scores if score.corpus_videos is not None):
        session.say(f"  {text}", "dim")
    show_sources(session, [score.published for score in scores])
    by_track = sorted((score.card for score in scores), key=lambda card: card.track)
    for signature in dict.fromkeys(card.signature for card in by_track):
        session.say(f"  {signature}", "dim")
    for one in entries:
        _problems(session, one)


def _problems(session: Session, entry: Entry) -> None:
    """What is wrong with a file, once where it is the same on every track."""
    show_findings(session, entry)
    same: dict[tuple[str, str], list[ScoreCard]] = {}
    for card in (score.card for score in entry.scores):
        if card.crash or card.strict.error:
            same.setdefault((card.crash, card.strict.message), []).append(card)
    for cards in same.values():
        session.say(f"{entry.path}, {' and '.join(f'Track {card.track}' for card in cards)}:")
        show_blocks(session, fault_lines(cards[0], str(entry.path), check_flags(session)))


def comparable(entries: Sequence[Entry]) -> list[Path]:
    """The files that ask to be compared: those of the track and split that most of them are for, if two or more."""
    groups: dict[tuple[int, str], list[Path]] = {}
    for one in entries:
        for score in one.scores:
            if not score.card.strict.error and one.sound:
                groups.setdefault((score.card.track, score.card.split), []).append(one.path)
    most = max((list(dict.fromkeys(paths)) for paths in groups.values()), key=len, default=[])
    return most[:COMPARED] if len(most) > 1 else []


def _rows(entries: Sequence[Entry], track: int, look: Look, interval: bool, splits: bool) -> list[list[str]]:
    found = [(one.path, score) for one in entries for score in one.scores if score.card.track == track]
    found.sort(key=lambda pair: _order(pair[1].card))
    ranks = _ranks([score.card for _, score in found])
    rows = [
        [str(path), rank, *_row(score, look, interval, splits)]
        for rank, (path, score) in zip(ranks, found, strict=True)
    ]
    published: dict[tuple[str, str], Beside] = {}
    for _, score in found:
        if score.published is not None and score.published.figures:
            published.setdefault((score.published.name, score.card.split), score.published)
    return rows + [_published(one, look, interval) for one in published.values()]


def _order(card: ScoreCard) -> tuple[str, float]:
    """Cards of one split together, the best strict headline first, those without one last; equal ones as given."""
    value = card.strict.metrics.get(card.headline)
    return card.split, math.inf if value is None else -card.strict.scale(card.headline).gain(value)


def _ranks(cards: Sequence[ScoreCard]) -> list[str]:
    """The rank of each of the sorted cards within its split, equal scores sharing one; none without a score."""
    ranks: list[str] = []
    first: dict[tuple[str, float], int] = {}
    number: dict[str, int] = {}
    for card in cards:
        number[card.split] = number.get(card.split, 0) + 1
        rank = first.setdefault(_order(card), number[card.split])
        ranks.append(NONE if card.headline not in card.strict.metrics else str(rank))
    return ranks


def _row(score: ScoreWithIntervals, look: Look, interval: bool, splits: bool) -> list[str]:
    card, name = score.card, score.card.headline
    scale = card.strict.scale(name)
    official, counts = card.official, card.counts
    raw = [repr(official.raw[name]) if name in official.raw else NONE] if look.raw else []
    return [
        f"{card.track} {card.split}" if splits else str(card.track),
        metric_name(name, scale),
        number(official.metrics.get(name), card.decimals),
        *raw,
        number(card.strict.metrics.get(name), card.decimals, scale),
        *([bounds(score.intervals.get(name), card.decimals, scale)] if interval else []),
        f"{counts['answered']}/{counts['questions']}",
        "; ".join(_remarks(card)),
    ]


def _remarks(card: ScoreCard) -> list[str]:
    """What must be known of a card, in a few words; ``-v`` has the sentences."""
    remarks = []
    if card.official.crash is not None:
        quirk = card.official.crash.quirk
        remarks.append(f"{'crash' if card.official.status == 'official_crash' else 'unreadable'} {quirk}".rstrip())
        column, fractions, _ = official_column(card)
        if card.headline in fractions:
            remarks.append(f"{column} {number(fractions[card.headline], card.decimals)}")
    if card.strict.error:
        remarks.append("no strict scores")
    if card.differences:
        remarks.append("differs: " + ", ".join(f"{one.code} on {one.questions}" for one in card.differences))
    return remarks


def _published(beside: Beside, look: Look, interval: bool) -> list[str]:
    card = beside.card
    value = beside.confirmed.get(card.headline)
    remarks = [] if value is not None else ["not confirmed"]
    if not beside.same_corpus:
        remarks.append("another corpus: for orientation only")
    blank = [NONE] * (look.raw + 1 + interval + 1)  # raw, strict, interval, answered
    official = number(value, card.decimals)
    return [f"{beside.name}, published", NONE, str(card.track), card.headline, official, *blank, "; ".join(remarks)]
