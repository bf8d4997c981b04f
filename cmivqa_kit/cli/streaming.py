"""`-` as the output file: the file goes to standard output, every message to standard error."""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from cmivqa_kit.cli import render
from cmivqa_kit.cli.common import Session
from cmivqa_kit.output_paths import STANDARD_OUTPUT

STREAMED = Path("standard output")  # how messages call it


def is_streamed(path: Path | None) -> bool:
    """True for ``-``."""
    return path == STANDARD_OUTPUT


def streamed_file(session: Session, flag: str, name: str) -> Path:
    """Where to write what goes to standard output when it is whole; messages go to standard error from here on.

    Raises:
        click.UsageError: ``--format json`` wants standard output too.
    """
    if session.json:
        raise click.UsageError(f"{flag} - and --format json both want standard output: give {flag} FILE.")
    session.console = render.console(stderr=True)
    home = TemporaryDirectory(prefix="cmivqa-")
    return Path(click.get_current_context().with_resource(home)) / name


def stream(path: Path) -> None:
    """Write a file to standard output, byte for byte."""
    sys.stdout.flush()
    sys.stdout.buffer.write(path.read_bytes())
    sys.stdout.buffer.flush()
