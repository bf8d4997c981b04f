"""`cmivqa fuse`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cmivqa_kit.cli import render
from cmivqa_kit.cli.choice import resampling_options
from cmivqa_kit.cli.common import PATH, REPEATED, Session, options, words
from cmivqa_kit.data.display import count, tracks_in_words
from cmivqa_kit.errors import UserError

if TYPE_CHECKING:
    from cmivqa_kit.entries.fusion import Fused
    from cmivqa_kit.scoring.statistics.comparison import Comparison, Pair


class _Spreading(click.Command):
    """A command whose ``--fit-on`` takes all names up to the next option, as a shell pattern gives them."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Write ``--fit-on A B`` as ``--fit-on A --fit-on B``."""
        spread: list[str] = []
        within = False
        for word in args:
            if word.startswith("-") and word != "-":
                within = word == "--fit-on"
                spread += [] if within else [word]
            else:
                spread += ["--fit-on", word] if within else [word]
        return super().parse_args(ctx, spread if args[-1:] != ["--fit-on"] else args)


def _weights(context: click.Context, parameter: click.Parameter, text: str | None) -> tuple[float, ...] | None:
    if text is None:
        return None
    try:
        return tuple(map(float, text.split(",")))
    except ValueError:
        raise click.BadParameter("not numbers with commas between, such as 0.7,0.3", context, parameter) from None


@click.command(
    "fuse",
    cls=_Spreading,
    short_help="Fuse submissions into one: reciprocal rank fusion, with weights fitted on dev.",
    epilog="Example: cmivqa fuse a.json b.json --out fused.json; "
    "cmivqa fuse a.json b.json --fit-on dev_a.json dev_b.json --out fused.json",
)
@click.argument("files", type=PATH, nargs=-1, required=True, metavar="FILE...")
@options("out")
@click.option("--weights", callback=_weights, metavar="W,W,...", help="Weights of the files, in their order.")
@click.option(
    "--fit-on", type=PATH, multiple=True, metavar="DEV...",
    help="Submissions of the same systems, in the same order, for a split with answers: weights are fitted there.",
)  # fmt: skip
@click.option(
    "--constant",
    type=click.FloatRange(0),
    default=60.0,
    show_default=True,
    metavar="K",
    help="Added to every rank: the larger, the less the top of one list counts. 60 is the method's own.",
)
@options("data", "split", "truth", "track", "edition", "force")
@resampling_options("Bootstrap resamples for the intervals of the gain.", "Seed of the resamples.")
@options("format")
def command(
    files: tuple[Path, ...],
    out: Path | None,
    weights: tuple[float, ...] | None,
    fit_on: tuple[Path, ...],
    constant: float,
    split: str | None,
    truth: Path | None,
    track: str | None,
    force: bool,
    resamples: int,
    seed: int,
    form: str,
    **flags: Any,
) -> None:
    """Fuse submissions for the same questions into one, by reciprocal rank.

    A video scores the sum of weight / (K + its rank) over the files. Spans of a video that overlap by an IoU of 0.5 are
    one candidate; a video's best one stands where the video does, its others by their own ranks. Of spans that are one,
    and of those of Track 1, the one that overlaps all of them most is taken, its ends averaged with those that agree
    with it. With --fit-on the weights are those that do best on another split with answers. Where answers are at hand,
    the gain over each file with its interval. The result is a submission like any other.
    """
    from cmivqa_kit.entries.fusion.api import fuse, gains
    from cmivqa_kit.scoring.statistics.paired import Settings

    if out is None:
        raise click.UsageError("--out FILE says where to write: the files that are fused are never touched.")
    session = Session(form, split=split, truth=truth, track=track, **flags)
    ground = session.ground()
    # --truth and --split are those of the files, not of what the weights are fitted on.
    own = truth is not None or split is not None
    fit_ground = Session(form, track=track, **flags).ground() if own else ground
    fused = fuse(
        files, out, ground, weights=weights, fit_on=fit_on, fit_ground=fit_ground, constant=constant, force=force
    )
    unknown = ""
    comparisons: list[Comparison] = []
    try:
        comparisons = gains(fused, ground, Settings(resamples=resamples, seed=seed))
    except UserError as error:
        if truth is not None:
            raise
        unknown = error.message.splitlines()[0]
    if session.json:
        render.as_json(_document(fused, comparisons))
        return
    _show(session, fused)
    _show_gains(session, comparisons)
    if unknown:
        session.say(f"The gain is not known: {unknown}.", "yellow")
    session.next(words("cmivqa", "validate", out), (*REPEATED, "split", "track"))


