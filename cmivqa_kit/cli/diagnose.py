"""`cmivqa diagnose`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cmivqa_kit.cli import render
from cmivqa_kit.cli.choice import CHOSEN, Choice, choice_options, read_choice, scored
from cmivqa_kit.cli.common import PATH, REPEATED, Session, options, track_number, words
from cmivqa_kit.data.types import Track
from cmivqa_kit.errors import ExitCode, UserError
from cmivqa_kit.files import no_collector
from cmivqa_kit.runs.provenance import system_of

if TYPE_CHECKING:
    from cmivqa_kit.diagnosis import Context, Diagnosis
    from cmivqa_kit.scoring.card import ScoreCard
    from cmivqa_kit.scoring.files import Scored
    from cmivqa_kit.submission.read import Document


@click.command(
    "diagnose",
    short_help="Show where a submission lost its points: retrieval or localization.",
    epilog="Example: cmivqa diagnose submission.json; cmivqa diagnose submission.json --html diagnosis.html",
)
@click.argument("file", type=PATH, metavar="FILE")
@options("data", "split", "truth", "track", "edition")
@choice_options
@click.option("--html", type=PATH, metavar="FILE", help="Write a page to look at: every question on its timeline.")
@options("force", "format")
def command(
    file: Path,
    split: str | None,
    truth: Path | None,
    track: str | None,
    only: str | None,
    cutoffs: str | None,
    html: Path | None,
    force: bool,
    form: str,
    **flags: Any,
) -> None:
    """Take the loss of a Track 3 or Track 1 submission apart: every lost point has one cause.

    The right video is missing from the list, or ranked too low; or it is there with a wrong span, or with inexact ends.
    The four shares add up to 1 - Average (strict). Beside them: what perfect spans or perfect videos would score, the
    same by length of question, answer and video, warnings, and the trivial prior of the training answers. A 2023 corpus
    file is taken as Track 3. --html writes one page that needs nothing else: timelines over the subtitles, by cause.
    """
    from cmivqa_kit.cli.diagnose_view import show

    session = Session(form, split=split, truth=truth, track=track, only=only, cutoffs=cutoffs, **flags)
    choice = read_choice(only, cutoffs)
    if html is not None:
        _check_target(html, force, [file, *([] if truth is None else [truth])])
    diagnosis, made_by = _diagnose(session, file, split, truth, track_number(track), choice)
    if session.json:
        render.as_json({"file": file, "made_by": made_by, **diagnosis.to_dict()})
    else:
        show(session, file, diagnosis, made_by)
    if html is not None:
        from cmivqa_kit.diagnosis.page import write_page
        from cmivqa_kit.diagnosis.payload import payload

        write_page(html, payload(diagnosis, file.name, made_by), force)
        session.say(f"{html}: open it in a browser; it needs no network")
    _next(session, file, html)


def _check_target(html: Path, force: bool, inputs: list[Path]) -> None:
    """Refuse a page that must not be written, before anything is read."""
    if html.resolve() in [one.resolve() for one in inputs]:
        raise UserError(f"{html}: is read by this command", "Name another file.")
    if html.exists() and not force:
        raise UserError(f"{html}: exists already", "Give another name, or --force to replace it.")


def _next(session: Session, file: Path, html: Path | None) -> None:
    """The page, unless it was just written or its name is taken; then the score."""
    page = file.with_suffix(".html").name
    if html is None and not Path(page).exists():
        session.next(words("cmivqa", "diagnose", file, "--html", page), (*REPEATED, "split", "truth", "track", *CHOSEN))
    else:
        session.next(words("cmivqa", "score", file), (*REPEATED, "split", "truth", "track", *CHOSEN))


@no_collector()
def _diagnose(
    session: Session, path: Path, split: str | None, truth: Path | None, track: Track | None, choice: Choice
) -> tuple[Diagnosis, str | None]:
    from cmivqa_kit.diagnosis import diagnose
    from cmivqa_kit.runs.provenance import find_record
    from cmivqa_kit.submission.read import read_submission

    document = read_submission(path)
    if not document.readable:
        said = "; ".join(f"{finding.code} {finding.message}" for finding in document.findings)
        raise UserError(f"{path}: cannot be diagnosed: {said}", _validate(path))
    found = _scored(session, document, split, truth, track, choice)
    card = found.cards[0]
    if card.strict.error:
        raise UserError(f"{path}: cannot be diagnosed: {card.strict.message}", _validate(path))
    answers, context = _beside(session, document, card, truth)
    diagnosis = diagnose(card, document.raw, answers, context)
    if track is None and any(one.read for one in diagnosis.outcomes) and not any(o.entries for o in diagnosis.outcomes):
        raise UserError(f"{path}: no entry of any list has a valid span, so there is no Track 3 to diagnose", _ELSE)
    return diagnosis, _name(find_record(path, session.workspace.path("run.directory")))


_ELSE = "A Track 2 file: `cmivqa score` says what it is worth; diagnose the Track 3 file. To go on anyway: --track 3."


def _validate(path: Path) -> str:
    return f"Run: {words('cmivqa', 'validate', path)}"


def _scored(
    session: Session, document: Document, split: str | None, truth: Path | None, track: Track | None, choice: Choice
) -> Scored:
    """Score it on the one track that has spans. Exit code 3 is that of `score` alone: here every fault is 2."""
    from cmivqa_kit.submission.match import tracks_of

    edition = session.files.edition if truth is None else session.edition
    tracks = (track,) if track is not None else tracks_of(document.rows, edition)
    with_spans = [one for one in tracks if one != 2]
    if tracks and not with_spans:
        raise UserError(
            f"{document.path}: is for Track 2, which has no spans to judge",
            f"Use {words('cmivqa', 'score', document.path)}, and `cmivqa diagnose` on the Track 3 file.",
        )
    try:
        return scored(session, document, split, truth, with_spans[0] if with_spans else None, choice)
    except UserError as error:
        if error.code != ExitCode.UNREADABLE:
            raise
        raise UserError(error.message, error.fix) from None


def _beside(session: Session, document: Document, card: ScoreCard, truth: Path | None) -> tuple[list[Any], Context]:
    """The answers that the card was made with, and what is known beside them."""
    from cmivqa_kit.data.corpus import truth_records
    from cmivqa_kit.diagnosis.context import NOTHING, Context, context_of, split_of
    from cmivqa_kit.scoring.truth import read_answers

    if truth is None:
        records = truth_records(session.files, card.split, card.track)
        return records[0] if records is not None else [], context_of(session.files, card.split, card.track)
    answers = read_answers(truth)
    if session.workspace.is_demo:
        return answers, NOTHING
    name = split_of(document.rows, session.files, session.flags.get("split"), card.track)
    if name is None:
        without = "no video lengths, no subtitles, and no trivial prior"
        return answers, Context(remarks=(f"{session.files.root} has no split that this file answers: {without}",))
    return answers, context_of(session.files, name, card.track)


def _name(record: Mapping[str, Any] | None) -> str | None:
    """``bm25, run bm25-1``; ``None`` where no run here made the file."""
    if record is None:
        return None
    from cmivqa_kit.plugin.settings import name_recipe

    return f"{system_of(record, name_recipe)}, run {record.get('run')}"
