"""`cmivqa compare`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from string import ascii_uppercase
from typing import TYPE_CHECKING, Any, Literal

import click

from cmivqa_kit.cli import render
from cmivqa_kit.cli.choice import CHOSEN, choice_options, read_choice, resampling_options
from cmivqa_kit.cli.common import PATH, REPEATED, Session, finish, options, words
from cmivqa_kit.data.display import count
from cmivqa_kit.errors import ExitCode, UserError
from cmivqa_kit.runs.provenance import made_by
from cmivqa_kit.scoring.card_text import metric_name

if TYPE_CHECKING:
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
            _show(session, comparison, records)
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
