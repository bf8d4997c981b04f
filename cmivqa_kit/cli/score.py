"""`cmivqa score`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cmivqa_kit.cli import render
from cmivqa_kit.cli.choice import CHOSEN, Choice, choice_options, read_choice, resampling_options, scored
from cmivqa_kit.cli.common import PATH, REPEATED, Session, count, finish, one_of, options, track_number, words
from cmivqa_kit.cli.published import beside, published_as, published_name, published_options
from cmivqa_kit.data.types import Track
from cmivqa_kit.errors import ExitCode
from cmivqa_kit.files import no_collector

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cmivqa_kit.cli.entry import Entry, Resampling
    from cmivqa_kit.plugin.published_figures import Figure


@click.command(
    "score",
    short_help="Score submission files: official and strict numbers, and why they differ.",
    epilog="Example: cmivqa score submission.json; cmivqa score entries/ --truth answers.json --per-question rows.csv",
)
@click.argument("files", type=PATH, nargs=-1, required=True, metavar="FILE...")
@options("data", "split", "truth", "track", "edition")
@choice_options
@click.option("--raw", is_flag=True, help="The official program's own units beside, unrounded (Track 1: percent).")
@click.option(
    "--per-question", type=PATH, metavar="FILE", help="Write the values of every question to FILE: .jsonl or .csv."
)
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
    a baseline's published figures stand beside. Several files: one table. Exit code 3 when a file is unreadable or the
    official program would crash.
    """
    from cmivqa_kit.cli.entry import Resampling
    from cmivqa_kit.cli.perquestion import check_target, write_rows
    from cmivqa_kit.cli.scorecard import Look, show_file
    from cmivqa_kit.cli.scoretable import show_table
    from cmivqa_kit.cli.validate import expand

    session = Session(form, split=split, truth=truth, track=track, only=only, cutoffs=cutoffs, **flags)
    system = published_name(published, preset)
    figures = published_as(system)
    choice = read_choice(only, cutoffs)
    paths = list(expand(files))
    if per_question is not None:
        check_target(per_question, force, [*paths, *([] if truth is None else [truth])])
    resampling = None if no_intervals else Resampling(resamples, seed)
    look = Look(raw, part=only is not None)
    codes: list[int] = [ExitCode.OK]
    entries: list[Entry] = []
    for path in paths:
        with one_of(len(paths), codes):
            one = _judge(session, path, split, truth, track_number(track), choice, resampling, (system, figures))
            entries.append(one)
            if not one.sound:
                codes.append(ExitCode.UNREADABLE)
            if not session.json and (verbose or len(paths) == 1):
                show_file(session, one, look)
    if session.json:
        render.as_json([one.to_dict() for one in entries])
    elif len(paths) > 1:
        show_table(session, entries, look)
    if per_question is not None:
        rows = write_rows(per_question, entries)
        session.say(f"{per_question}: {count(rows, 'row')}" if rows else f"{per_question}: not written, nothing scored")
    _next(session, paths, entries)
    finish(max(codes))


@no_collector()
def _judge(
    session: Session,
    path: Path,
    split: str | None,
    truth: Path | None,
    track: Track | None,
    choice: Choice,
    resampling: Resampling | None,
    published: tuple[str | None, Sequence[Figure]],
) -> Entry:
    from cmivqa_kit.cli.entry import Entry, estimate
    from cmivqa_kit.runs.provenance import find_record
    from cmivqa_kit.submission.read import read_submission

    document = read_submission(path)
    made_by = find_record(path, session.workspace.path("run.directory"))
    if not document.readable or (not document.rows and track is None):
        # Nothing that could be matched with answers; the findings say why.
        return Entry(path, document.findings, None, (), made_by)
    found = scored(session, document, split, truth, track, choice)
    edition = (session.files.edition if truth is None else session.edition).name
    figures = beside(*published, found.cards, edition)
    scores = [estimate(card, resampling, one) for card, one in zip(found.cards, figures, strict=True)]
    return Entry(path, document.findings, found.truth, scores, made_by)


def _next(session: Session, paths: Sequence[Path], entries: Sequence[Entry]) -> None:
    """Compare what can be compared; else look at what is not right; else at what else there is."""
    from cmivqa_kit.cli.scoretable import comparable

    several = comparable(entries)
    sound = {one.path for one in entries if one.sound}
    doubtful = next((path for path in paths if path not in sound), None)
    if several:
        session.next(words("cmivqa", "compare", *several), (*REPEATED, "split", "truth", "track", *CHOSEN))
    elif doubtful:
        session.next(words("cmivqa", "validate", doubtful), (*REPEATED, "split", "track"))
    else:
        session.next("cmivqa baselines", ())