def _show(session: Session, fused: Fused) -> None:
    parts, fitted = fused.parts, fused.fit
    many = f"{count(len(parts.questions), 'question')}, {tracks_in_words(parts.tracks)}"
    session.say(f"{fused.path}: {count(len(parts.files), 'file')} fused, {many}", "green")
    columns = ["file", ">weight", ">answers"]
    answers = [sum(bool(lists[at]) for lists in parts.lists) for at in range(len(parts.files))]
    rows: list[list[str]] = [
        [str(file), f"{weight:.4f}", str(number)]
        for file, weight, number in zip(parts.files, fused.weights, answers, strict=True)
    ]
    if fitted is not None:
        columns.append(f">{fitted.metric} on {fitted.split}")
        rows = [[*row, f"{value:.4f}"] for row, value in zip(rows, fitted.alone, strict=True)]
    session.table("", columns, rows)
    if fitted is not None:
        told = f"{fitted.metric} (strict) with equal weights {fitted.equal:.4f}, with these {fitted.fitted:.4f}"
        session.say(f"Weights fitted on {fitted.split}, {count(fitted.questions, 'question')}: {told}")


def _show_gains(session: Session, comparisons: Sequence[Comparison]) -> None:
    """What fusing gained over each part, on what ranks each track."""
    from cmivqa_kit.cli.comparison_view import ends, p_text

    rows = [
        [str(comparison.track), gain.metric, comparison.names[pair.a], f"{gain.difference:+.4f}", ends(gain),
         p_text(gain.p_holm), gain.verdict if gain.verdict != "open" else "no difference can be told"]
        for comparison in comparisons
        for pair in _with_fused(comparison)
        if (gain := pair.on(comparison.headline)) is not None
    ]  # fmt: skip
    if rows:
        level = f"{100 * (1 - comparisons[0].settings.alpha):g}%"
        columns = ["track", "metric", "over", ">gain", f">{level} interval", ">p (Holm)", "fused is"]
        session.table("Gain over each file (strict)", columns, rows)


def _document(fused: Fused, comparisons: Sequence[Comparison]) -> dict[str, Any]:
    """What ``--format json`` prints."""
    parts = fused.parts
    return {
        "file": str(fused.path),
        "tracks": list(parts.tracks),
        "edition": parts.edition.name,
        "questions": len(parts.questions),
        "constant": fused.constant,
        "parts": [
            {"file": str(file), "weight": weight, "answers": sum(bool(lists[at]) for lists in parts.lists)}
            for at, (file, weight) in enumerate(zip(parts.files, fused.weights, strict=True))
        ],
        "fit": None if fused.fit is None else asdict(fused.fit),
        "gains": [
            {
                "track": comparison.track,
                "part": comparison.names[pair.a],
                "conclusion": comparison.conclusion(pair),
                **gain.to_dict(),
            }
            for comparison in comparisons
            for pair in _with_fused(comparison)
            if (gain := pair.on(comparison.headline)) is not None
        ],
    }


def _with_fused(comparison: Comparison) -> list[Pair]:
    """The pairs of the fused file, which is the last of the systems, with each part."""
    return [pair for pair in comparison.pairs if pair.b == len(comparison.names) - 1]
