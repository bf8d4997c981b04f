"""Validating and scoring one submission file for a board, on every track that it is for."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

import numpy as np

from cmivqa_kit.data.display import cut
from cmivqa_kit.data.types import Track
from cmivqa_kit.entries.entry import Entry
from cmivqa_kit.entries.ground import OpenGround
from cmivqa_kit.errors import UserError
from cmivqa_kit.files import no_collector
from cmivqa_kit.leaderboard.grounds import Grounds, TrackGround
from cmivqa_kit.leaderboard.results import FileResult, TrackResult
from cmivqa_kit.scoring.card import ScoreCard
from cmivqa_kit.scoring.crashes import Crash
from cmivqa_kit.scoring.statistics.bootstrap import Interval, bootstrap
from cmivqa_kit.scoring.statistics.clusters import group
from cmivqa_kit.scoring.statistics.draws import Weights, weights
from cmivqa_kit.submission.codes import CODES
from cmivqa_kit.submission.match import tracks_of
from cmivqa_kit.submission.validate import Report, validate

SHOWN = 200  # characters of a reason
_OTHERS = ("E205", "E213")  # findings of an item that answers another question
_NEARLY = ("E202", "E203", "E208", "E209", "E212")  # of an id that is nearly right
_ENOUGH = 0.5  # share of items with such a finding from which on a file is for another split
_HELD = 1 << 23  # weights of resamples held for all files: 64 MiB


def file_result(path: Path, grounds: Grounds) -> FileResult:
    """The result of one file; what is wrong with it is said in it, never raised."""
    anywhere = next(iter(grounds.by_track.values())).ground
    entry = Entry(path, anywhere)
    with no_collector():
        document = entry.guarded
        tracks = tracks_of(document.rows or [document.raw], grounds.edition) if document.readable else ()
        if not tracks:
            errors = validate(document, (), grounds.edition).counts
            reasons = (error_text(code, number) for code, number in errors.items() if code.startswith("E"))
            return FileResult((), tuple(reasons) or ("its track cannot be told",))
        joint = _joint_report(entry, grounds.corpus) if len(tracks) > 1 else None
        return FileResult(tuple(_on_track(entry, track, grounds, joint) for track in tracks))


def _joint_report(entry: Entry, ground: OpenGround | None) -> Report | None:
    """The report of a file for Tracks 2 and 3 by the stricter form where it has no error, so neither track has one."""
    if ground is None:
        return None
    try:
        report = entry.on(ground).report
    except UserError:  # it answers no split: said of each track
        return None
    return report if report.ok else None


def error_text(code: str, number: int) -> str:
    """A finding of the validator as a reason: its code, its title, how often; no id and no word of the file."""
    return f"{code} {CODES[code].title}" + (f" ({number:,} times)" if number > 1 else "")


def _on_track(entry: Entry, track: Track, grounds: Grounds, joint: Report | None) -> TrackResult:
    own = grounds.by_track.get(track)
    if own is None:
        return TrackResult(track, elsewhere=grounds.lacking[track])
    here = entry.on(own.ground)
    try:
        if own.own_split and entry.guarded.rows:
            split = here.match(here.guarded, track).split
            if split != own.split:
                return TrackResult(track, elsewhere=f"answers {split}, not {own.split}")
        report = joint or here.report
        if _of_other_questions(report):
            return TrackResult(track, elsewhere=f"answers other questions than those of {own.split}")
        (card,) = here.score(track).cards
    except UserError as error:
        return TrackResult(track, elsewhere=_without_path(error, entry.path))
    return _of_card(card, report, own)


def _without_path(error: UserError, path: Path) -> str:
    """What an error says of a file that it need not name."""
    return cut(error.message.replace(f"{path}: ", "").partition("\n")[0], SHOWN)


def _of_other_questions(report: Report) -> bool:
    """True where no id fits, however it is written, or half of the items ask other questions."""
    counts = report.counts
    none_fits = "E207" in counts and not any(code in counts for code in _NEARLY)
    others = max(counts.get(code, 0) for code in _OTHERS)
    return none_fits or others >= _ENOUGH * max(report.rows, 1)


def _of_card(card: ScoreCard, report: Report, own: TrackGround) -> TrackResult:
    official, strict = card.official, card.strict
    return TrackResult(
        track=card.track,
        findings=dict(report.counts),
        crash="" if official.crash is None else _crash(official.crash),
        refusal=strict.error.replace("_", " "),  # the message may tell an answer
        official=official.metrics,
        repaired=official.repaired or {},
        strict=strict.metrics,
        by_language=strict.by_language,
        counts=card.counts,
        differences={one.code: one.questions for one in card.differences},
        intervals=_intervals(card),
        scales=dict(strict.scales),
        headline=card.headline,
        decimals=card.decimals,
        signature=card.signature,
        values=strict.per_question.get(card.headline, np.empty(0)),
        clusters=group(card.clusters).of.astype(np.int64),
    )


def _crash(crash: Crash) -> str:
    """How the official program stops, without the question at which it does."""
    return f"crash: the official program would stop with {crash.exception}" + (
        f": {crash.why} ({crash.quirk})" if crash.why else ""
    )


def _intervals(card: ScoreCard) -> dict[str, Interval]:
    """The intervals of a card, as it would draw them itself, from resamples that are drawn once for all files."""
    drawn = card.resampling
    if drawn is None or not card.strict.per_question:
        return {}
    return bootstrap(
        card.strict.per_question, card.clusters, drawn.resamples, drawn.seed, scales=card.strict.scales,
        drawn_weights=_drawn(card.units, drawn.resamples, drawn.seed),
    )  # fmt: skip


@lru_cache(maxsize=1)
def _drawn(clusters: int, resamples: int, seed: int) -> Iterable[Weights] | None:
    """The resamples of so many clusters; ``None`` where they are too many to be held."""
    return tuple(weights(clusters, resamples, seed)) if clusters > 1 and clusters * resamples <= _HELD else None
