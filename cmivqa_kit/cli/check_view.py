"""What `data check` prints: the sizes of the splits, notes by kind, the state of the features, ids with findings."""

from __future__ import annotations

import csv
import re
import sys
from collections import defaultdict
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from cmivqa_kit.cli.common import Session
from cmivqa_kit.data.display import count
from cmivqa_kit.data.feature_clock import rate_words
from cmivqa_kit.data.types import Note
from cmivqa_kit.errors import SHOWN

if TYPE_CHECKING:
    from cmivqa_kit.data.check import CheckReport, Row
    from cmivqa_kit.data.feature_faults import FeatureFault

FORMULA = ("=", "+", "-", "@")
EXAMPLES = 3  # of a kind of note or fault
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")


def _rows(report: CheckReport, everything: bool) -> tuple[Row, ...]:
    return report.rows if everything else report.with_findings


def _record(report: CheckReport, row: Row, drops: tuple[str, ...]) -> dict[str, Any]:
    question, video = row.question, row.video
    return {
        "split": report.split.name,
        "file": str(report.split.source) if report.split.source else None,
        "id": question.id,
        "video_id": question.video_id,
        "language": question.language,
        "start_second": question.answer.start if question.answer else None,
        "end_second": question.answer.end if question.answer else None,
        "subtitle_lines": len(video.subtitles_in(question.language)) if video else None,
        "features": row.features,
        "duration": video.duration if video else None,
        "duration_source": video.duration_source if video else None,
        "findings": dict(row.findings),
        "dropped_by": list(row.dropped_by(drops)),
    }


def split_document(report: CheckReport, drops: tuple[str, ...], everything: bool) -> dict[str, Any]:
    return {**report.summary(), "ids": [_record(report, row, drops) for row in _rows(report, everything)]}


def _show_features(session: Session, report: CheckReport, verbose: bool) -> None:
    """The files, their width, the length of a row, and what cannot be used."""
    if len(report.split.features):
        _show_rows(session, report)
    _show_faults(session, report.faults, verbose)


def _show_rows(session: Session, report: CheckReport) -> None:
    """The files, their width and the length of a row."""
    store = report.split.features
    usable = "rows of several widths" if any(fault.kind == "width" for fault in report.faults) else "none usable"
    width = f"{store.width:,} numbers a row" if store.width else usable
    stated = "measured" if store.stated == 0 else "stated" if store.stated else "taken for"
    rate = f"{stated} {rate_words(store.seconds_per_row)}"
    measured = store.measured
    if measured is not None:
        again = store.stated == 0 or measured.seconds == store.seconds_per_row
        seconds = "" if again else f"; measured {rate_words(measured.seconds)}"
        rate += f"{seconds} (so in {measured.alike} of {count(measured.videos, 'video')})"
    session.say(f"  features: {count(len(store), 'file')}, {width}, {rate}")


def _show_faults(session: Session, faults: Iterable[FeatureFault], verbose: bool) -> None:
    """What cannot be used, by kind."""
    kinds: dict[str, list[FeatureFault]] = defaultdict(list)
    for fault in faults:
        kinds[fault.kind].append(fault)
    for kind, alike in kinds.items():
        session.say(f"  {count(len(alike), 'bad feature file')} ({kind}):", "yellow")
        for fault in alike if verbose else alike[:EXAMPLES]:
            for line in (f"{fault.name}: {fault.reason}" if fault.video_id else fault.message).splitlines():
                session.say(f"    {line}")
        if len(alike) > EXAMPLES and not verbose:
            session.say(f"    ... and {len(alike) - EXAMPLES} more (--verbose)")
        for fix in dict.fromkeys(fault.fix for fault in alike):
            session.say(f"    {fix}")


def _show_notes(session: Session, notes: Iterable[Note], verbose: bool) -> None:
    """A line per kind of note, with its count and some of its subjects; with ``verbose`` a line per note."""
    kinds: dict[str, list[Note]] = defaultdict(list)
    for note in notes:
        kinds[note.kind or _NUMBER.sub("N", note.why)].append(note)
    for kind, alike in kinds.items():
        if verbose or len(alike) == 1:
            for note in alike:
                session.say(f"  note: {note.subject}: {note.why}")
            continue
        shown = ", ".join(note.subject for note in alike[:EXAMPLES])
        rest = f" and {len(alike) - EXAMPLES} more" if len(alike) > EXAMPLES else ""
        session.say(f"  note: {len(alike)} times: {kind} ({shown}{rest})")


