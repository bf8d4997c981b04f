"""`cmivqa bench train` and `cmivqa bench predict`: systems on published benchmarks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cmivqa_kit.cli import render
from cmivqa_kit.cli.common import PATH, Session, options, words
from cmivqa_kit.cli.training_view import training_view
from cmivqa_kit.errors import UserError
from cmivqa_kit.runs.settings import RECIPES, Recipe

if TYPE_CHECKING:
    from cmivqa_kit.bench.contract.types import Benchmark
    from cmivqa_kit.bench.report.card import BenchCard
    from cmivqa_kit.runs.directory import RunDirectory
    from cmivqa_kit.training.fitted import Fitted

_DATA = click.option(
    "--data",
    type=PATH,
    metavar="ROOT",
    help="Folder with the benchmark's files; default: where they usually lie.",
)


@click.command("train", short_help="Train a system on a benchmark, then score it on test beside published figures.")
@click.argument("name", metavar="NAME")
@_DATA
@options("baseline", "preset", "set", "run", "seed", "device")
@click.option(
    "--recipe", type=click.Choice(RECIPES), default="kit", show_default=True, metavar="NAME",
    help="kit: the defects of the published code corrected. published: every quirk as published.",
)  # fmt: skip
@click.option("--resume", "stopped", type=PATH, metavar="DIR", help="Go on with a run that was stopped.")
@click.option("--no-intervals", is_flag=True, help="Leave out the 95% intervals.")
@options("format")
def train_command(
    name: str,
    data: Path | None,
    overrides: tuple[str, ...],
    recipe: Recipe,
    stopped: Path | None,
    no_intervals: bool,
    form: str,
    **flags: Any,
) -> None:
    """Train a system on a benchmark, keep what is best on its validation split, then score its first split.

    What was obtained stands beside the published figures of the same system. The system and its preset are those of
    the benchmark unless -m and --preset name others; the run directory is like any other.

    Example: cmivqa bench train vatex-en2cn --data VisualSearch
    """
    from cmivqa_kit.bench.contract.registry import find_benchmark
    from cmivqa_kit.bench.contract.systems import system_for
    from cmivqa_kit.bench.systems.answering import predict_on
    from cmivqa_kit.bench.systems.training import Told, data_root, resume_on, train_on
    from cmivqa_kit.plugin.settings import name_recipe, settings

    chosen = flags.pop("baseline")
    preset = flags.pop("preset")
    session = Session(form, **flags)
    benchmark = find_benchmark(name)
    root = data_root(benchmark, data)
    device, seed = session.workspace["run.device"], session.workspace["run.seed"]
    if stopped is not None:
        if chosen or preset or overrides:
            raise UserError("--resume goes on with the settings of the run", "Leave out -m, --preset and --set.")
        with training_view(session.console, not session.json) as view, _advice(name, root):
            fitted = resume_on(stopped, root, device, Told(view.step, view.dev))
    else:
        declaration = system_for(benchmark, chosen)
        preset = preset or declaration.benchmarks[name]
        config = settings(declaration, preset or None, overrides, recipe)
        session.say(f"Training {name_recipe(declaration.name, recipe)} on {name}, preset {preset}", "dim")
        with training_view(session.console, not session.json) as view, _advice(name, root):
            fitted = train_on(
                benchmark, declaration, config, root, session.workspace.path("run.directory"), seed=seed, preset=preset,
                recipe=recipe, device=device, told=Told(view.step, view.dev),
            )  # fmt: skip
    predictions = predict_on(benchmark, fitted.run, root, benchmark.splits[0], device=device)
    _report(session, benchmark, root, fitted, predictions, no_intervals)


@contextmanager
def _advice(name: str, root: Path) -> Iterator[None]:
    """Let the advice to go on with a training name this command."""
    from cmivqa_kit.training.full_disk import WritingStopped

    try:
        yield
    except WritingStopped as error:
        command = words("cmivqa", "bench", "train", name, "--data", root, "--resume", error.run)
        raise WritingStopped(error.message, error.remedy, error.run, command) from None


def _report(
    session: Session, benchmark: Benchmark, root: Path, fitted: Fitted, predictions: Path, no_intervals: bool
) -> None:
    """The run that was made, and its card on the first split."""
    from cmivqa_kit.bench.report.card_text import card_blocks
    from cmivqa_kit.cli.scorecard import show_blocks

    card = _card(benchmark, root, fitted.run, predictions, no_intervals)
    following = words("cmivqa", "bench", "predict", benchmark.name, "--data", root, "--run", fitted.run.path)
    following += f" {words('--split', benchmark.splits[-1])}"
    best = fitted.outcome.get("best")
    validation = None
    if best is not None:
        validation = {"metric": fitted.outcome.get("metric"), "value": best, "step": fitted.outcome.get("best_step")}
    if session.json:
        render.as_json(
            {
                "run": fitted.run.path,
                "system": fitted.run.baseline,
                "benchmark": benchmark.name,
                "examples": fitted.examples,
                "usable": fitted.usable,
                "dropped": dict(fitted.dropped),
                "steps": fitted.outcome.get("steps"),
                "validation": validation,
                "predictions": predictions,
                "card": None if card is None else card.to_dict(),
                "next": following,
            }
        )
        return
    session.say(f"Fitted {fitted.run.baseline} on {fitted.examples} examples; run directory {fitted.run.path}")
    if validation is not None:
        session.say(f"  best on validation: {validation['metric']} {best:.4f} at step {validation['step']}")
    if card is None:
        session.say(f"  the answers of {benchmark.splits[0]} are not here: {predictions} is not scored", "yellow")
    else:
        show_blocks(session, card_blocks(card))
    session.next(following, ())


def _card(
    benchmark: Benchmark, root: Path, run: RunDirectory, predictions: Path, no_intervals: bool
) -> BenchCard | None:  # fmt: skip
    """The scores on the first split, with what was published of the system; ``None`` where its answers are not here."""
    from cmivqa_kit.bench.contract.registry import create_evaluator
    from cmivqa_kit.bench.report.published import all_figures
    from cmivqa_kit.bench.report.scoring import open_ground
    from cmivqa_kit.scoring.statistics.bootstrap import AS_USUAL

    try:
        create_evaluator(benchmark).truth_files(root, benchmark.splits[0])
    except UserError:  # answers that the organizers hold
        return None
    named = [f for f in all_figures() if (f.benchmark, f.system) == (benchmark.name, run.baseline)]
    # Of several published presets the one that the run's is called after (vatex-translated), else the first listed.
    own = f"-{run.record().get('preset') or ''}-"
    first = next((f for f in named if f.preset and f"-{f.preset}-" in own), next(iter(named), None))
    figures = [figure for figure in named if first is not None and figure.preset == first.preset]
    ground = open_ground(benchmark, root=root, split=benchmark.splits[0])
    return ground.score(predictions, None if no_intervals else AS_USUAL, figures)


@click.command("predict", short_help="Answer a split of a benchmark with a trained or converted run.")
@click.argument("name", metavar="NAME")
@_DATA
@click.option("--split", metavar="NAME", help="Split of the benchmark; its first one unless given.")
@options("baseline", "run", "set", "device")
@click.option("--out", type=PATH, metavar="DIR", help="Folder to write; default: predictions/NAME-SPLIT in the run.")
@options("force", "format")
def predict_command(
    name: str,
    data: Path | None,
    split: str | None,
    overrides: tuple[str, ...],
    out: Path | None,
    force: bool,
    form: str,
    **flags: Any,
) -> None:
    """Answer a split of a benchmark and write predictions as the benchmark's community hands them in.

    The run is the newest that was trained on the benchmark, or the one of --run: a converted official checkpoint too.

    Example: cmivqa bench predict vatex-en2cn --data VisualSearch --run runs/nrccr-1 --out predictions
    """
    from cmivqa_kit.bench.contract.registry import find_benchmark
    from cmivqa_kit.bench.systems.answering import newest_run_for, predict_on
    from cmivqa_kit.bench.systems.training import data_root
    from cmivqa_kit.runs.directory import RECORD, open_run

    chosen, run_path = flags.pop("baseline"), flags.get("run")
    session = Session(form, **flags)
    benchmark = find_benchmark(name)
    root = data_root(benchmark, data)
    if run_path is not None and (run_path / RECORD).is_file():
        run = open_run(run_path)
    else:
        run = newest_run_for(benchmark, session.workspace.path("run.directory"), chosen)
    asked = split or benchmark.splits[0]
    path = predict_on(benchmark, run, root, asked, out, session.workspace["run.device"], force, overrides)
    following = words("cmivqa", "bench", "score", name, path, "--data", root, "--split", asked)
    if session.json:
        document = {"benchmark": name, "split": asked, "run": run.path, "system": run.baseline, "predictions": path}
        render.as_json({**document, "next": following})
        return
    session.say(f"{path}: {benchmark.prediction}; {name}, {asked}, by {run.path}")
    session.next(following, ())
