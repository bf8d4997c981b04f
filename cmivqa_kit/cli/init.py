"""`cmivqa init`."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cmivqa_kit.cli import render
from cmivqa_kit.cli.common import PATH, REPEATED, Session, options, words
from cmivqa_kit.errors import SHOWN

if TYPE_CHECKING:
    from cmivqa_kit.data.intake import Intake


@click.command(
    "init",
    short_help="Make a workspace from the organizers' files as they were downloaded.",
    epilog="Example: cmivqa init --from ~/Downloads/CMIVQA_Train_Dev.zip ~/Downloads/testA ~/Downloads/subtitle.json",
)
@click.option(
    "--from", "sources", type=PATH, multiple=True, metavar="PATH...",
    help="Downloads: zips, tars, folders, loose files, under any name. More paths may follow.",
)  # fmt: skip
@click.option(
    "--answers", type=PATH, multiple=True, metavar="FILE",
    help="Organizers' answers of a test split, where no name says so. May be given several times.",
)  # fmt: skip
@click.argument("more", type=PATH, nargs=-1, metavar="[PATH]...")
@options("data", "edition", "baseline", "encoding", "force", "format")
def command(
    sources: tuple[Path, ...],
    answers: tuple[Path, ...],
    more: tuple[Path, ...],
    force: bool,
    form: str,
    data: Path | None,
    encoding: str | None,
    **flags: Any,
) -> None:
    """Make a workspace here: a cmivqa.toml, and with --from a data root filled with what the organizers hand out.

    Files are recognised by content; answers and training data need a name that says so as well, or --answers.
    Archives are unpacked safely, feature folders linked, videos and audios left out; what was found, what is missing
    and which edition it is are printed. Without --from, --data names a root that is ready already. An existing
    cmivqa.toml is kept unless --force is given; new downloads are added to its data root.
    """
    from cmivqa_kit.data.answer_evidence import KnownPredictions
    from cmivqa_kit.data.intake import gather
    from cmivqa_kit.errors import UserError
    from cmivqa_kit.files import write_text
    from cmivqa_kit.output_paths import is_taken, regular_target
    from cmivqa_kit.plugin.registry import baseline_names, find_declaration
    from cmivqa_kit.runs.provenance import run_of
    from cmivqa_kit.workspace import DEFAULT, FILE
    from cmivqa_kit.workspace import render as toml

    if more and not sources:
        raise UserError(
            f"init: {more[0]} stands without --from", f"Write: {words('cmivqa', 'init', '--from', more[0])}"
        )
    file = Path.cwd() / FILE
    session = Session(form, data=data, **flags)
    regular_target(file)
    if is_taken(file) and not force and not sources and not answers:
        raise UserError(f"{file}: exists", "Edit it, or give --force to write a new one.")
    # A workspace in a folder above is another one: its data root is not filled from here.
    known = session.workspace["data.root"] if data is not None or file.exists() else None
    root = Path(known) if known is not None else Path("data")
    intake: Intake | None = None
    if sources or answers:
        predictions = KnownPredictions(partial(run_of, session.workspace.path("run.directory")), baseline_names())
        intake = gather((*sources, *more), root, flags.get("edition"), session.say, answers, predictions, encoding)
    written = not is_taken(file) or force
    if written:
        # One that nobody named is not written: `predict` takes the newest run.
        stated = session.workspace.settings["model.baseline"]
        values: dict[str, Any] = {"model.baseline": stated.value} if stated.origin != DEFAULT else {}
        with suppress(UserError):  # a broken package of baselines is in nobody's way here
            session.say_what_lacks(find_declaration(stated.value))
        if intake is not None or data is not None:
            values["data.root"] = str(root)
        edition = intake.edition.name if intake is not None else flags.get("edition")
        if edition:
            values["data.edition"] = edition
        write_text(file, toml(values))
    if session.json:
        render.as_json({"workspace": file, "written": written, **(_document(intake) if intake else {})})
        return
    if intake is not None:
        _show(session, intake)
    session.say(f"Workspace: {file}{'' if written else ' (kept as it was)'}")
    if intake is None and data is None:
        session.say(
            "No data root is named in it: the embedded demo corpus is used until you give --from or --data.", "yellow"
        )
    given = intake is not None or data is not None
    session.next("cmivqa data check" if given else "cmivqa train", () if written else REPEATED)


def _document(intake: Intake) -> dict[str, Any]:
    return {
        "root": intake.root,
        "edition": intake.edition.name,
        "placed": [{"what": p.kind, "from": p.name, "to": p.target} for p in intake.placements],
        "ignored": [{"what": note.subject, "why": note.why} for note in intake.ignored],
        "missing": list(intake.missing),
        "reissued": list(intake.reissued),
        "remarks": list(intake.remarks),
    }


def _show(session: Session, intake: Intake) -> None:
    session.say(f"Edition: {intake.edition.name} ({intake.edition.title})")
    rows = [(place.kind, place.name, place.target) for place in intake.placements]
    session.table("Found", ["what", "downloaded as", "now"], rows)
    for missing in intake.missing:
        session.say(f"Missing: {missing}", "yellow")
    for remark in intake.remarks:
        session.say(f"Note: {remark}", "yellow")
    for why in dict.fromkeys(note.why for note in intake.ignored):
        subjects = [note.subject for note in intake.ignored if note.why == why]
        more = f" and {len(subjects) - SHOWN} more" if len(subjects) > SHOWN else ""
        session.say(f"Left out: {', '.join(subjects[:SHOWN])}{more}: {why}")
    if intake.reissued:
        session.say(
            f"Re-issued by the organizers: {', '.join(intake.reissued)}. Their first files were broken: make sure that "
            "videos and features of these are from the second release.",
            "yellow",
        )
