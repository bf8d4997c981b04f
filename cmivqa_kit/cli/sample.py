"""`cmivqa sample`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from cmivqa_kit.cli.common import Session, options, track_number, words
from cmivqa_kit.output_paths import require_writable


@click.command(
    "sample",
    short_help="Write a valid template for your own model's answers.",
    epilog="Example: cmivqa sample --track 1 --split dev --out mine.json",
)
@options("data", "split", "track", "edition", "out", "force")
def command(split: str | None, track: str | None, out: Path | None, force: bool, **flags: Any) -> None:
    """Write a submission file that is valid but answers nothing: your model's answers go into its place.

    From Python: cmivqa_kit.submission.write(rows, split, track, path) writes (question id, [(video id, start, end),
    ...]) rows in the organizers' format.
    """
    from cmivqa_kit.data.corpus import load_split
    from cmivqa_kit.submission.sample import write_sample

    session = Session(**flags)
    number = track_number(track) or 3
    path = out or Path(f"sample_track{number}.json")
    require_writable(path, force, fix="Give --out FILE for another name, or --force to replace it.")
    opened = load_split(session.files, split or "testA", number)
    write_sample(opened, number, path)
    session.say(f"Template with {len(opened.questions)} questions of {opened.name} for Track {number}: {path}")
    session.next(words("cmivqa", "validate", path))
