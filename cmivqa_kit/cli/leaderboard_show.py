"""`cmivqa leaderboard show`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cmivqa_kit.cli import render
from cmivqa_kit.cli.audience import organizers_only
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
@click.option("--html", type=PATH, metavar="DIR", help="Write the board's page and a page per entry into DIR.")
@click.option(
    "--public/--no-public", default=True, show_default=True,
    help="What everybody may have: numbers rounded as boards show them, findings without their messages.",
)  # fmt: skip
@click.option(
    "--timelines", is_flag=True, help="Link the `diagnose` page of each entry, which shows answers: with --no-public."
)
@options("force")
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
    html: Path | None,
    public: bool,
    timelines: bool,
    force: bool,
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
    file is scored once: results are kept in the user's cache. --html writes pages that need no network and tell no
    answer, in English and Chinese.
    """
    from cmivqa_kit.cli.leaderboard_view import next_step, show_boards
    from cmivqa_kit.data.types import TRACKS
    from cmivqa_kit.leaderboard.boards import boards_on, grounds_for
    from cmivqa_kit.leaderboard.filed import entries_of
    from cmivqa_kit.leaderboard.markdown import markdown
    from cmivqa_kit.leaderboard.public import for_everybody
    from cmivqa_kit.scoring.statistics.bootstrap import Resampling

    session = Session("text" if form == "table" else "json", split=split, **flags)
    ground = session.ground(resampling=Resampling(resamples, seed), encoding=flags.get("encoding"))
    wanted = track_number(track)
    chosen = submissions_of(session) if folder is None else folder
    if timelines and (html is None or public):
        raise click.UsageError("--timelines goes with --html DIR and --no-public: those pages show the answers.")
    if html is not None:
        from cmivqa_kit.leaderboard.page import require_no_pages

        require_no_pages(html, force)
    filed = entries_of(chosen)
    grounds = grounds_for(filed.entries, ground, truths)
    tracks = TRACKS if wanted is None else (wanted,)
    with _progress("entries") as progress, no_collector():
        made = boards_on(filed.entries, grounds, tracks, per_team, progress, session.say)
    boards = [replace(board, problems=filed.problems) for board in made]
    if html is not None:  # before anything is printed: a reader that leaves takes no file with it
        from cmivqa_kit.leaderboard.page.site import write_site

        with _progress("pages") as progress:
            write_site(html, boards, grounds, public, timelines, force, progress)
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
        if html is not None:
            session.say(f"{html / 'index.html'}: open it in a browser; it needs no network")
            if timelines:
                session.say(organizers_only(html).removesuffix("; --public writes it without"), "yellow")
        next_step(session, boards, truths)


@contextmanager
def _progress(noun: str) -> Iterator[Callable[[int, int], None]]:
    """What is told of each file that is done: a bar on standard error, where that is a terminal."""
    out = render.console(stderr=True)
    if not out.is_terminal:
        yield lambda done, total: None
        return
    with render.bar(out) as (bar, job):
        yield lambda done, total: bar.update(job, description=noun, completed=done, total=total)
