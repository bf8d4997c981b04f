"""`cmivqa leaderboard`: a group whose commands stand in one module each and are imported when they are called."""

from __future__ import annotations

from importlib import import_module

import click

HELP = "The board: check what is printed."
# name -> (module, one-line help); a test compares the help with the command's own.
SUBCOMMANDS: dict[str, tuple[str, str]] = {
    "audit": ("cmivqa_kit.cli.leaderboard_audit", "Check a published board from its printed numbers, without labels."),
}


class Subcommands(click.Group):
    """A group that imports its commands lazily."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Commands in the order of the work."""
        return list(SUBCOMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the module of a command."""
        if cmd_name not in SUBCOMMANDS:
            return None
        command: click.Command = import_module(SUBCOMMANDS[cmd_name][0]).command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of commands, from the table above."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in SUBCOMMANDS.items()])


@click.group("leaderboard", cls=Subcommands, short_help=HELP, epilog="Example: cmivqa leaderboard audit board.csv")
def command() -> None:
    """The board of a challenge."""
