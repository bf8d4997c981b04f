"""`cmivqa score`."""

from __future__ import annotations

import time
from dataclasses import dataclass
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
    from cmivqa_kit.scoring.card import ScoreCard


@dataclass(frozen=True, slots=True)
class Diagnosable:
    """A file that `diagnose` takes; ``scored``: on the track that was scored, else on another."""

    path: Path
    scored: bool


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
@click.option("--card", type=PATH, metavar="FILE", help="Write a result card to FILE (.json), which `verify` checks.")
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
    card: Path | None,
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
    from cmivqa_kit.cli.score_card_file import require_card, write_card
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
    if card is not None:
        require_card(card, force, paths, [] if truth is None else [truth], only)
    begun = time.perf_counter(), time.process_time()
    look = Look(raw, part=only is not None)
    codes: list[int] = [ExitCode.OK]
    entries: list[Entry] = []
    refused: list[Path] = []
    diagnosable: Diagnosable | None = None
    carded = False
    for path in paths:
        with error_of_each(len(paths), codes), no_collector():  # until the decoded file is gone again
            try:
                entry = open_entry(path, ground)
                if not entry.sound:
                    codes.append(ExitCode.UNREADABLE)
                if diagnosable is None and not session.json:
                    diagnosable = _to_diagnose(entry)
                if card is not None:
                    _ = [score.intervals for score in entry.scores]
                    wall, processor = time.perf_counter() - begun[0], time.process_time() - begun[1]
                    carded = write_card(card, entry, {"wall": wall, "processor": processor})
                entry.release()
            except UserError:
                refused.append(path)
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
            show_table(session, entries, look, refused)
    if per_question is not None:
        session.say(f"{per_question}: {count(rows, 'row')}" if rows else f"{per_question}: not written, nothing scored")
        if rows and not public and any(map(tells_answers, entries)):
            session.say(organizers_only(per_question), "yellow")
    if card is not None:
        session.say(f"{card}: result card" if carded else f"{card}: not written, nothing scored")
    _next(session, paths, entries, diagnosable)
    finish(max(codes))


def _says_nothing(card: ScoreCard) -> bool:
    """True where strict scoring refuses the file, or finds spans or lists that are none and not one right answer."""
    value = card.strict.metrics.get(card.headline)
    return bool(card.strict.error) or (card.counts["invalid_entries"] > 0 and not value)


def _to_diagnose(entry: Entry) -> Diagnosable | None:
    """The entry as `diagnose` would take it; asked while the decoded file is at hand."""
    from cmivqa_kit.diagnosis.possible import track_to_diagnose

    track = track_to_diagnose(entry) if _is_sound(entry) else None
    return None if track is None else Diagnosable(entry.path, any(card.track == track for card in entry.cards))


def _is_sound(entry: Entry) -> bool:
    return entry.sound and not any(map(_says_nothing, entry.cards))


def _next(session: Session, paths: Sequence[Path], entries: Sequence[Entry], diagnosable: Diagnosable | None) -> None:
    """Compare what can be compared; else look at what is not right; else take the file apart, or look at it again."""
    from cmivqa_kit.cli.scoretable import comparable

    again = (*REPEATED, "split", "truth", "track", *CHOSEN)
    several = comparable(entries)
    sound = {entry.path for entry in entries if _is_sound(entry)}
    doubtful = next((path for path in paths if path not in sound), None)
    if several:
        session.next(words("cmivqa", "compare", *several), again)
    elif diagnosable is not None and doubtful is None:
        # A 2023 corpus file scored for Track 2 is diagnosed as the Track 3 file that it is too.
        session.next(
            words("cmivqa", "diagnose", diagnosable.path),
            again if diagnosable.scored else tuple(name for name in again if name != "track"),
        )
    else:
        session.next(
            words("cmivqa", "validate", doubtful or paths[0]), (*REPEATED, "split", "truth", "track", "encoding")
        )
