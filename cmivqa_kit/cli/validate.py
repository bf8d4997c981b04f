"""`cmivqa validate`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cmivqa_kit.cli import render
from cmivqa_kit.cli.common import PATH, REPEATED, Session, error_of_each, files_of, finish, options, words
from cmivqa_kit.cli.fixing import check_unit, fix_options, next_fix, run_fix
from cmivqa_kit.cli.streaming import STREAMED, is_streamed, streamed_file
from cmivqa_kit.errors import ExitCode
from cmivqa_kit.files import no_collector

if TYPE_CHECKING:
    from cmivqa_kit.entries.ground import OpenGround
    from cmivqa_kit.submission.validate import Report


@dataclass(frozen=True, slots=True)
class Look:
    """How much of a report is printed."""

    verbose: bool
    brief: bool


@click.command(
    "validate",
    short_help="Check submission files: form, ids, texts, spans, videos.",
    epilog="Example: cmivqa validate submission.json; cmivqa validate entries/ --format json; "
    "cmivqa validate --truth answers.json",
)
@click.argument("files", type=PATH, nargs=-1, metavar="[FILE]...")
@options("data", "split", "track", "edition", "encoding", "format")
@click.option(
    "--truth", type=PATH, metavar="FILE", help="Check this answer file; with FILE... check those by its questions."
)
@click.option(
    "--max-size",
    type=click.FloatRange(min=0, min_open=True),
    default=100.0,
    metavar="MIB",
    help="Largest file to read.",
)
@click.option("-v", "--verbose", is_flag=True, help="List up to 20 warnings of each code instead of one.")
@click.option("--brief", is_flag=True, help="One line per file: the verdict and how many findings of each code.")
@click.option(
    "--explain",
    multiple=True,
    metavar="CODE",
    help="Print what a code such as E213 means and how to mend it; checks nothing. May be repeated.",
)
@fix_options
def command(
    files: tuple[Path, ...],
    split: str | None,
    track: str | None,
    form: str,
    truth: Path | None,
    max_size: float,
    verbose: bool,
    brief: bool,
    explain: tuple[str, ...],
    fix_out: Path | None,
    unit: str | None,
    force: bool,
    **flags: Any,
) -> None:
    """Check submission files, or every .json file of a folder, against the questions and the corpus of their split.

    A file may be a zip or gz with one submission in it, or - for standard input. The split and the tracks are worked
    out from the file. --fix - writes the mended copy to standard output and all messages to standard error. Exit code 1
    when an error was found, 0 with warnings only. With --track and --edition outside a workspace the form alone is
    checked. --explain CODE says what a code means. With --truth alone an answer file is checked.
    """
    from cmivqa_kit.entries.checking import check_truth
    from cmivqa_kit.entries.entry import open_entry
    from cmivqa_kit.submission.form import submission_form
    from cmivqa_kit.submission.scan import MIB, Limits

    if explain:
        if files or truth is not None:
            raise click.UsageError("--explain checks no file: name codes or files, not both.")
        _explain(Session(form, **flags), explain)
        return
    if brief and verbose:
        raise click.UsageError("--brief and --verbose exclude each other.")
    if not files and truth is None:
        raise click.UsageError("name a submission file, a folder of them, or an answer file with --truth.")
    check_unit(unit, fix_out)
    session = Session(form, split=split, track=track, truth=truth, **flags)
    streamed = is_streamed(fix_out)
    if streamed:
        fix_out = streamed_file(session, "--fix", "mended.json")
    ground = session.ground(limits=Limits(size=int(max_size * MIB)), encoding=flags.get("encoding"))
    look = Look(verbose, brief)
    reports: list[Report] = []
    table: list[tuple[object, ...]] = []
    codes: list[int] = [ExitCode.OK]
    if truth is not None:
        reports.append(_shown(session, check_truth(ground), look, table, "answer file, "))
    paths = files_of(session, files)
    if paths:
        submission_form(ground.edition)  # once, before any file is read or mended
    if fix_out is not None:
        paths = run_fix(session, ground, paths, fix_out, force, unit, streamed)
    fix: str | None = None
    for path in paths:
        judged = len(table)
        with error_of_each(len(paths), codes), no_collector():  # until the decoded file is gone again
            entry = open_entry(path, ground)
            report = entry.report
            if fix is None and not session.json and not streamed and str(path) != session.flags.get("truth"):
                fix = next_fix(entry)
            entry.forget()
            report = replace(report, path=STREAMED) if streamed and path == fix_out else report
            reports.append(_shown(session, report, look, table))
        if len(table) == judged:
            table.append((path, "not judged", "-", "-"))
    codes += [ExitCode.OK if report.ok else ExitCode.FINDINGS for report in reports]
    if session.json:
        render.as_json([report.to_dict() for report in reports])
    else:
        if len(table) > 1 and not brief:
            session.say("")
            session.table("", ["file", "verdict", ">errors", ">warnings"], table)
        if not streamed:
            _next(session, ground, reports if paths else [], paths, fix, brief)
    finish(max(codes))


def _explain(session: Session, names: Sequence[str]) -> None:
    """Print the entries of codes."""
    from cmivqa_kit.submission.codes import explained
    from cmivqa_kit.submission.report_text import explanation

    codes = explained(names)
    if session.json:
        render.as_json([code.to_dict() for code in codes])
        return
    for code in codes:
        for line in explanation(code):
            session.say(line.text, line.style)


def _shown(session: Session, report: Report, look: Look, table: list[tuple[object, ...]], subject: str = "") -> Report:
    """Print a report, note it for the table, and let go of what only printing needs."""
    from cmivqa_kit.submission.report_text import brief_line, report_lines

    table.append((report.path, "valid" if report.ok else "not valid", report.errors, report.warnings))
    if session.json:
        return replace(report, findings=tuple(report.located(report.findings)), source=None)
    for line in [brief_line(report, subject)] if look.brief else report_lines(report, look.verbose, subject):
        session.say(line.text, line.style)
    return replace(report, findings=(), source=None)


def _next(
    session: Session, ground: OpenGround, reports: Sequence[Report], paths: Sequence[Path], fix: str | None, brief: bool
) -> None:
    """Mend what is not valid (``fix``, where that can be done); score what can be scored; else come to such a file."""
    again = (*REPEATED, "split", "track", "encoding")
    truth = session.flags.get("truth")
    bad = [report.path for report in reports if not report.ok and str(report.path) != truth]
    if not paths:
        session.say(f"To score a submission against it: {words('cmivqa', 'score', '--truth', truth)} FILE")
        return
    if fix is not None:
        session.say("A mended copy can be written; what then stays is named.")
        session.next(fix, (*again, "truth"))
        return
    if bad or not reports:
        session.say("Without --brief each place is named." if brief else "Mend what is named above, then check again.")
        session.next(words("cmivqa", "validate", *bad), (*again, "truth"))
        return
    if truth is not None:
        session.next(words("cmivqa", "score", *paths), (*again, "truth"))
        return
    if ground.form_alone:
        session.say(
            "The form is right. To check ids, texts and videos too: --data DIR, or cmivqa init --from DOWNLOADS."
        )
        session.next("cmivqa init --help", ())
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
