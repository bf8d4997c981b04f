"""`cmivqa diagnose`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cmivqa_kit.cli import render
from cmivqa_kit.cli.audience import organizers_only, public_option
from cmivqa_kit.cli.choice import CHOSEN, choice_options, read_choice
from cmivqa_kit.cli.common import PATH, REPEATED, Session, options, words
from cmivqa_kit.errors import UserError
from cmivqa_kit.output_paths import require_writable
from cmivqa_kit.runs.provenance import system_of

if TYPE_CHECKING:
    from cmivqa_kit.entries.entry import Entry

PAIR_PAGE = "side-by-side.html"
_AGAIN = (*REPEATED, "split", "truth", "track", *CHOSEN)  # flags that the next command needs again


@click.command(
    "diagnose",
    short_help="Show where a submission lost its points: retrieval or localization.",
    epilog="Example: cmivqa diagnose submission.json --html diagnosis.html; cmivqa diagnose old.json new.json",
)
@click.argument("files", type=PATH, nargs=-1, required=True, metavar="FILE [OTHER]")
@options("data", "split", "truth", "track", "edition")
@choice_options
@click.option("--html", type=PATH, metavar="FILE", help="Write a page to look at: every question on its timeline.")
@public_option
@options("force", "format")
def command(
    files: tuple[Path, ...],
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

    Two files for the same questions (Track 2 too) stand side by side, the questions on which they differ most first.
    """
    from cmivqa_kit.entries.entry import open_entry

    if len(files) > 2:
        raise UserError(
            f"diagnose takes one file, or two to hold side by side, and {len(files)} are named",
            f"Run: {words('cmivqa', 'compare', *files)}",
        )
    if files == (Path("-"), Path("-")):
        raise UserError("- is named twice, and standard input can be read once", "Name it once.")
    session = Session(form, split=split, truth=truth, track=track, only=only, cutoffs=cutoffs, **flags)
    ground = session.ground(options=read_choice(only, cutoffs))
    if html is not None:
        require_writable(html, force, [*files, *([] if truth is None else [truth])])
    entries = [open_entry(file, ground) for file in files]
    diagnosed = _diagnose_pair if len(files) == 2 else _diagnose
    held = diagnosed(session, entries, html, public, force)
    if html is not None:
        session.say(f"{html}: open it in a browser; it needs no network")
        if held and not public:
            session.say(organizers_only(html), "yellow")
    _next(session, entries, html)


def _diagnose(session: Session, entries: Sequence[Entry], html: Path | None, public: bool, force: bool) -> bool:
    """Write the page and print; True where answers that organizers hold can be told from it."""
    from cmivqa_kit.cli.diagnose_view import show
    from cmivqa_kit.diagnosis.entries import diagnose_entry, ids_are_made_up
    from cmivqa_kit.entries.refusals import answers_are_held

    (entry,) = entries
    diagnosis, made_by = diagnose_entry(entry), _name(entry.made_by)
    held = answers_are_held(entry.ground.scored_by, diagnosis.card.split)
    if html is not None:  # before anything is printed: a reader that leaves takes no file with it
        from cmivqa_kit.diagnosis.page import write_page
        from cmivqa_kit.diagnosis.payload import payload

        page = payload(diagnosis, entry.path.name, made_by, held, public, ids_are_made_up(entry.ground))
        write_page(html, page, force)
    if session.json:
        render.as_json({"file": entry.path, "made_by": made_by, **_for_audience(diagnosis.to_dict(), held, public)})
    else:
        show(session, entry.path, diagnosis, made_by)
    return held


def _diagnose_pair(session: Session, entries: Sequence[Entry], html: Path | None, public: bool, force: bool) -> bool:
    """The same for two entries side by side."""
    from cmivqa_kit.cli.pair_view import show_pair
    from cmivqa_kit.diagnosis.entries import diagnose_pair, ids_are_made_up
    from cmivqa_kit.entries.refusals import answers_are_held

    first, second = entries
    compare = session.again(words("cmivqa", "compare", first.path, second.path), _AGAIN)
    pair = diagnose_pair(first, second)
    if public and pair.cards[0].track == 2:
        raise UserError(
            "--public: on Track 2 the value of a question tells the rank of its right video, and so the video",
            f"Leave it out, or hand on what `compare` prints, whose numbers are means: Run: {compare}",
        )
    made_by = _name(first.made_by), _name(second.made_by)
    held = answers_are_held(first.ground.scored_by, pair.cards[0].split)
    if html is not None:
        from cmivqa_kit.diagnosis.page import write_pair_page
        from cmivqa_kit.diagnosis.pair_payload import pair_payload

        names = first.path.name, second.path.name
        if names[0] == names[1]:
            names = pair.names
        page = pair_payload(pair, names, made_by, held, public, ids_are_made_up(first.ground))
        write_pair_page(html, page, force)
    if session.json:
        document = pair.to_dict()
        for system, record in zip(document["systems"], made_by, strict=True):
            system["made_by"] = record
        render.as_json(_for_audience(document, held, public))
    else:
        show_pair(session, pair, made_by, compare, public)
    return held


def _for_audience(document: dict[str, Any], held: bool, public: bool) -> dict[str, Any]:
    """The document, marked where answers that organizers hold can be told from it; for the public without them.

    A position tells the right video to whoever has the submission.
    """
    if not public:
        return {**document, "organizers_only": True} if held else document
    return {**document, "questions": [_without_position(row) for row in document["questions"]]}


def _without_position(row: dict[str, Any]) -> dict[str, Any]:
    """The row of a question without positions: its own, or those of both systems."""
    if "position" in row:
        return {**row, "position": None}
    return {**row, **{letter: {**row[letter], "position": None} for letter in ("a", "b")}}


def _next(session: Session, entries: Sequence[Entry], html: Path | None) -> None:
    """The page, unless it was just written or its name is taken; then the scores, or what is wrong with the files."""
    files = [entry.path for entry in entries]
    unsound = [entry.path for entry in entries if not entry.sound]
    page = PAIR_PAGE if len(files) == 2 else files[0].with_suffix(".html").name
    if unsound:
        session.next(words("cmivqa", "validate", *unsound), (*REPEATED, "split", "truth", "track"))
    elif html is None and not Path(page).exists():
        session.next(words("cmivqa", "diagnose", *files, "--html", page), _AGAIN)
    else:
        session.next(words("cmivqa", "compare" if len(files) == 2 else "score", *files), _AGAIN)


def _name(record: Mapping[str, Any] | None) -> str | None:
    """``bm25, run bm25-1``; ``None`` where no run here made the file."""
    if record is None:
        return None
    from cmivqa_kit.plugin.settings import name_recipe

    return f"{system_of(record, name_recipe)}, run {record.get('run')}"
