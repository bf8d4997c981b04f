"""`cmivqa runs ...`: the group; without a command, the list."""

from __future__ import annotations

from pathlib import Path

import click

from cmivqa_kit.cli.common import Session, options, words
from cmivqa_kit.cli.lazy_group import LazyGroup

HELP = "List the runs; show one with its curves; compare two."
# name -> module, in the order of the work
COMMANDS: dict[str, str] = {"show": "cmivqa_kit.cli.runs_show", "compare": "cmivqa_kit.cli.runs_compare"}


@click.group(
    "runs",
    cls=LazyGroup,
    modules=COMMANDS,
    invoke_without_command=True,
    short_help=HELP,
    epilog="Example: cmivqa runs; cmivqa runs show ccgs-1; cmivqa runs compare ccgs-1 ccgs-2",
)
@options("run", "format")
@click.pass_context
def command(context: click.Context, form: str, run: Path | None) -> None:
    """List the runs, or show or compare some; without a command the list.

    The list has every folder among the runs: baseline, recipe and preset, whether it finished, its best dev score,
    its age, and the splits and tracks it answered.
    """
    if context.invoked_subcommand is not None:
        if run is not None or form != "text":
            raise click.UsageError(f"give --run and --format behind {context.invoked_subcommand}", context)
        return
    from cmivqa_kit.cli import render
    from cmivqa_kit.cli.runs_view import show_runs
    from cmivqa_kit.runs.overview import overview

    session = Session(form, run=run)
    folder = session.workspace.path("run.directory")
    runs, others = overview(folder)
    if session.json:
        render.as_json([*(row.to_dict() for row in runs), *(row.to_dict() for row in others)])
        return
    show_runs(session, folder, runs, others)
    if runs:
        session.next(words("cmivqa", "runs", "show", runs[0].path.name), ("run",))
    else:
        session.next("cmivqa train", ())
