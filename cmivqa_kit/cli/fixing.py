"""`cmivqa validate --fix OUT`: a mended copy, what was done to it, and what was not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from cmivqa_kit.cli.common import PATH, Session, options
from cmivqa_kit.errors import UserError

if TYPE_CHECKING:
    from cmivqa_kit.entries.ground import OpenGround

Command = TypeVar("Command", bound=Callable[..., Any])
EXAMPLES = 3  # places shown per kind of change


def fix_options(command: Command) -> Command:
    """Add ``--fix OUT`` (parameter ``fix_out``) and ``--force``."""
    mended = click.option(
        "--fix", "fix_out", type=PATH, metavar="OUT", help="Write a mended copy to OUT and check that; guesses nothing."
    )
    return mended(options("force")(command))


def run_fix(session: Session, ground: OpenGround, paths: Sequence[Path], out: Path, force: bool) -> list[Path]:
    """Mend the one file of ``paths`` into ``out``, say what was done, and give the file that is to be validated.

    Raises:
        UserError: several files; ``out`` is the input, or exists without ``force``; a file cannot be read or written.
    """
    from cmivqa_kit.entries.mending import mend_entry
    from cmivqa_kit.submission.fix import show, show_refused

    if len(paths) != 1:
        raise UserError(f"--fix mends one file, {len(paths)} are given", "Mend them one by one.")
    (path,) = paths
    mended = mend_entry(path, out, ground, force)
    fixed = mended.fixed
    if fixed.text is None:
        session.say(f"{path}: cannot be mended; nothing was written", "red")
    else:
        done = f"mended into {out}" if fixed.changes else f"nothing to mend; copied to {out}"
        session.say(f"{path}: {done}", "green")
    for line in show(fixed.changes, EXAMPLES):
        session.say(f"  {line}")
    for line in show_refused(fixed.refused, EXAMPLES):
        session.say(f"  Left: {line}", "yellow")
    if not mended.by_questions and fixed.text is not None:
        session.say("  Left: ids, because no questions file fits (give --split, or --data DIR)", "yellow")
    return [mended.path]
