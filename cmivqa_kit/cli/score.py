"""`cmivqa score`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cmivqa_kit.cli import render
from cmivqa_kit.cli.audience import organizers_only, public_option
from cmivqa_kit.cli.choice import CHOSEN, choice_options, read_choice, resampling_options
from cmivqa_kit.cli.common import PATH, REPEATED, Session, error_of_each, files_of, finish, options, words
from cmivqa_kit.cli.published import published_name, published_options
from cmivqa_kit.data.display import count
from cmivqa_kit.errors import ExitCode, UserError
from cmivqa_kit.files import no_collector

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cmivqa_kit.entries import Entry


@click.command(
    "score",
    short_help="Score submission files: official and strict numbers, and why they differ.",
    epilog="Example: cmivqa score submission.json; cmivqa score entries/ --truth answers.json --per-question rows.csv",
)
@click.argument("files", type=PATH, nargs=-1, required=True, metavar="FILE...")
@options("data", "split", "truth", "track", "edition", "encoding")
@choice_options
@click.option("--raw", is_flag=True, help="The official program's own units beside, unrounded (Track 1: percent).")
@click.option(
    "--per-question", type=PATH, metavar="FILE", help="Write the values of every question to FILE: .jsonl or .csv."
)
@public_option
@options("force")
@click.option("--no-intervals", is_flag=True, help="Leave out the 95% intervals.")
@resampling_options("Bootstrap resamples for the intervals.", "Seed of the resamples.")
@published_options
@click.option("-v", "--verbose", is_flag=True, help="With several files: the whole card of each, before the table.")
@options("format")
def command(
    files: tuple[Path, ...],
    split: str | None,
    truth: Path | None,
    track: str | None,
    only: str | None,
    cutoffs: str | None,
    raw: bool,
    per_question: Path | None,
    public: bool,
    force: bool,
    no_intervals: bool,
    resamples: int,
    seed: int,
    published: str | None,
    preset: str | None,
    verbose: bool,
    form: str,
    **flags: Any,
) -> None:
    """Score submission files, or every .json file of a folder: the official numbers, bit for bit, and strict ones.

    Both are fractions, the board's scale. Strict scores count a repeated video once and a question answered twice as
    not answered, and every mean is over all questions; where the two differ, it is said why and on which questions.
    Intervals are of the strict scores, resampled by video. The split is worked out from ids and question texts; a 2023
    corpus file is scored for Tracks 2 and 3. With --truth FILE the answers come from that file, with --published NAME
    a baseline's published figures stand beside. A file may be a zip or gz with one submission in it, or - for
    standard input. Several files: one table. Exit code 3 when a file is unreadable or the official program would
    crash.
    """
    from cmivqa_kit.cli.perquestion import check_target, tells_answers, write_rows
    from cmivqa_kit.cli.scorecard import Look, show_file
    from cmivqa_kit.cli.scoretable import show_table
    from cmivqa_kit.entries.entry import open_entry
    from cmivqa_kit.scoring.statistics.bootstrap import Resampling

    session = Session(form, split=split, truth=truth, track=track, only=only, cutoffs=cutoffs, **flags)
    ground = session.ground(
        options=read_choice(only, cutoffs),
        resampling=None if no_intervals else Resampling(resamples, seed),
        published=published_name(published, preset),
        encoding=flags.get("encoding"),
    )
    _ = ground.figures  # a wrong name is refused before anything is read
    paths = files_of(session, files)
    if per_question is not None:
        check_target(per_question, force, [*paths, *([] if truth is None else [truth])])
    look = Look(raw, part=only is not None)
    codes: list[int] = [ExitCode.OK]
    entries: list[Entry] = []
    refused: dict[Path, UserError] = {}
    for path in paths:
        with error_of_each(len(paths), codes), no_collector():  # until the decoded file is gone again
            try:
                entry = open_entry(path, ground)
                if not entry.sound:
                    codes.append(ExitCode.UNREADABLE)
                entry.release()
            except UserError as error:
                refused[path] = error
                raise
            entries.append(entry)
    # Before anything is printed: a reader that leaves takes no file with it.
    rows = 0 if per_question is None else write_rows(per_question, entries, public)
    if session.json:
        render.as_json([entry.to_dict() for entry in entries])
    else:
        for entry in entries if verbose or len(paths) == 1 else ():
            show_file(session, entry, look)
        if len(paths) > 1:
            show_table(session, entries, look, tuple(refused))
    if per_question is not None:
        session.say(f"{per_question}: {count(rows, 'row')}" if rows else f"{per_question}: not written, nothing scored")
        if rows and not public and any(map(tells_answers, entries)):
            session.say(organizers_only(per_question), "yellow")
    _next(session, paths, entries)
    finish(max(codes))


def _next(session: Session, paths: Sequence[Path], entries: Sequence[Entry]) -> None:
    """Compare what can be compared; else look at what is not right; else take the file apart."""
    from cmivqa_kit.cli.scoretable import comparable

    again = (*REPEATED, "split", "truth", "track", *CHOSEN)
    several = comparable(entries)
    sound = [entry for entry in entries if entry.sound and not any(card.strict.error for card in entry.cards)]
    doubtful = next((path for path in paths if path not in {entry.path for entry in sound}), None)
    located = next((entry.path for entry in sound if any(card.track != 2 for card in entry.cards)), None)
    if several:
        session.next(words("cmivqa", "compare", *several), again)
    elif doubtful:
        session.next(words("cmivqa", "validate", doubtful), (*REPEATED, "split", "truth", "track", "encoding"))
    elif located:
        session.next(words("cmivqa", "diagnose", located), again)
    else:
        session.next("cmivqa baselines", ())  # a ranking of videos alone is not taken apart
