"""`cmivqa validate --fix OUT`: a mended copy, what was done to it, and what was not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from cmivqa_kit.cli.common import PATH, Session, options
from cmivqa_kit.errors import UserError

if TYPE_CHECKING:
    from cmivqa_kit.data.types import Question, Track
    from cmivqa_kit.editions import Edition

Command = TypeVar("Command", bound=Callable[..., Any])
EXAMPLES = 3  # places shown per kind of change


def fix_options(command: Command) -> Command:
    """Add ``--fix OUT`` (parameter ``fix_out``) and ``--force``."""
    mended = click.option(
        "--fix", "fix_out", type=PATH, metavar="OUT", help="Write a mended copy to OUT and check that; guesses nothing."
    )
    return mended(options("force")(command))


def run_fix(
    session: Session,
    paths: Sequence[Path],
    out: Path,
    force: bool,
    split: str | None,
    track: Track | None,
    largest: int,
    questions: Sequence[Question] | None = None,
) -> list[Path]:
    """Mend the one file of ``paths`` into ``out``, say what was done, and give the file that is to be validated.

    That is ``out``, or the input where nothing could be written because no JSON came out. A file of more than
    ``largest`` bytes is not read; ``questions`` are those of an answer file, else those of the split that fits.

    Raises:
        UserError: several files; ``out`` is the input, or exists without ``force``; a file cannot be read or written.
    """
    from cmivqa_kit.submission.fix import Context, mend_file, show, show_refused
    from cmivqa_kit.submission.match import tracks_of

    if len(paths) != 1:
        raise UserError(f"--fix mends one file, {len(paths)} are given", "Mend them one by one.")
    (path,) = paths

    def learn(rows: list[Any]) -> Context:
        nonlocal questions
        if questions is not None:
            tracks, edition = (track,) if track else tracks_of(rows, session.edition), session.edition
        else:
            questions, tracks, edition = _answered(session, rows, split, track)
        return Context.of(questions, max(tracks, default=None), edition)

    fixed = mend_file(path, out, force, Context(None, session.edition), learn, largest)
    if fixed.text is None:
        session.say(f"{path}: cannot be mended; nothing was written", "red")
    else:
        done = f"mended into {out}" if fixed.changes else f"nothing to mend; copied to {out}"
        session.say(f"{path}: {done}", "green")
    for line in show(fixed.changes, EXAMPLES):
        session.say(f"  {line}")
    for line in show_refused(fixed.refused, EXAMPLES):
        session.say(f"  Left: {line}", "yellow")
    if questions is None and fixed.text is not None:
        session.say("  Left: ids, because no questions file fits (give --split, or --data DIR)", "yellow")
    return [path if fixed.text is None else out]


def _answered(
    session: Session, rows: list[Any], split: str | None, track: Track | None
) -> tuple[tuple[Question, ...] | None, tuple[Track, ...], Edition]:
    """Questions, tracks and edition of a file, as far as its items tell."""
    from cmivqa_kit.submission.match import find, tracks_of

    stated = (track,) if track is not None else ()
    if not rows:
        return None, stated, session.edition
    # Ids alone never make a file one of the embedded corpus; its question texts do, unlike in a score half suffice.
    exact = session.workspace.is_demo and not any(isinstance(row, dict) and "question" in row for row in rows)
    try:
        match = find(rows, session.files, split, track, exact=exact, texts_suffice=True)
    except UserError:
        if split is not None:
            raise
        return None, stated or tracks_of(rows, session.edition), session.edition
    return tuple(match.questions.questions), match.tracks, session.files.edition
