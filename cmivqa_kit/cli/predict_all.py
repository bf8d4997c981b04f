"""`cmivqa predict --all`: every file that the edition hands in, each by what serves its tracks."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cmivqa_kit.cli import render
from cmivqa_kit.cli.common import REPEATED, Session, finish, words
from cmivqa_kit.cli.cost_view import Speed, show_cost
from cmivqa_kit.data.display import tracks_in_words
from cmivqa_kit.errors import ExitCode, UserError
from cmivqa_kit.runs.provenance import behind

if TYPE_CHECKING:
    from cmivqa_kit.data.types import Split
    from cmivqa_kit.prediction.all_tracks import Answering
    from cmivqa_kit.prediction.answer import Part
    from cmivqa_kit.prediction.answer_files import Written
    from cmivqa_kit.runs.processes import Group
    from cmivqa_kit.submission.validate import Report


def refuse_with_all(given: Mapping[str, object]) -> None:
    """Refuse flags that are about one system or one file.

    Args:
        given: values by flag; those that are empty were not given.

    Raises:
        UserError: naming all that were given.
    """
    flags = [flag for flag, value in given.items() if value]
    if flags:
        raise UserError(
            f"--all chooses a system for each file: {', '.join(flags)} cannot stand beside it",
            f"Leave out {'it' if len(flags) == 1 else 'them'}, or answer the tracks one by one with --track N.",
        )


def predict_all(session: Session, split: str, force: bool, sample: int, group: Group) -> None:
    """Answer all tracks, validate the files and say which is which."""
    from cmivqa_kit.prediction.all_tracks import choose
    from cmivqa_kit.prediction.answer import predict_together

    out = session.workspace.path("output.submission")
    chosen = choose(session.files, split, session.workspace.path("run.directory"))
    speed = Speed(session)
    parts = [_part(session, answering, split, out, sample, force, speed, group) for answering in chosen]
    command = shlex.join(["cmivqa", *sys.argv[1:]])
    with speed.shown():
        written = predict_together(parts, force, speed.answers, command, sample)
    if group.main:
        _report(session, split, chosen, written, sample)


def _part(
    session: Session, answering: Answering, split: str, out: Path, sample: int, force: bool, speed: Speed, group: Group
) -> Part:
    from cmivqa_kit.data.corpus import load_split
    from cmivqa_kit.plugin.registry import find_declaration
    from cmivqa_kit.plugin.settings import merge
    from cmivqa_kit.plugin.types import PredictOptions
    from cmivqa_kit.prediction.answer import Part
    from cmivqa_kit.prediction.pairs.pass_options import PassOptions
    from cmivqa_kit.prediction.pipeline import defaults
    from cmivqa_kit.runs.feature_clock import with_clock_of

    def announce(cost: Any, first: Any) -> None:
        show_cost(session, cost, first, group.count)
        speed.start(cost)

    def dev() -> Split | None:
        with suppress(UserError):
            return load_split(files, "dev", 2)
        return None

    run, more = answering.run, defaults() if answering.retriever else {}
    files = with_clock_of(run, session.files)
    options = PredictOptions(
        config=merge(run.config, find_declaration(run.baseline), (), more),
        limit=session.files.edition.entries,
        seed=session.workspace["run.seed"],
        device=session.workspace["run.device"] if group.count == 1 else group.device,
        report=speed.report,
    )
    label = f"-sample{sample}" if sample else ""
    pass_options = PassOptions(
        force=force, label=label, dev=dev, announce=announce, progress=speed.advance, group=group
    )
    return Part(answering.plan(files, split, out), run, options, pass_options, retriever=answering.retriever)


def _report(session: Session, split: str, chosen: Sequence[Answering], written: Sequence[Written], sample: int) -> None:
    """Which file is whose, and whether it is valid; exit code 1 where one is not."""
    from cmivqa_kit.entries.entry import open_entry
    from cmivqa_kit.plugin.settings import name_recipe
    from cmivqa_kit.submission.report_text import brief_line

    ground = session.ground().on(split=split)
    reports = [open_entry(file.path, ground).report for file in written]
    answering = {track: each for each in chosen for track in each.tracks}
    if session.json:
        files = [
            _document(file, answering[file.tracks[0]], report) for file, report in zip(written, reports, strict=True)
        ]
        render.as_json({"files": files})
    for file, report in zip(written, reports, strict=True):
        run = answering[file.tracks[0]].run
        system = behind(name_recipe(run.baseline, run.recipe), file.retriever)
        session.say(f"{tracks_in_words(file.tracks)}: {file.path}, answered by {system}, run {run.path}")
        line = brief_line(report)
        session.say(f"  {line.text}", line.style)
        if file.remark:
            session.say(f"  {file.remark}", "yellow")
    _next(session, split, written, reports, sample)
    finish(ExitCode.OK if sample or all(report.ok for report in reports) else ExitCode.FINDINGS)


def _document(file: Written, answering: Answering, report: Report) -> dict[str, Any]:
    return {
        "path": file.path,
        "tracks": file.tracks,
        "questions": file.questions,
        "remark": file.remark or None,
        "retriever": file.retriever or None,
        "baseline": answering.run.baseline,
        "run": answering.run.path,
        "valid": report.ok,
        "errors": report.errors,
        "warnings": report.warnings,
    }


def _next(session: Session, split: str, written: Sequence[Written], reports: Sequence[Report], sample: int) -> None:
    """Mend what is not valid, score what can be scored; else what is ready is handed in."""
    paths, again = [file.path for file in written], (*REPEATED, "split")
    bad = [report.path for report in reports if not report.ok]
    if bad:
        if sample:
            session.say("A sample of the questions is no submission: the others are missing.")
        session.next(words("cmivqa", "validate", *bad), again)
    elif all(session.files.scorable(file.split, track) for file in written for track in file.tracks):
        session.next(words("cmivqa", "score", *paths), again)
    else:
        session.say(f"Ready to hand in: the organizers hold the answers of {split}.")
        session.next(words("cmivqa", "validate", *paths), again)
