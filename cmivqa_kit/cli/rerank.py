"""`cmivqa rerank`."""

from __future__ import annotations

import shlex
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cmivqa_kit.cli import render
from cmivqa_kit.cli.common import PATH, Session, options, words
from cmivqa_kit.cli.cost_view import Speed
from cmivqa_kit.cli.streaming import STREAMED, is_streamed, stream, streamed_file
from cmivqa_kit.data.display import tracks_in_words
from cmivqa_kit.errors import UserError

if TYPE_CHECKING:
    from cmivqa_kit.prediction.rerank import Reranked
    from cmivqa_kit.runs.directory import RunDirectory


@click.command(
    "rerank",
    short_help="Score the lists of a submission anew by a trained re-ranker.",
    epilog="Example: cmivqa rerank submission.json -m q2a --out reranked.json",
)
@click.argument("file", type=PATH, metavar="FILE")
@options("baseline", "run", "out", "data", "split", "track", "edition", "features", "seconds-per-row", "set", "device")
@click.option(
    "--alpha", type=click.FloatRange(0, 1), default=1.0, show_default=True, metavar="N",
    help="Weight of the new scores; the rest goes to the order of FILE.",
)  # fmt: skip
@options("encoding", "force", "trust-remote-code", "format")
def command(
    file: Path,
    baseline: str | None,
    run: Path | None,
    out: Path | None,
    overrides: tuple[str, ...],
    alpha: float,
    force: bool,
    trust_remote_code: bool,
    form: str,
    **flags: Any,
) -> None:
    """Re-rank the lists of a Track 3 submission with the newest finished run that does so.

    FILE may be any system's: it is checked as by validate, and its split is worked out. Candidates keep their videos
    and spans, and change their places alone. Without --out the new file lies beside FILE and is called after it;
    --out - writes it to standard output. A re-ranker is trained by cmivqa train -m NAME, on the lists that a first
    stage gives for the training questions.
    """
    from cmivqa_kit.entries.entry import open_entry
    from cmivqa_kit.neural.trust import trusting_code

    streamed = is_streamed(out)
    session = Session(form, run=run, **flags)
    target = streamed_file(session, "--out", "submission.json") if streamed else out
    opened = _run_of(session, run, baseline)
    target = target or file.with_name(f"{file.name.split('.')[0] or 'submission'}_{opened.baseline}.json")
    entry = open_entry(file, session.ground(encoding=flags.get("encoding")))
    with trusting_code(trust_remote_code):
        made = _rerank(session, entry, opened, target, overrides, alpha, force)
    if streamed:
        stream(target)
        made = replace(made, written=replace(made.written, path=STREAMED))
    _report(session, file, opened, made, streamed)


def _run_of(session: Session, named: Path | None, baseline: str | None) -> RunDirectory:
    """The run that re-ranks: the one that is named, the newest of the baseline that is, else the newest that can."""
    from cmivqa_kit.prediction.run_choice import newest_reranking_run
    from cmivqa_kit.runs.directory import RECORD, open_run

    if named is not None and (named / RECORD).is_file():
        opened = open_run(named)
        if baseline not in (None, opened.baseline):
            raise UserError(
                f"{named}: is a run of {opened.baseline}, not of {baseline}", "Give --run or -m, or a run of that one."
            )
        return opened
    opened = newest_reranking_run(session.workspace.path("run.directory"), baseline)
    session.say(f"Re-ranking with {opened.path}, the newest finished run that does so", "dim")
    return opened


def _rerank(
    session: Session, entry: Any, opened: RunDirectory, out: Path, overrides: tuple[str, ...], alpha: float, force: bool
) -> Reranked:
    from cmivqa_kit.plugin.registry import find_declaration
    from cmivqa_kit.plugin.settings import merge
    from cmivqa_kit.plugin.types import PredictOptions
    from cmivqa_kit.prediction.rerank import rerank

    files, speed = session.files, Speed(session)
    effective = PredictOptions(
        config=merge(opened.config, find_declaration(opened.baseline), overrides),
        limit=files.edition.entries,
        seed=opened.seed,
        device=session.workspace["run.device"],
        report=speed.report,
    )
    command_line = shlex.join(["cmivqa", *sys.argv[1:]])
    with speed.shown():
        return rerank(entry, opened, files, out, effective, alpha, force, speed.answers, command_line)


def _report(session: Session, file: Path, opened: RunDirectory, made: Reranked, streamed: bool) -> None:
    written = made.written
    if session.json:
        render.as_json(
            {
                "run": opened.path,
                "file": file,
                "path": written.path,
                "split": written.split,
                "tracks": written.tracks,
                "questions": written.questions,
                "changed": made.changed,
            }
        )
        return
    session.say(
        f"{written.path}: {written.questions} lists for {tracks_in_words(written.tracks)}, re-ranked by "
        f"{opened.baseline}, run {opened.path}; {made.changed} begin with another candidate"
    )
    if not streamed:
        session.next(words("cmivqa", "compare", file, written.path) if str(file) != "-" else
                     words("cmivqa", "validate", written.path))  # fmt: skip
