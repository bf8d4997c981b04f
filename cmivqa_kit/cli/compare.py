"""`cmivqa compare`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from cmivqa_kit.cli import render
from cmivqa_kit.cli.choice import CHOSEN, choice_options, comparison_options, read_choice, resampling_options
from cmivqa_kit.cli.common import PATH, REPEATED, Session, finish, options, words
from cmivqa_kit.errors import ExitCode, UserError

if TYPE_CHECKING:
    from cmivqa_kit.scoring.statistics.comparison import Comparison


@click.command(
    "compare",
    short_help="Tell whether one submission is better than another, or only luckier.",
    epilog="Example: cmivqa compare old.json new.json; cmivqa compare base.json a.json b.json --all-pairs --metric MRR",
)
@click.argument("files", type=PATH, nargs=-1, required=True, metavar="BASELINE FILE...")
@options("data", "split", "truth", "track", "edition", "format")
@choice_options
@comparison_options("file", "all questions of a video, or each question (then results look surer than they are)")
@resampling_options("Bootstrap resamples and randomizations.", "Seed of everything random.")
@click.option(
    "--alpha",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    default=0.05,
    show_default=True,
    metavar="P",
    help="Accepted chance of finding a difference where there is none.",
)
@click.option("--fail-if-worse", is_flag=True, help="Exit code 1 if a file is worse than the first, beyond chance.")
@click.option("-v", "--verbose", is_flag=True, help="Every metric of every pair, of however many files.")
def command(
    files: tuple[Path, ...],
    split: str | None,
    truth: Path | None,
    track: str | None,
    only: str | None,
    cutoffs: str | None,
    form: str,
    metrics: tuple[str, ...],
    all_pairs: bool,
    by: Literal["video", "question"],
    resamples: int,
    seed: int,
    alpha: float,
    fail_if_worse: bool,
    verbose: bool,
    **flags: Any,
) -> None:
    """Compare submissions with the first one, question by question, on their strict scores.

    Per metric: the difference, its interval (bootstrap over videos), the p-value of a paired randomization test before
    and after Holm's correction for all tests on the track, and on how many questions the second wins, ties and loses.
    Where no difference can be told, the smallest that this split could show. Of three files or more, first one table of
    all by the metric that ranks them. Exit code 0 whoever wins.
    """
    from cmivqa_kit.cli.comparison_view import show_comparison
    from cmivqa_kit.entries.comparing import compare_entries
    from cmivqa_kit.entries.entry import open_entries
    from cmivqa_kit.scoring.statistics.paired import Settings

    session = Session(form, split=split, track=track, truth=truth, only=only, cutoffs=cutoffs, **flags)
    entries = list(open_entries(files, session.ground(options=read_choice(only, cutoffs))))
    found = compare_entries(entries, metrics, Settings(by, resamples, seed, alpha), all_pairs)
    if fail_if_worse:
        _require_headline(found)
    records = [entry.made_by for entry in entries]
    if session.json:
        # ``made_by``: per system the record of the run that made it, or null.
        render.as_json([{**comparison.to_dict(), "made_by": records} for comparison in found])
    else:
        for comparison in found:
            show_comparison(session, comparison, records, verbose)
        again = (*REPEATED, "truth", "split", "track")
        unsound = [entry.path for entry in entries if not entry.sound]
        if unsound:
            session.next(words("cmivqa", "validate", *unsound), again)
        else:
            session.next(words("cmivqa", "score", *(entry.path for entry in entries)), (*again, *CHOSEN))
    finish(ExitCode.FINDINGS if fail_if_worse and any(comparison.worse for comparison in found) else ExitCode.OK)


def _require_headline(comparisons: Sequence[Comparison]) -> None:
    for comparison in comparisons:
        if any(pair.on(comparison.headline) is None for pair in comparison.pairs):
            raise UserError(
                f"--fail-if-worse judges Track {comparison.track} by {comparison.headline}, which is not compared",
                f"Add --metric {comparison.headline}, or leave out --metric.",
            )
