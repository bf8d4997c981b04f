"""`cmivqa validate`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cmivqa_kit.cli import render
from cmivqa_kit.cli.common import PATH, REPEATED, Session, finish, naming, one_of, options, track_number, words
from cmivqa_kit.cli.fixing import fix_options, run_fix
from cmivqa_kit.data.types import TRACKS, Track
from cmivqa_kit.errors import ExitCode, UserError

if TYPE_CHECKING:
    from cmivqa_kit.data.types import Question, Split
    from cmivqa_kit.submission.read import Document
    from cmivqa_kit.submission.scan import Limits
    from cmivqa_kit.submission.validate import Report


@dataclass(frozen=True)
class Request:
    """What the flags say, and the splits opened so far: thirty entries share one corpus."""

    split: str | None
    track: Track | None
    limits: Limits
    questions: Sequence[Question] | None = None  # those of an answer file, where one is given
    opened: dict[tuple[str, Track], Split] = field(default_factory=dict)


@click.command(
    "validate",
    short_help="Check submission files: form, ids, texts, spans, videos.",
    epilog="Example: cmivqa validate submission.json; cmivqa validate entries/ --format json; "
    "cmivqa validate --truth answers.json",
)
@click.argument("files", type=PATH, nargs=-1, metavar="[FILE]...")
@options("data", "split", "track", "edition", "format")
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
@fix_options
def command(
    files: tuple[Path, ...],
    split: str | None,
    track: str | None,
    form: str,
    truth: Path | None,
    max_size: float,
    verbose: bool,
    fix_out: Path | None,
    force: bool,
    **flags: Any,
) -> None:
    """Check submission files, or every .json file of a folder, against the questions and the corpus of their split.

    The split and the tracks are worked out from the file. Exit code 1 when an error was found, 0 with warnings only.
    The codes: cmivqa_kit/submission/CODES.md. With --truth alone an answer file is checked.
    """
    from cmivqa_kit.submission.form import submission_form
    from cmivqa_kit.submission.scan import MIB, Limits

    if not files and truth is None:
        raise click.UsageError("name a submission file, a folder of them, or an answer file with --truth.")
    session = Session(form, split=split, track=track, truth=truth, **flags)
    request = Request(split, track_number(track), Limits(size=int(max_size * MIB)))
    reports: list[Report] = []
    table: list[tuple[object, ...]] = []
    codes: list[int] = [ExitCode.OK]
    if truth is not None:
        answers, request = _answers(session, truth, request)
        reports.append(_shown(session, answers, verbose, table, "answer file, "))
    paths = list(expand(files))
    if paths:
        submission_form(session.edition)  # once, before any file is read or mended
    if fix_out is not None:
        paths = run_fix(
            session, paths, fix_out, force, request.split, request.track, request.limits.size, request.questions
        )
    for path in paths:
        judged = len(table)
        with one_of(len(paths), codes):
            reports.append(_shown(session, _report(session, path, request), verbose, table))
        if len(table) == judged:
            table.append((path, "not judged", "-", "-"))
    codes += [ExitCode.OK if report.ok else ExitCode.FINDINGS for report in reports]
    if session.json:
        render.as_json([report.to_dict() for report in reports])
    else:
        if len(table) > 1:
            session.say("")
            session.table("", ["file", "verdict", ">errors", ">warnings"], table)
        _next(session, reports if paths else [], paths)
    finish(max(codes))


def _shown(
    session: Session, report: Report, verbose: bool, table: list[tuple[object, ...]], subject: str = ""
) -> Report:
    """Print a report, note it for the table, and let go of what only printing needs."""
    from cmivqa_kit.cli.findings import show

    table.append((report.path, "valid" if report.ok else "not valid", report.errors, report.warnings))
    if session.json:
        return replace(report, findings=tuple(report.located(report.findings)), text=None)
    show(session, report, verbose, subject)
    return replace(report, findings=(), text=None)


def _next(session: Session, reports: Sequence[Report], paths: Sequence[Path]) -> None:
    """Mend what is not valid; score what can be scored; else come to a file that can."""
    again = (*REPEATED, "split", "track")
    truth = session.flags.get("truth")
    bad = [report.path for report in reports if not report.ok and str(report.path) != truth]
    if not paths:
        session.next(words("cmivqa", "score", "--truth", truth, "submission.json"))
        return
    if bad or not reports:
        session.say("Mend what is named above, then check again.")
        session.next(words("cmivqa", "validate", *bad), (*again, "truth"))
        return
    if truth is not None:
        session.next(words("cmivqa", "score", *paths), (*again, "truth"))
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


def _report(session: Session, path: Path, request: Request) -> Report:
    from cmivqa_kit.submission.guarded import read_guarded
    from cmivqa_kit.submission.match import find, tracks_of
    from cmivqa_kit.submission.validate import validate

    document = read_guarded(path, request.limits)
    if not document.rows:  # nothing to match a split with: the findings say why
        return validate(document, (request.track,) if request.track else (), session.edition)
    if request.questions is not None:
        tracks = (request.track,) if request.track else tracks_of(document.rows, session.edition)
        return validate(document, tracks, session.edition, None, request.questions)
    if request.track is None and not tracks_of(document.rows, session.edition):
        shapeless = validate(document, (), session.edition)
        if not shapeless.ok:
            return shapeless  # the findings say why the track cannot be told
    files = session.files
    with naming(path):
        match = find(
            document.rows, files, request.split, request.track, exact=session.workspace.is_demo, texts_suffice=True
        )
    opened = _opened(session, match.split, match.tracks[0], request)
    return validate(document, match.tracks, files.edition, match.split, opened.questions, opened.videos)


def _opened(session: Session, split: str, track: Track, request: Request) -> Split:
    from cmivqa_kit.data.corpus import load_split

    if (split, track) not in request.opened:
        request.opened[split, track] = load_split(session.files, split, track)
    return request.opened[split, track]


def _answers(session: Session, truth: Path, request: Request) -> tuple[Report, Request]:
    """The report of an answer file, and the request to check submissions by its questions."""
    from cmivqa_kit.data.types import Question
    from cmivqa_kit.submission.answers import check_answers
    from cmivqa_kit.submission.guarded import read_guarded
    from cmivqa_kit.submission.read import plain_id

    document = read_guarded(truth, request.limits)

    def text(row: Any, key: str) -> str | None:
        return row[key] if isinstance(row.get(key), str) else None

    questions = [
        Question(identity, text(row, "question") or "", text(row, "language_type"), text(row, "video_id"))
        for row in document.rows
        if (identity := plain_id(row)) is not None
    ]
    split = _split_of(session, document, request)
    return check_answers(document, request.track, split.videos if split else ()), replace(request, questions=questions)


def _split_of(session: Session, document: Document, request: Request) -> Split | None:
    """The split whose answers these are, where one of the data root's fits; its corpus is then checked against."""
    from cmivqa_kit.submission.match import find
    from cmivqa_kit.submission.read import plain_id

    if not document.rows or session.workspace.is_demo:
        return None
    number = session.files.edition.track_of_id(plain_id(document.rows[0]))
    track = request.track or next((t for t in TRACKS if t == number), 1)
    try:
        match = find(document.rows, session.files, request.split, track)
        return _opened(session, match.split, match.tracks[0], request)
    except UserError:
        if request.split is not None:
            raise
        return None
