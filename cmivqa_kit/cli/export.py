"""`cmivqa export ...`: the sub-commands are imported when they are called."""

from __future__ import annotations

import click

from cmivqa_kit.cli.lazy_group import LazyGroup

HELP = "Submissions in the formats of others (TREC, MedVidQA, TVR); the challenge as a bundle for Codabench."
# name -> module; the order is that of the help.
SUBCOMMANDS: dict[str, str] = {
    "trec": "cmivqa_kit.cli.export_trec",
    "medvidqa": "cmivqa_kit.cli.export_medvidqa",
    "tvr": "cmivqa_kit.cli.export_tvr",
    "codabench": "cmivqa_kit.cli.export_codabench",
}


@click.command(
    "export",
    cls=LazyGroup,
    modules=SUBCOMMANDS,
    short_help=HELP,
    epilog="Example: cmivqa export trec submission.json --out trec",
)
def command() -> None:
    """Write a submission and its answers in the formats of others, so that their programs give their numbers, or the
    challenge itself as a bundle for Codabench.

    What tells answers that organizers hold is named.
    """
