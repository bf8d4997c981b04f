"""`cmivqa runs compare`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from cmivqa_kit.cli import completion, render
from cmivqa_kit.cli.choice import resampling_options
from cmivqa_kit.cli.common import Session, options, permission_for, words
from cmivqa_kit.cli.runs_view import dev_text, difference_rows
from cmivqa_kit.errors import UserError

if TYPE_CHECKING:
    from cmivqa_kit.entries.run_comparison import ComparedFiles
    from cmivqa_kit.runs.overview import RunOverview


@click.command(
    "compare",
    short_help="Compare two runs: settings, dev scores, and their dev files question by question.",
    epilog="Example: cmivqa runs compare ccgs-1 ccgs-2; first: cmivqa predict --run runs/ccgs-1 --split dev",
)
@click.argument("first", metavar="RUN", shell_complete=completion.run_names)
@click.argument("second", metavar="OTHER", shell_complete=completion.run_names)
@options("run", "data", "edition")
@resampling_options("Bootstrap resamples and randomizations.", "Seed of everything random.")
@options("format")
def command(first: str, second: str, resamples: int, seed: int, form: str, **flags: Any) -> None:
    """Compare two runs, by their names among the runs or by their folders.

    The settings that differ, the best dev scores, and per track what `compare` says of the newest dev files that both
    have answered (`predict --split dev` keeps a copy in the run).
    """
    from cmivqa_kit.entries.run_comparison import compare_dev_files
    from cmivqa_kit.runs.overview import overview_named
    from cmivqa_kit.runs.settings import differing_settings
    from cmivqa_kit.scoring.statistics.paired import Settings

    session = Session(form, **flags)
    folder = session.workspace.path("run.directory")
    rows = [overview_named(folder, name) for name in (first, second)]
    configs = [{"run": _facts(row), **row.run.config} for row in rows]
    differences = differing_settings(*configs)
    compared: list[ComparedFiles] = []
    remark = ""
    try:
        compared = compare_dev_files(rows[0], rows[1], session.ground(), Settings(resamples=resamples, seed=seed))
    except UserError as error:
        remark = error.message
    if not compared and not remark:
        remark = "no track whose dev questions both have answered"
    if session.json:
        comparisons = [{**one.comparison.to_dict(), "made_by": [e.made_by for e in one.entries]} for one in compared]
        render.as_json(
            {
                "runs": [row.to_dict() for row in rows],
                "settings": [one.to_dict() for one in differences],
                "comparisons": comparisons,
                "remark": remark or None,
            }
        )
        return
    _show(session, rows, difference_rows(differences), compared, remark)


def _facts(row: RunOverview) -> dict[str, Any]:
    """What of a run beside its settings may explain a difference."""
    run = row.run
    return {
        "baseline": run.baseline,
        "recipe": run.recipe,
        "preset": row.preset or "-",
        "seed": run.seed,
        **{name: row.data[name] for name in ("name", "split", "used", "fingerprint") if name in row.data},
    }


def _show(
    session: Session, rows: list[RunOverview], differences: list[list[str]], compared: list[ComparedFiles], remark: str
) -> None:
    from cmivqa_kit.cli.comparison_view import show_comparison

    names = [str(row.path) for row in rows]
    if differences:
        session.table("Settings that differ", ["setting", *names], differences)
    else:
        session.say("Settings: all the same")
    session.table("Best on dev while training", ["run", "dev"], [[str(r.path), dev_text(r.dev)] for r in rows])
    for one in compared:
        show_comparison(session, one.comparison, [entry.made_by for entry in one.entries], False)
    if remark:
        session.say(f"Their dev files are not compared: {remark}", "yellow")
    if compared:
        files = dict.fromkeys(entry.path for one in compared for entry in one.entries)
        session.next(words("cmivqa", "score", *files))
        return
    lacking = next((row for row in rows if all(file.split != "dev" for file in row.answered)), None)
    if lacking is not None and lacking.state == "finished" and not lacking.benchmark:
        out = f"{lacking.path.name}-dev.json"
        again = ("predict", "--run", lacking.path, "--split", "dev", "--out", out, *permission_for(lacking.run))
        session.next(words("cmivqa", *again))
    else:
        session.next("cmivqa runs", ("run",))
