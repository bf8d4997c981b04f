"""`cmivqa diagnose`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from cmivqa_kit.cli import render
from cmivqa_kit.cli.audience import organizers_only, public_option
from cmivqa_kit.cli.choice import CHOSEN, choice_options, read_choice
from cmivqa_kit.cli.common import PATH, REPEATED, Session, options, words
from cmivqa_kit.output_paths import require_writable
from cmivqa_kit.runs.provenance import system_of


@click.command(
    "diagnose",
    short_help="Show where a submission lost its points: retrieval or localization.",
    epilog="Example: cmivqa diagnose submission.json; cmivqa diagnose submission.json --html diagnosis.html",
)
@click.argument("file", type=PATH, metavar="FILE")
@options("data", "split", "truth", "track", "edition")
@choice_options
@click.option("--html", type=PATH, metavar="FILE", help="Write a page to look at: every question on its timeline.")
@public_option
@options("force", "format")
def command(
    file: Path,
    split: str | None,
    truth: Path | None,
    track: str | None,
    only: str | None,
    cutoffs: str | None,
    html: Path | None,
    public: bool,
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
    from cmivqa_kit.diagnosis.entries import diagnose_entry
    from cmivqa_kit.entries.entry import open_entry
    from cmivqa_kit.entries.refusals import answers_are_held

    session = Session(form, split=split, truth=truth, track=track, only=only, cutoffs=cutoffs, **flags)
    ground = session.ground(options=read_choice(only, cutoffs))
    if html is not None:
        require_writable(html, force, [file, *([] if truth is None else [truth])])
    entry = open_entry(file, ground)
    diagnosis, made_by = diagnose_entry(entry), _name(entry.made_by)
    held = answers_are_held(entry.ground.scored_by, diagnosis.card.split)
    if html is not None:  # before anything is printed: a reader that leaves takes no file with it
        from cmivqa_kit.diagnosis.page import write_page
        from cmivqa_kit.diagnosis.payload import payload

        write_page(html, payload(diagnosis, file.name, made_by, held, public, session.workspace.is_demo), force)
    if session.json:
        render.as_json({"file": file, "made_by": made_by, **_for_audience(diagnosis.to_dict(), held, public)})
    else:
        show(session, file, diagnosis, made_by)
    if html is not None:
        session.say(f"{html}: open it in a browser; it needs no network")
        if held and not public:
            session.say(organizers_only(html), "yellow")
    _next(session, file, html, entry.sound)


def _for_audience(document: dict[str, Any], held: bool, public: bool) -> dict[str, Any]:
    """The document, marked where answers that organizers hold can be told from it; for the public without them.

    A position tells the right video to whoever has the submission.
    """
    if public:
        return {**document, "questions": [{**row, "position": None} for row in document["questions"]]}
    return {**document, "organizers_only": True} if held else document


def _next(session: Session, file: Path, html: Path | None, sound: bool) -> None:
    """The page, unless it was just written or its name is taken; then the score, or what is wrong with the file."""
    page = file.with_suffix(".html").name
    if not sound:
        session.next(words("cmivqa", "validate", file), (*REPEATED, "split", "truth", "track"))
    elif html is None and not Path(page).exists():
        session.next(words("cmivqa", "diagnose", file, "--html", page), (*REPEATED, "split", "truth", "track", *CHOSEN))
    else:
        session.next(words("cmivqa", "score", file), (*REPEATED, "split", "truth", "track", *CHOSEN))


def _name(record: Mapping[str, Any] | None) -> str | None:
    """``bm25, run bm25-1``; ``None`` where no run here made the file."""
    if record is None:
        return None
    from cmivqa_kit.plugin.settings import name_recipe

    return f"{system_of(record, name_recipe)}, run {record.get('run')}"
