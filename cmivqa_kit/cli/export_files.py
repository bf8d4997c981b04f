"""What the exports of a submission share: its answers on a track, the files written, what is said of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cmivqa_kit.cli import render
from cmivqa_kit.cli.audience import organizers_only
from cmivqa_kit.cli.common import Session
from cmivqa_kit.data.display import count
from cmivqa_kit.data.types import Track
from cmivqa_kit.errors import UserError

if TYPE_CHECKING:
    from cmivqa_kit.entries.entry import Answers, Entry
    from cmivqa_kit.leaderboard.exports.exported import Exported


def answers_of(entry: Entry, tracks: Sequence[Track], track: Track | None) -> Answers:
    """The answers that a submission is held against, on the first of ``tracks`` that it is for.

    Raises:
        UserError: it cannot be read, no answers belong to it, or it is for another track.
    """
    wanted = " or ".join(map(str, tracks))
    fix = f"Only a submission for Track {wanted} is exported so."
    if track is not None and track not in tracks:
        raise UserError(f"{entry.path}: Track {track} is not exported so", fix)
    scored = entry.require("exported", track)
    by_track = {answers.track: answers for answers in scored.answers}
    chosen = next((by_track[number] for number in tracks if number in by_track), None)
    if chosen is None:
        numbers = ", ".join(f"Track {number}" for number in by_track)
        raise UserError(f"{entry.path}: is for {numbers}", fix)
    return chosen


def write(session: Session, entry: Entry, answers: Answers, folder: Path, exported: Exported) -> None:
    """Write the files and say what they are."""
    from cmivqa_kit.entries.refusals import answers_are_held
    from cmivqa_kit.leaderboard.exports.exported import write_files

    write_files(folder, exported.files)
    held = answers_are_held(entry.ground.scored_by, answers.split)
    if session.json:
        render.as_json(document(entry, answers, folder, exported, held))
        return
    for warning in exported.warnings:
        session.say(warning, "yellow")
    session.say(
        f"{folder}: {', '.join(exported.files)}; {count(exported.questions, 'question')} of {answers.split}, "
        f"{exported.answered} answered"
    )
    for name in exported.answers if held else ():
        session.say(organizers_only(folder / name).replace("; --public writes it without", ""), "yellow")


def document(entry: Entry, answers: Answers, folder: Path, exported: Exported, held: bool) -> Mapping[str, Any]:
    """The machine-readable twin."""
    return {
        "file": entry.path,
        "folder": folder,
        "track": answers.track,
        "split": answers.split,
        "files": list(exported.files),
        "organizers_only": list(exported.answers) if held else [],
        "questions": exported.questions,
        "answered": exported.answered,
        "warnings": list(exported.warnings),
    }