def write_csv(reports: list[CheckReport], drops: tuple[str, ...], everything: bool) -> None:
    writer = None
    for report in reports:
        for row in _rows(report, everything):
            record = _record(report, row, drops)
            record["findings"] = "; ".join(f"{name}: {reason}" for name, reason in row.findings.items())
            record["dropped_by"] = " ".join(record["dropped_by"])
            # A leading = + - @ would be run as a formula by a spreadsheet.
            plain = {k: f"'{v}" if isinstance(v, str) and v.startswith(FORMULA) else v for k, v in record.items()}
            if writer is None:
                writer = csv.DictWriter(sys.stdout, fieldnames=list(plain), lineterminator="\n")
                writer.writeheader()
            writer.writerow(plain)


def show_statistics(session: Session, reports: Iterable[CheckReport]) -> None:
    """The table of the corpus: a row per split, and another for question files of a split that differ in size."""
    from cmivqa_kit.data.statistics import corpus_statistics

    rows: dict[tuple[str, ...], None] = {}
    for report in reports:
        size = corpus_statistics(report.split)
        means = (size.video_seconds, size.subtitle_lines, size.question_characters, size.answer_seconds)
        shown = ("-" if mean is None else f"{mean:.{1 + (at == 2)}f}" for at, mean in enumerate(means))
        rows[report.split.name, f"{size.videos:,}", f"{size.questions:,}", *shown] = None
    columns = ["split", ">videos", ">questions", ">video, s", ">lines", ">question, characters", ">answer, s"]
    if rows:
        session.table("Videos, questions, and mean lengths", columns, list(rows))


def show_split(
    session: Session,
    report: CheckReport,
    drops: tuple[str, ...],
    everything: bool,
    verbose: bool,
    told: set[Note],
    brief: bool = False,
) -> None:
    """A report for people; ``told`` are the notes that stand above already, and those of this report from now on."""
    from cmivqa_kit.data.check import RULES

    facts = report.summary()
    notes = [note for note in report.notes if note not in told]
    told.update(notes)
    if brief and not everything and not report.counts and not notes:
        session.say(f"  also read: {facts['file']}: {count(facts['questions'], 'question')} without a finding")
        return
    languages = ", ".join(
        f"{n} {name if name != 'not stated' else 'in a language not stated'}" for name, n in facts["languages"].items()
    )
    durations = ", ".join(f"{n} from {name}" for name, n in facts["durations"].items())
    session.say(f"{facts['split']} ({facts['file']}, edition {facts['edition']}, layout {facts['layout']})", "bold")
    session.say(f"  {facts['questions']} questions ({languages}), {facts['with_answer']} with an answer")
    session.say(
        f"  {facts['videos']} videos: {facts['videos_with_subtitles']} with subtitles, "
        f"{facts['videos_with_features']} with features; durations: {durations or 'none'}"
    )
    _show_features(session, report, verbose)
    _show_notes(session, notes, verbose)
    for name, number in report.counts.items():
        effect = "dropped from training" if name in drops else "kept"
        session.say(f"  {count(number, 'question')}: {name} ({RULES[name].title}); {effect}", "yellow")
    rows = _rows(report, everything)
    shown = rows if everything else rows[:SHOWN]
    if shown:
        cells = [
            (
                row.question.id,
                row.question.video_id or "-",
                row.question.language or "-",
                f"{row.question.answer.start:g}-{row.question.answer.end:g}" if row.question.answer else "-",
                len(row.video.subtitles_in(row.question.language)) if row.video else "-",
                row.features,
                f"{row.video.duration:g} ({row.video.duration_source})" if row.video and row.video.duration else "-",
                "; ".join(f"{name}: {reason}" for name, reason in row.findings.items()) or "fine",
            )
            for row in shown
        ]
        names = ["id", "video", "language", "answer", ">subtitles", "features", "duration", "finding"]
        session.table("", names, cells)
    if len(rows) > len(shown):
        session.say(f"  ... and {len(rows) - len(shown)} more (--all, or --format csv)")
