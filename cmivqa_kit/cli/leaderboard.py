"""`cmivqa leaderboard ...`: the group, whose commands are imported when they are called."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cmivqa_kit.cli.lazy_group import LazyGroup

if TYPE_CHECKING:
    from cmivqa_kit.cli.common import Session

HELP = "Take in entries, rank them and show the board."
SUBMISSIONS = "submissions"  # the folder of the workspace where entries are filed
# name -> module, in the order of the work
COMMANDS: dict[str, str] = {
    "add": "cmivqa_kit.cli.leaderboard_add",
    "show": "cmivqa_kit.cli.leaderboard_show",
    "audit": "cmivqa_kit.cli.leaderboard_audit",
}


def submissions_of(session: Session) -> Path:
    """Where entries are filed: in the workspace, else here."""
    from cmivqa_kit.workspace import relative_path

    file = session.workspace.file
    return Path(SUBMISSIONS) if file is None else relative_path(file.parent) / SUBMISSIONS


@click.group(
    "leaderboard",
    cls=LazyGroup,
    modules=COMMANDS,
    invoke_without_command=True,
    short_help=HELP,
    epilog="Example: cmivqa leaderboard add submission.json --team WAN; cmivqa leaderboard",
)
@click.pass_context
def command(context: click.Context) -> None:
    """Take in entries, rank them and show the board; without a command the boards of the workspace's submissions/."""
    if context.invoked_subcommand is None:
        context.invoke(import_module(COMMANDS["show"]).command)
