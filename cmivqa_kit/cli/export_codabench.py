"""`cmivqa export codabench`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cmivqa_kit.cli import render
from cmivqa_kit.cli.common import PATH, Session, finish, options, track_number, words
from cmivqa_kit.data.display import count
from cmivqa_kit.data.types import TRACKS, Track
from cmivqa_kit.errors import ExitCode, UserError

if TYPE_CHECKING:
    from cmivqa_kit.leaderboard.exports.codabench.bundle import Bundle
    from cmivqa_kit.leaderboard.exports.codabench.dry_run import DryRun
    from cmivqa_kit.leaderboard.exports.codabench.sources import AnswerSource

_DAY = click.DateTime(["%Y-%m-%d"])


@click.command(
    "codabench",
    short_help="Write the challenge as bundles for Codabench, one per track; --dry-run plays one here.",
    epilog="Example: cmivqa export codabench bundles --track 2 --dry-run submission.json",
)
@click.argument("folder", type=PATH, metavar="DIR")
@options("track", "data")
@click.option("--split", "splits", multiple=True, metavar="NAME", help="Split of the data root; each one is a phase.")
@click.option("--truth", type=PATH, multiple=True, metavar="FILE", help="Answer file; each one is a phase.")
@options("edition")
@click.option(
    "--phase", "days", type=(_DAY, _DAY), multiple=True, metavar="FIRST LAST",
    help="First and last day of a phase (UTC), once per phase, in order. One alone may do without: it stays open.",
)  # fmt: skip
@click.option(
    "--per-day", type=click.IntRange(1), metavar="N", help="Submissions of a team per day. Default: the edition's."
)
@click.option(
    "--in-all", type=click.IntRange(1), metavar="N", help="Submissions of a team in a phase. Default: the edition's."
)
@click.option(
    "--dry-run", type=PATH, multiple=True, metavar="FILE",
    help="Play this submission (zip or .json) on the bundles that it is for, and check every limit.",
)  # fmt: skip
@click.option("--python", default=sys.executable, metavar="EXE", help="Python of the dry run. Default: this one.")
@options("force", "format")
def command(
    folder: Path, track: str | None, splits: tuple[str, ...], truth: tuple[Path, ...],
    days: tuple[tuple[datetime, datetime], ...], per_day: int | None, in_all: int | None, dry_run: tuple[Path, ...],
    python: str, force: bool, form: str, **flags: Any,
) -> None:  # fmt: skip
    """Write track1.zip, track2.zip and track3.zip into DIR, each a competition to upload to Codabench: its pages, the
    answers, a starting kit, and a scoring program of one file that needs only Python 3.7 or later.

    The program gives the official numbers, bit for bit on the same Python (the image that is named has 3.7). A file
    that the official program cannot read or stops on gets no scores and the reason, and so does one with NaN, which it
    would count as right; one that it stops on only because of what is right gets 0, since what has no score counts
    towards no limit. The page of details tells no answer. --dry-run plays a submission here and shows its scores beside
    those of `score`; exit code 1 when they differ or a limit is not kept.
    """
    from cmivqa_kit.leaderboard.exports.codabench.bundle import make_bundle
    from cmivqa_kit.leaderboard.exports.codabench.plan import Dates
    from cmivqa_kit.leaderboard.exports.codabench.sources import lacks, make_plan
    from cmivqa_kit.leaderboard.exports.exported import check_folder, write_files

    session = Session(form, **flags)
    if truth and splits:
        raise UserError("--split names splits of a data root, and --truth files", "Give one of the two.")
    sources = _sources(session, splits, truth)
    number = track_number(track)
    tracks = [number] if number else [each for each in TRACKS if not all(lacks(s, each) for s in sources)]
    unused = [source for source in sources if all(lacks(source, each) for each in tracks or TRACKS)]
    if unused:
        reasons = (lacks(source, each) for source in unused for each in tracks[:1] or TRACKS[1:2])
        raise UserError("; ".join(reasons), "Give answers that can be scored.")
    dates = [Dates(first.date(), last.date()) for first, last in days]
    bundles = [make_bundle(make_plan(sources, each, dates, per_day, in_all)) for each in tracks]
    check_folder(folder, [bundle.name for bundle in bundles], force, [*truth, *dry_run])
    runs = [run for file in dry_run for run in _play(file, bundles, python, number)]
    write_files(folder, {bundle.name: bundle.data for bundle in bundles})
    _show(session, folder, bundles, runs)
    for each in TRACKS if not number else ():
        if each not in tracks:
            session.say(f"Track {each}: {lacks(sources[0], each)}", "yellow")
    session.next(words("cmivqa", "export", "codabench", "--help"), ())
    finish(ExitCode.OK if all(run.fine for _, run in runs) else ExitCode.FINDINGS)


def _sources(session: Session, splits: Sequence[str], truth: Sequence[Path]) -> Sequence[AnswerSource]:
    from cmivqa_kit.leaderboard.exports.codabench.sources import answer_files, root_splits

    if truth:
        return answer_files(truth, session.workspace.edition)
    return root_splits(session.ground().root, splits)


def _play(file: Path, bundles: Sequence[Bundle], executable: str, track: Track | None) -> list[tuple[Bundle, DryRun]]:
    """The dry runs of a file: on the bundles that it is for; on all where that cannot be told."""
    from cmivqa_kit.leaderboard.exports.codabench.dry_run import dry_run
    from cmivqa_kit.submission.match import tracks_of
    from cmivqa_kit.submission.read import read_submission

    tracks = () if track else tracks_of(read_submission(file).rows, bundles[0].plan.edition)
    chosen = [bundle for bundle in bundles if bundle.plan.track in tracks] or bundles
    return [(bundle, dry_run(bundle, file, executable)) for bundle in chosen]


def _show(session: Session, folder: Path, bundles: Sequence[Bundle], runs: Sequence[tuple[Bundle, DryRun]]) -> None:
    if session.json:
        render.as_json(
            {
                "folder": folder,
                "bundles": [_bundle_document(folder, bundle) for bundle in bundles],
                "dry_runs": [_run_document(bundle, run) for bundle, run in runs],
            }
        )
        return
    for bundle in bundles:
        phases = ", ".join(f"{phase.name} ({count(len(phase.targets), 'question')})" for phase in bundle.plan.phases)
        session.say(f"{folder / bundle.name}: Track {bundle.plan.track}, {phases}")
    session.say(f"{folder}: for organizers only, each bundle holds the answers", "yellow")
    for bundle, run in runs:
        _show_run(session, bundle, run)


def _show_run(session: Session, bundle: Bundle, run: DryRun) -> None:
    session.say("")
    session.say(f"Dry run of {bundle.name}: {run.file} on {run.phase.name}, Python {run.run.interpreter}", "bold")
    columns = bundle.competition["leaderboards"][0]["columns"]
    rows = [
        [column["title"], _number(run.run.scores.get(column["key"])), _number(run.official.get(column["key"]))]
        for column in columns
    ]
    session.table("", ["column", ">Codabench", ">score"], rows)
    if run.run.message:
        session.say(f"  the program says: {run.run.message}", "yellow")
    if run.card.crash:
        session.say(f"  score says: {run.card.crash}", "yellow")
    for check in run.checks:
        session.say(f"  {'FAULT' if check.fault else 'ok'}  {check.demand}{f': {check.fault}' if check.fault else ''}",
                    "red" if check.fault else "")  # fmt: skip


def _number(value: float | None) -> str:
    return "-" if value is None else repr(value)


def _bundle_document(folder: Path, bundle: Bundle) -> dict[str, Any]:
    import hashlib

    return {
        "track": bundle.plan.track,
        "file": folder / bundle.name,
        "sha256": hashlib.sha256(bundle.data).hexdigest(),
        "phases": [
            {
                "name": phase.name,
                "questions": len(phase.targets),
                "first": str(phase.dates.first),
                "last": None if phase.dates.last is None else str(phase.dates.last),
            }
            for phase in bundle.plan.phases
        ],
    }


def _run_document(bundle: Bundle, run: DryRun) -> dict[str, Any]:
    return {
        "track": bundle.plan.track,
        "file": run.file,
        "phase": run.phase.name,
        "python": run.run.interpreter,
        "code": run.run.code,
        "scores": dict(run.run.scores),
        "official": run.official,
        "message": run.run.message,
        "checks": [{"demand": check.demand, "fault": check.fault} for check in run.checks],
    }
