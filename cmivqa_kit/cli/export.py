"""`cmivqa export ...`: the sub-commands are imported when they are called."""

from __future__ import annotations

from importlib import import_module

import click

HELP = "Submissions in the formats of others (TREC, MedVidQA, TVR); the challenge as a bundle for Codabench."
# name -> module; the order is that of the help.
SUBCOMMANDS: dict[str, str] = {
    "trec": "cmivqa_kit.cli.export_trec",
    "medvidqa": "cmivqa_kit.cli.export_medvidqa",
    "tvr": "cmivqa_kit.cli.export_tvr",
    "codabench": "cmivqa_kit.cli.export_codabench",
}


class Exports(click.Group):
    """The group of exports."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names, in order."""
        return list(SUBCOMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the module of a sub-command."""
        if cmd_name not in SUBCOMMANDS:
            return None
        command: click.Command = import_module(SUBCOMMANDS[cmd_name]).command
        return command


@click.command("export", cls=Exports, short_help=HELP, epilog="Example: cmivqa export trec submission.json --out trec")
def command() -> None:
    """Write a submission and its answers in the formats of others, so that their programs give their numbers, or the
    challenge itself as a bundle for Codabench.

    What tells answers that organizers hold is named.
    """
