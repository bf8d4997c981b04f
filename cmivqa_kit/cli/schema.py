"""`cmivqa schema`."""

from __future__ import annotations

import json
from typing import Any

import click

from cmivqa_kit.cli.common import Session, options, track_number


@click.group(
    "schema",
    short_help="Show the JSON Schema of a submission file.",
    epilog="Example: cmivqa schema show --track 1 --edition mmivqa-2024 > track1.schema.json",
)
def command() -> None:
    """The form of a submission file as JSON Schema (2020-12), one per submission form and track: the contract of
    validate."""


@command.command("show", short_help="Print one schema.", epilog="Example: cmivqa schema show --track 1")
@options("track", "edition")
def show(track: str | None, **flags: Any) -> None:
    """Print the JSON Schema of a track (3 without one, which fits Track 2 too) in the edition that --edition or the
    workspace names.

    What a schema cannot say (ids, texts, durations, videos) only cmivqa validate checks.
    """
    from cmivqa_kit.submission.schema import load_schema

    session = Session(**flags)
    click.echo(json.dumps(load_schema(session.edition, track_number(track) or 3), indent=2))
