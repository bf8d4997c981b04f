"""`cmivqa leaderboard show`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cmivqa_kit.cli import render
from cmivqa_kit.cli.choice import resampling_options
from cmivqa_kit.cli.common import PATH, Session, options, track_number
from cmivqa_kit.cli.leaderboard import submissions_of
from cmivqa_kit.files import no_collector

if TYPE_CHECKING:
    from cmivqa_kit.leaderboard.board import PerTeam


@click.command(
    "show",
    short_help="Validate, score and rank the entries of a folder: one board per track.",
    epilog="Example: cmivqa leaderboard show; cmivqa leaderboard show submissions/ --truth answers.json --format json",
)
@click.argument("folder", type=PATH, required=False, metavar="[DIR]")
@click.option(
    "--truth", "truths", type=PATH, multiple=True, metavar="FILE",
    help="Answer file; may be repeated, one for each track. Without: the answers of the data root.",
)  # fmt: skip
@options("data", "split", "track", "edition", "encoding")
@click.option(
    "--per-team", type=click.Choice(["best", "last", "all"]), default="best", show_default=True,
    help="Which runs of a team are ranked.",
)  # fmt: skip
@click.option("--public", is_flag=True, help="Round every number as boards show it, so that everybody may have it.")
@resampling_options("Bootstrap resamples, and exchanges of a paired test at least.", "Seed of both.")
@click.option(
    "--format", "form", type=click.Choice(["table", "json", "markdown"]), default="table", metavar="NAME",
    help="table, json or markdown.",
)  # fmt: skip
def command(
    folder: Path | None,
    truths: tuple[Path, ...],
    split: str | None,
    track: str | None,
    per_team: PerTeam,
    public: bool,
    resamples: int,
    seed: int,
    form: str,
    **flags: Any,
) -> None:
    """Validate, score and rank the entries in DIR (default: the workspace's submissions/), one board per track.

    Ranks are those of the official score, equal values sharing one; intervals and tie groups are of the strict score:
    entries of one group cannot be told from its first on this split. An entry that the official program would crash
    on stands unranked with what it would say of the rest; baselines, late entries and those over their team's limit
    stand unranked; invalid entries, and those that answer another split or edition, are listed with the reason. Each
    file is scored once: results are kept in the user's cache.
    """
    from cmivqa_kit.cli.leaderboard_view import next_step, show_boards
    from cmivqa_kit.data.types import TRACKS
    from cmivqa_kit.leaderboard.boards import board_of
    from cmivqa_kit.leaderboard.markdown import markdown
    from cmivqa_kit.leaderboard.public import for_everybody
    from cmivqa_kit.scoring.statistics.bootstrap import Resampling

    session = Session("text" if form == "table" else "json", split=split, **flags)
    ground = session.ground(resampling=Resampling(resamples, seed), encoding=flags.get("encoding"))
    wanted = track_number(track)
    chosen = submissions_of(session) if folder is None else folder
    with render.bar(render.console(stderr=True)) as (bar, job), no_collector():

        def progress(done: int, total: int) -> None:
            bar.update(job, description="entries", completed=done, total=total)

        boards = board_of(
            chosen, ground, truths, TRACKS if wanted is None else (wanted,), per_team, progress, session.say
        )
    if public:
        boards = [for_everybody(board) for board in boards]
    if form == "json":
        render.as_json(
            {
                "boards": [board.to_dict() for board in boards],
                "unplaced": [row.to_dict() for board in boards[:1] for row in board.unplaced],
                "problems": [
                    {"path": problem.location, "problem": problem.message}
                    for board in boards[:1]
                    for problem in board.problems
                ],
            }
        )
    elif form == "markdown":
        click.echo(markdown(boards), nl=False)
    else:
        show_boards(session, boards)
        next_step(session, boards, truths)

