"""Whom a file is for: what tells answers that organizers hold says so, and `--public` leaves them out."""

from __future__ import annotations

from pathlib import Path

import click

public_option = click.option(
    "--public",
    is_flag=True,
    help="Leave the right videos and spans out of what is written, so that a team may have it.",
)


def organizers_only(path: Path) -> str:
    """What is said of a file that tells answers which organizers hold."""
    return f"{path}: for organizers only, the answers of a held split can be told from it; --public writes it without"
