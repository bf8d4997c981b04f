"""`cmivqa validate --fix OUT`: a mended copy, what was done to it, and what was not."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from cmivqa_kit.cli.common import PATH, Session, options, words
from cmivqa_kit.cli.streaming import STREAMED, stream
from cmivqa_kit.errors import UserError

if TYPE_CHECKING:
    from cmivqa_kit.entries.entry import Entry
    from cmivqa_kit.entries.ground import OpenGround

Command = TypeVar("Command", bound=Callable[..., Any])
EXAMPLES = 3  # places shown per kind of change


def fix_options(command: Command) -> Command:
    """Add ``--fix OUT`` (parameter ``fix_out``), ``--unit`` and ``--force``."""
    mended = click.option(
        "--fix",
        "fix_out",
        type=PATH,
        metavar="OUT",
        help="Write a mended copy to OUT (-: standard output) and check that; guesses nothing.",
    )
    unit = click.option(
        "--unit",
        metavar="UNIT",
        help="With --fix: what the times are in, to be made seconds: ms, fraction (of the video), frames=FPS.",
    )
    return mended(unit(options("force")(command)))


def check_unit(unit: str | None, out: Path | None) -> None:
    """Refuse ``--unit`` without ``--fix``, and a unit that is none.

    Raises:
        click.UsageError: one of them.
    """
    from cmivqa_kit.submission.units import NAMES, read_unit

    if unit is None:
        return
    try:
        read_unit(unit)
    except UserError:
        raise click.UsageError(f"--unit {unit!r} is no unit of time that is known: give {NAMES}.") from None
    if out is None:
        raise click.UsageError("--unit says what --fix OUT converts from: give --fix OUT too.")


def next_fix(entry: Entry) -> str | None:
    """The command that mends the file, where it can be mended, without the flags that no workspace remembers."""
    from cmivqa_kit.entries.files import STANDARD_INPUT
    from cmivqa_kit.entries.mending import mendable, mends

    report = entry.report
    if entry.path == STANDARD_INPUT:
        return None
    if report.unit is not None:
        return words(*_fix(entry.path), "--unit", report.unit)
    return words(*_fix(entry.path)) if not report.ok and mendable(report.counts) and mends(entry) else None


def _fix(path: Path) -> tuple[object, ...]:
    """The command without flags: the copy lies beside the file, or here where that folder cannot be written."""
    folder = path.parent if os.access(path.parent, os.W_OK) else Path()
    stem, number = path.name.split(".")[0] or "submission", 1
    out = folder / f"{stem}_fixed.json"
    while out.exists():
        number += 1
        out = folder / f"{stem}_fixed{number}.json"
    return "cmivqa", "validate", path, "--fix", out


def run_fix(
    session: Session,
    ground: OpenGround,
    paths: Sequence[Path],
    out: Path,
    force: bool,
    unit: str | None,
    streamed: bool = False,
) -> list[Path]:
    """Mend the one file of ``paths`` into ``out``, say what was done, and give the file that is to be validated.

    ``streamed``: the copy goes to standard output too.

    Raises:
        UserError: several files; ``out`` is the input, or exists without ``force``; a file cannot be read or written.
    """
    from cmivqa_kit.entries.mending import mend_entry
    from cmivqa_kit.submission.fix import show, show_refused

    if len(paths) != 1:
        raise UserError(f"--fix mends one file, {len(paths)} are given", "Mend them one by one.")
    (path,) = paths
    mended = mend_entry(path, out, ground, force, unit)
    fixed = mended.fixed
    if fixed.text is None:
        session.say(f"{path}: cannot be mended; nothing was written", "red")
    else:
        if streamed:
            stream(out)
        target = STREAMED if streamed else out
        done = f"mended into {target}" if fixed.changes else f"nothing to mend; copied to {target}"
        session.say(f"{path}: {done}", "green")
    for line in show(fixed.changes, EXAMPLES):
        session.say(f"  {line}")
    for line in show_refused(fixed.refused, EXAMPLES):
        session.say(f"  Left: {line}", "yellow")
    if not mended.by_questions and fixed.text is not None:
        session.say("  Left: ids, because no questions file fits (give --split, or --data DIR)", "yellow")
    return [mended.path]
