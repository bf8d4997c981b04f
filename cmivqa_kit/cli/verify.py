"""`cmivqa verify`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from cmivqa_kit.cli import render
from cmivqa_kit.cli.common import PATH, Session, finish, options, words
from cmivqa_kit.data.display import count, short_repr
from cmivqa_kit.errors import SHOWN, ExitCode


@click.command(
    "verify",
    short_help="Score a file again and say what differs from its result card.",
    epilog="Example: cmivqa verify card.json submission.json --truth answers.json",
)
@click.argument("card", type=PATH, metavar="CARD")
@click.argument("file", type=PATH, metavar="FILE")
@options("data", "truth", "edition", "encoding", "format")
def command(card: Path, file: Path, truth: Path | None, encoding: str | None, form: str, **flags: Any) -> None:
    """Compute a result card (`score` writes one with --card) again from its file and say everything that differs.

    Edition, split, track, cut-offs and the drawing of intervals are those of the card. Names of files, the machine and
    the seconds may differ; so may the last digits of sums where the card was made by a Python that adds otherwise
    (before or from 3.12). Exit code 1 when anything else does.
    """
    from cmivqa_kit.leaderboard.exports.verification import read_card, verify_card
    from cmivqa_kit.scoring.ids import json_safe

    session = Session(form, truth=truth, **flags)
    verification = verify_card(read_card(card), file, session.ground(encoding=encoding))
    if session.json:
        render.as_json(
            {
                "card": card,
                "file": file,
                "same": verification.same,
                "differences": [
                    {"pointer": each.pointer, "stated": json_safe(each.stated), "computed": json_safe(each.computed)}
                    for each in verification.deviations
                ],
                "remarks": list(verification.remarks),
            }
        )
        finish(ExitCode.OK if verification.same else ExitCode.FINDINGS)
        return
    for remark in verification.remarks:
        session.say(remark, "dim")
    for each in verification.deviations[:SHOWN]:
        stated, computed = short_repr(each.stated), short_repr(each.computed)
        session.say(f"{each.pointer}: {stated} on the card, {computed} computed", "red")
    if len(verification.deviations) > SHOWN:
        session.say(f"... and {len(verification.deviations) - SHOWN} more", "red")
    differences = count(len(verification.deviations), "difference")
    session.say(f"{card}: {'confirmed' if verification.same else differences}", "green" if verification.same else "red")
    session.next(words("cmivqa", "score", file), ("data", "truth", "edition", "encoding"))
    finish(ExitCode.OK if verification.same else ExitCode.FINDINGS)
