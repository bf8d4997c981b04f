"""`cmivqa compare`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from string import ascii_uppercase
from typing import TYPE_CHECKING, Any, Literal

import click

from cmivqa_kit.cli import render
from cmivqa_kit.cli.choice import CHOSEN, Choice, choice_options, read_choice, resampling_options, scored
from cmivqa_kit.cli.common import PATH, REPEATED, Session, count, finish, options, track_number, words
from cmivqa_kit.cli.scorecard import metric_name
from cmivqa_kit.data.types import Track
from cmivqa_kit.errors import ExitCode, UserError
from cmivqa_kit.runs.provenance import made_by

if TYPE_CHECKING:
    from cmivqa_kit.scoring.card import ScoreCard
    from cmivqa_kit.scoring.statistics.comparison import Comparison, Pair
    from cmivqa_kit.scoring.statistics.paired import Difference

STYLE = {"better": "green", "worse": "red", "open": "yellow"}


@click.command(
    "compare",
    short_help="Tell whether one submission is better than another, or only luckier.",
    epilog="Example: cmivqa compare old.json new.json; cmivqa compare base.json a.json b.json --all-pairs --metric MRR",
)
@click.argument("files", type=PATH, nargs=-1, required=True, metavar="BASELINE FILE...")
@options("data", "split", "truth", "track", "edition", "format")
@choice_options
@click.option("--metric", "metrics", multiple=True, metavar="NAME", help="Compare this one only; may be repeated.")
@click.option("--all-pairs", is_flag=True, help="Compare every file with every other, not only with the first.")
@click.option(
    "--by",
    type=click.Choice(["video", "question"]),
    default="video",
    show_default=True,
    help="What is drawn as one: all questions of a video, or each question (then results look surer than they are).",
)
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
    **flags: Any,
) -> None:
    """Compare submissions with the first one, question by question, on their strict scores.

    Per metric: the difference, its interval (bootstrap over videos), the p-value of a paired randomization test before
    and after Holm's correction for all tests on the track, and on how many questions the second wins, ties and loses.
    Where no difference can be told, the smallest that this split could show. Exit code 0 whoever wins.
    """
    from cmivqa_kit.cli.validate import expand
    from cmivqa_kit.runs.provenance import find_record
    from cmivqa_kit.scoring.statistics.paired import Settings
    from cmivqa_kit.scoring.statistics.tracks import compare_tracks

    session = Session(form, split=split, track=track, truth=truth, only=only, cutoffs=cutoffs, **flags)
    paths = list(expand(files))
    if len(paths) < 2:
        raise UserError(f"{paths[0]}: one file is no comparison", "Name two or more, the baseline first.")
    choice = read_choice(only, cutoffs)
    cards = [_cards(session, path, split, truth, track_number(track), choice) for path in paths]
    settings = Settings(by, resamples, seed, alpha)
    found = compare_tracks(cards, list(map(str, paths)), metrics, settings, all_pairs)
    if fail_if_worse:
        _require_headline(found)
    records = [find_record(path, session.workspace.path("run.directory")) for path in paths]
    if session.json:
        # ``made_by``: per system the record of the run that made it, or null.
        render.as_json([{**comparison.to_dict(), "made_by": records} for comparison in found])
    else:
        for comparison in found:
            _show(session, comparison, records)
        session.next(words("cmivqa", "score", *paths), (*REPEATED, "truth", "split", "track", *CHOSEN))
    finish(ExitCode.FINDINGS if fail_if_worse and any(comparison.worse for comparison in found) else ExitCode.OK)


def _cards(
    session: Session, path: Path, split: str | None, truth: Path | None, track: Track | None, choice: Choice
) -> Sequence[ScoreCard]:
    """The score cards of one submission. Exit code 3 is that of `score` alone: here every fault is 2."""
    from cmivqa_kit.submission.read import read_submission

    document = read_submission(path)
    if not document.readable:
        said = "; ".join(f"{finding.code} {finding.message}" for finding in document.findings)
        raise UserError(f"{path}: cannot be compared: {said}", f"Run: {words('cmivqa', 'validate', path)}")
    try:
        return scored(session, document, split, truth, track, choice).cards
    except UserError as error:
        if error.code != ExitCode.UNREADABLE:
            raise
        raise UserError(error.message, error.fix) from None


def _require_headline(comparisons: Sequence[Comparison]) -> None:
    for comparison in comparisons:
        if any(pair.on(comparison.headline) is None for pair in comparison.pairs):
            raise UserError(
                f"--fail-if-worse judges Track {comparison.track} by {comparison.headline}, which is not compared",
                f"Add --metric {comparison.headline}, or leave out --metric.",
            )


def _show(session: Session, comparison: Comparison, records: Sequence[Mapping[str, Any] | None]) -> None:
    from cmivqa_kit.plugin.settings import name_recipe

    letters = [ascii_uppercase[i] if i < 26 else f"S{i + 1}" for i in range(len(comparison.names))]
    where = f"{count(comparison.questions, 'question')} of {count(comparison.videos, 'video')}"
    session.say(f"Track {comparison.track}, {comparison.split}, strict scores; {where}", "bold")
    for letter, name, record in zip(letters, comparison.names, records, strict=True):
        session.say(f"  {letter}  {name}{'' if record is None else ', ' + made_by(record, name_recipe)}")
    for pair in comparison.pairs:
        _show_pair(session, comparison, pair, letters[pair.a], letters[pair.b])
    metrics = comparison.tests // len(comparison.pairs)
    tests = f"{count(comparison.tests, 'test')} ({count(metrics, 'metric')} x {count(len(comparison.pairs), 'pair')})"
    session.say(f"  p (Holm) is corrected for the {tests} of this track; intervals are not corrected.", "dim")
    for remark in comparison.remarks:
        session.say(f"  {remark}", "yellow")
    session.say(f"  {comparison.signature}", "dim")


def _show_pair(session: Session, comparison: Comparison, pair: Pair, a: str, b: str) -> None:
    level = f"{100 * (1 - comparison.settings.alpha):g}%"
    columns = ["metric", f">{a}", f">{b}", f">{b} - {a}", f">{level} interval", ">p", ">p (Holm)", ">win/tie/loss"]
    session.table("", columns, [_row(found) for found in pair.differences])
    headline = pair.on(comparison.headline)
    if headline is not None:
        session.say(comparison.conclusion(pair), STYLE[headline.verdict])


def _row(difference: Difference) -> list[str]:
    interval, scale = difference.interval, difference.scale
    ends = (
        "none"
        if interval.low is None or interval.high is None
        else f"{scale.digits(interval.low, signed=True)} to {scale.text(interval.high, signed=True)}"
    )
    return [
        metric_name(difference.metric, scale),
        scale.text(difference.a),
        scale.text(difference.b),
        scale.text(difference.difference, signed=True),
        ends,
        _p(difference.p),
        _p(difference.p_holm),
        f"{difference.wins}/{difference.ties}/{difference.losses}",
    ]


def _p(p: float) -> str:
    return "<0.0001" if p < 0.0001 else f"{p:.4f}"
