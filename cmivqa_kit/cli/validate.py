"""`cmivqa validate`."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cmivqa_kit.cli import render
from cmivqa_kit.cli.common import PATH, Session, finish, naming, options, track_number
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
    session = Session(form, **flags)
    paths = list(expand(files))
    reports = [_report(session, path, split, track_number(track)) for path in paths]
    if session.json:
        render.as_json([report.to_dict() for report in reports])
    else:
        for report in reports:
            _show(session, report)
        good = [str(report.path) for report in reports if report.ok]
        session.next(f"cmivqa score {' '.join(good)}" if good else "mend the file, then cmivqa validate again")
    finish(ExitCode.OK if all(report.ok for report in reports) else ExitCode.FINDINGS)


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
    with naming(path):
        match = find(document.rows, session.files, split, track, exact=session.workspace.is_demo, texts_suffice=True)
    opened = load_split(session.files, match.split, match.tracks[0])
    return validate(document, match.tracks, session.files.edition, match.split, opened.questions, opened.videos)


def _show(session: Session, report: Report) -> None:
    from cmivqa_kit.submission.findings import CODES

    where = f" for {report.split}" if report.split else ""
    tracks = f", Track{'s' * (len(report.tracks) > 1)} {' and '.join(map(str, report.tracks))}" if report.tracks else ""
    warnings = len(report.findings) - report.errors
    verdict = "not valid" if report.errors else "valid"
    session.say(
        f"{report.path}: {verdict}{where}{tracks}; {report.rows} items, {report.errors} errors, {warnings} warnings",
        "red" if report.errors else "green",
    )
    for code, group in groupby(report.findings, key=lambda finding: finding.code):
        found = list(group)
        facts = CODES[code]
        session.say(f"  {code} {facts.title} ({len(found)}). Official program: {facts.official}. Fix: {facts.fix}.")
        for finding in found[:SHOWN]:
            place = f"{report.path.name}:{finding.line}:{finding.column}" if finding.line else finding.path or "file"
            identity = f" (id {finding.id!r})" if finding.id is not None else ""
            session.say(f"    {place}{identity}: {finding.message}")
        if len(found) > SHOWN:
            session.say(f"    ... and {len(found) - SHOWN} more")
    for what in report.unchecked:
        session.say(f"  Not checked: {what}", "yellow")
