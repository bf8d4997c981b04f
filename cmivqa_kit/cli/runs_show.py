"""`cmivqa runs show`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from cmivqa_kit.cli import completion, render
from cmivqa_kit.cli.common import Session, options, permission_for, words
from cmivqa_kit.cli.curve_view import BLOCKS, curve
from cmivqa_kit.cli.runs_view import age, dev_text, difference_rows, lasting
from cmivqa_kit.data.display import count, tracks_in_words
from cmivqa_kit.errors import UserError
from cmivqa_kit.runs.training_log import LOG, LOSS, TrainingLog, read_log

if TYPE_CHECKING:
    from cmivqa_kit.runs.overview import RunOverview
    from cmivqa_kit.runs.settings import SettingDifference


@click.command(
    "show",
    short_help="Show a run: curves of loss and dev score, settings, data, what it answered.",
    epilog="Example: cmivqa runs show ccgs-1; cmivqa runs show runs/ccgs-1 --format json",
)
@click.argument("name", metavar="RUN", shell_complete=completion.run_names)
@options("run", "format")
def command(name: str, form: str, run: Path | None) -> None:
    """Show a run by its name among the runs, or by its folder.

    The curves of the loss and of the dev metric that decides over the optimizer steps (ASCII where the console has no
    block characters), the settings that differ from the preset's, the data, the encoder, and the files it answered.
    """
    from cmivqa_kit.plugin.run_settings import changed_settings
    from cmivqa_kit.runs.overview import overview_named

    session = Session(form, run=run)
    row = overview_named(session.workspace.path("run.directory"), name)
    log = read_log(row.path)
    changed: tuple[SettingDifference, ...] | None = None
    remark = ""
    try:
        changed = changed_settings(row.run, row.preset)
    except UserError as error:  # not installed here
        remark = error.message
    encoder = row.run.config.get("encoder", {}).get("name")
    if session.json:
        render.as_json(
            {
                **row.to_dict(),
                "data": row.data,
                "encoder": None if encoder is None else str(encoder),
                "changed": None if changed is None else [one.to_dict() for one in changed],
                "remark": remark or None,
                "curves": log.curves,
                "damaged_lines": log.damaged,
            }
        )
        return
    _show_facts(session, row, encoder)
    _show_curves(session, log, row.dev.metric if row.dev else "")
    usual = f"preset {row.preset}" if row.preset else f"recipe {row.run.recipe}"
    if changed:
        columns = ["setting", usual, "this run"]
        session.table(f"Settings that differ from those of {usual}", columns, difference_rows(changed))
    elif changed is not None:
        session.say(f"Settings: those of {usual}")
    else:
        session.say(f"Whether settings differ from those of {usual} is not known: {remark}", "yellow")
    if row.answered:
        rows = [
            [file.path.name, file.split, ", ".join(map(str, file.tracks)), file.retriever or "-"]
            for file in row.answered
        ]
        session.table(f"Answered (in {row.answered[0].path.parent})", ["file", "split", "tracks", "behind"], rows)
    _next(session, row)


def _show_facts(session: Session, row: RunOverview, encoder: object) -> None:
    """What stands in the record."""
    from cmivqa_kit.plugin.registry import find_declaration
    from cmivqa_kit.plugin.settings import name_recipe

    run = row.run
    time = "" if age(row) == "-" else f" {age(row)} ago" if row.ended else f", begun {age(row)} ago"
    took = f", took {lasting((row.ended - row.begun).total_seconds())}" if row.ended and row.begun else ""
    session.say(f"{row.path}: {name_recipe(run.baseline, run.recipe)}, {row.state}{time}{took}", "bold")
    serves = ""
    try:
        serves = f"; {run.baseline} serves {tracks_in_words(find_declaration(run.baseline).tracks)}"
    except UserError:
        serves = f"; {run.baseline} is not installed here"
    data = row.data
    questions = data.get("questions")
    amount = f", {data.get('used', questions)} of {questions} questions" if questions is not None else ""
    kind = "Benchmark" if row.benchmark else "Data"
    named = f"{data.get('name', 'not recorded')}{', ' + str(data['split']) if 'split' in data else ''}{amount}"
    session.say(f"  {kind}: {named}")
    session.say(f"  Preset: {row.preset or 'none'}; seed {run.seed}{serves}")
    if encoder is not None:
        session.say(f"  Encoder: {encoder}")
    if row.dev is not None:
        session.say(f"  Best on dev: {dev_text(row.dev)}" if row.dev.best is not None else "  No dev split was used.")


def _show_curves(session: Session, log: TrainingLog, deciding: str) -> None:
    """The loss, and the dev metric that decides."""
    plain = not _has_blocks(session)
    metric = log.deciding(deciding)
    titles = {LOSS: "Loss", **({metric: f"{metric} on dev"} if metric else {})}
    for name, title in titles.items():
        if points := log.curves.get(name):
            session.say(f"{title}: {points[0][1]:.4g} to {points[-1][1]:.4g}", "bold")
            for line in curve(points, session.console.width - 2, plain):
                session.say(f"  {line}")
    others = [(name, f"{log.curves[name][-1][1]:.4f}") for name in log.metrics if name != metric]
    if others:
        session.say(f"Last on dev: {', '.join(f'{name} {value}' for name, value in others)}")
    if log.damaged:
        session.say(f"{LOG}: {count(log.damaged, 'line')} could not be read", "yellow")


def _has_blocks(session: Session) -> bool:
    """True where the console can show block characters."""
    try:
        BLOCKS.encode(session.console.encoding)
    except (UnicodeEncodeError, LookupError):
        return False
    return not session.console.legacy_windows


def _next(session: Session, row: RunOverview) -> None:
    from cmivqa_kit.runs.directory import has_state

    run = row.run
    if row.state == "finished" and not row.benchmark:
        session.next(words("cmivqa", "predict", "--run", row.path, *permission_for(run)), ())
    elif row.state == "unfinished" and not row.benchmark and has_state(row.path):
        session.next(words("cmivqa", "train", "--resume", row.path), ())
    else:
        session.next("cmivqa runs", ("run",))
