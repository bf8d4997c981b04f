"""`cmivqa validate`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cmivqa_kit.cli import render
from cmivqa_kit.cli.common import PATH, REPEATED, Session, count, finish, naming, one_of, options, track_number, words
from cmivqa_kit.data.types import Track
from cmivqa_kit.errors import SHOWN, ExitCode, UserError

if TYPE_CHECKING:
    from cmivqa_kit.submission.validate import Report


@click.command(
    "validate",
    short_help="Check submission files: form, ids, texts, spans, videos.",
    epilog="Example: cmivqa validate submission.json; cmivqa validate entries/ --format json",
)
@click.argument("files", type=PATH, nargs=-1, required=True, metavar="FILE...")
@options("data", "split", "track", "edition", "format")
def command(files: tuple[Path, ...], split: str | None, track: str | None, form: str, **flags: Any) -> None:
    """Check submission files, or every .json file of a folder, against the questions and the corpus of their split.

    The split and the tracks are worked out from the file. Exit code 1 when an error was found, 0 with warnings only.
    """
    session = Session(form, split=split, track=track, **flags)
    paths = list(expand(files))
    reports: list[Report] = []
    codes: list[int] = [ExitCode.OK]
    for path in paths:
        with one_of(len(paths), codes):
            report = _report(session, path, split, track_number(track))
            reports.append(report)
            codes.append(ExitCode.OK if report.ok else ExitCode.FINDINGS)
            if not session.json:
                _show(session, report)
    if session.json:
        render.as_json([report.to_dict() for report in reports])
    else:
        _next(session, reports)
    finish(max(codes))


def _next(session: Session, reports: Sequence[Report]) -> None:
    """Mend what is not valid; score what can be scored; else come to a file that can."""
    again = (*REPEATED, "split", "track")
    bad = [report.path for report in reports if not report.ok]
    if bad or not reports:
        session.say("Mend what is named above, then check again.")
        session.next(words("cmivqa", "validate", *bad), again)
        return
    scorable = [r.path for r in reports if r.split and all(session.files.scorable(r.split, t) for t in r.tracks)]
    if scorable:
        session.next(words("cmivqa", "score", *scorable), again)
        return
    first = reports[0]
    session.say(f"Ready to hand in: the organizers hold the answers of {first.split}. On dev you can score yourself.")
    if "dev" not in session.files.splits:
        session.next("cmivqa data split" if "train" in session.files.splits else "cmivqa data check")
        return
    track = "" if first.tracks == (2, 3) else f" --track {first.tracks[0]}"
    out = words("--out", first.path.with_name(f"dev_{first.path.name}"))
    trained = any(session.workspace.path("run.directory").glob("*/run.json"))
    session.next(f"cmivqa {'predict' if trained else 'sample'} --split dev{track} {out}")


def expand(files: Iterable[Path]) -> Iterable[Path]:
    """Files as given; of a folder, its .json files by name."""
    for path in files:
        if not path.is_dir():
            yield path
            continue
        inside = sorted(p for p in path.rglob("*.json") if p.is_file())
        if not inside:
            raise UserError(f"{path}: no .json file in this folder", "Name a file, or the folder that holds entries.")
        yield from inside


def _report(session: Session, path: Path, split: str | None, track: Track | None) -> Report:
    from cmivqa_kit.data.corpus import load_split
    from cmivqa_kit.submission.match import find
    from cmivqa_kit.submission.read import read_submission
    from cmivqa_kit.submission.validate import validate

    document = read_submission(path)
    if not document.rows:  # nothing to match a split with: the findings say why
        return validate(document, (track,) if track else (), session.edition)
    files = session.files
    with naming(path):
        match = find(document.rows, files, split, track, exact=session.workspace.is_demo, texts_suffice=True)
    opened = load_split(session.files, match.split, match.tracks[0])
    return validate(document, match.tracks, session.files.edition, match.split, opened.questions, opened.videos)


def _show(session: Session, report: Report) -> None:
    from cmivqa_kit.submission.findings import CODES

    where = f" for {report.split}" if report.split else ""
    tracks = f", Track{'s' * (len(report.tracks) > 1)} {' and '.join(map(str, report.tracks))}" if report.tracks else ""
    warnings = len(report.findings) - report.errors
    verdict = "not valid" if report.errors else "valid"
    session.say(
        f"{report.path}: {verdict}{where}{tracks}; {count(report.rows, 'item')}, {count(report.errors, 'error')}, "
        f"{count(warnings, 'warning')}",
        "red" if report.errors else "green",
    )
    for code, group in groupby(report.findings, key=lambda finding: finding.code):
        found = list(group)
        facts = CODES[code]
        fix = facts.fix if facts.fix.endswith("?") else f"{facts.fix}."
        session.say(f"  {code} {facts.title} ({len(found)}). Official program: {facts.official}. Fix: {fix}")
        for finding in found[:SHOWN]:
            place = f"{report.path.name}:{finding.line}:{finding.column}" if finding.line else finding.path or "file"
            identity = f" (id {finding.id!r})" if finding.id is not None else ""
            session.say(f"    {place}{identity}: {finding.message}")
        if len(found) > SHOWN:
            session.say(f"    ... and {len(found) - SHOWN} more")
    for what in report.unchecked:
        session.say(f"  Not checked: {what}", "yellow")
