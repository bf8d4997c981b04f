"""`cmivqa import`."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from cmivqa_kit.cli import render
from cmivqa_kit.cli.common import PATH, REPEATED, Session, finish, options, track_number, words
from cmivqa_kit.data.display import count, tracks_in_words
from cmivqa_kit.errors import SHOWN, ExitCode
from cmivqa_kit.output_paths import require_writable


@click.command(
    "import",
    short_help="Make a submission of other people's answers: an LLM's JSON Lines or CSV.",
    epilog="Example: cmivqa import answers.jsonl --split testA --out submission.json",
)
@click.argument("file", type=PATH, metavar="FILE")
@options("data", "split", "track", "edition", "out", "encoding", "force", "format")
def command(
    file: Path, split: str | None, track: str | None, encoding: str | None, force: bool, form: str, **flags: Any
) -> None:
    """Make a submission for a split (testA unless --split says otherwise) of the answers in a file.

    FILE is JSON Lines, a JSON array, or CSV with a header. Columns: id or question; video (an id, a link to YouTube or
    Bilibili, a file's name or title with the id in it); start and end, or span ("00:12-00:31", "1:05 to 1:20",
    seconds); rank or score, without which the order of the file holds. Track 1 needs no video, Track 2 no times.

    Without --track one file for Tracks 2 and 3. What could not be read is named with its line, the rest is written;
    exit code 1 then, or where the file is not valid.
    """
    from cmivqa_kit.data.corpus import load_split
    from cmivqa_kit.submission.imports import import_answers

    session = Session(form, split=split, track=track, **flags)
    out = session.workspace.path("output.submission")
    require_writable(out, force, fix="Give --out FILE for another name, or --force to replace it.")
    number = track_number(track)
    opened = load_split(session.files, split or "testA", number or 2)
    imported = import_answers(file, opened, out, number, encoding)
    report, problems = imported.report, imported.problems
    if session.json:
        numbers = {name: getattr(imported, name) for name in ("tracks", "rows", "entries", "answered", "questions")}
        valid = {"valid": report.ok, "errors": report.errors, "warnings": report.warnings}
        render.as_json({"file": out, "split": opened.name, **numbers, "problems": list(map(asdict, problems)), **valid})
    else:
        for problem in problems[:SHOWN]:
            session.say(f"  {problem.location}: {problem.message}", "yellow")
        if len(problems) > SHOWN:
            session.say(f"  ... and {len(problems) - SHOWN} more", "yellow")
        answered = f"{imported.answered} of {count(imported.questions, 'question')}"
        served = tracks_in_words(imported.tracks)
        session.say(f"{out}: {imported.entries} entries for {answered} of {opened.name}, {served}")
        if problems:
            session.say(f"{count(len(problems), 'problem')} in {file}", "red")
        counts = f"{count(report.errors, 'error')}, {count(report.warnings, 'warning')}"
        session.say(f"Validated: {counts}", "green" if report.ok else "red")
        session.next(words("cmivqa", "validate", out), (*REPEATED, "split", "track"))
    finish(ExitCode.OK if report.ok and not problems else ExitCode.FINDINGS)
