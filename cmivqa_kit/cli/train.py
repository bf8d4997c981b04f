"""`cmivqa train`."""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from cmivqa_kit.cli import render
from cmivqa_kit.cli.common import FEATURES, PATH, REPEATED, Session, options, permission_for, without_gpus, words
from cmivqa_kit.cli.training_view import training_view
from cmivqa_kit.data.display import count
from cmivqa_kit.data.types import Track
from cmivqa_kit.errors import UserError
from cmivqa_kit.plugin.types import Declaration, Plan
from cmivqa_kit.runs.settings import RECIPES, Recipe

if TYPE_CHECKING:
    from cmivqa_kit.data.catalogue import Catalogue
    from cmivqa_kit.runs.directory import RunDirectory
    from cmivqa_kit.runs.processes import Group
    from cmivqa_kit.training.fitted import Fitted
    from cmivqa_kit.training.stated_settings import StatedSettings


@click.command(
    "train",
    short_help="Fit a baseline on the train split.",
    epilog="Example: cmivqa train -m bm25 --set index.k1=1.2",
)
@options(
    "data", "split", "baseline", "preset", "set", "run", "seed", "device", "edition", "features", "seconds-per-row"
)
@click.option(
    "--max-dropped", type=click.FloatRange(0, 1), default=0.2, show_default=True, metavar="SHARE",
    help="Refuse to train when more than this share of the examples cannot be used.",
)  # fmt: skip
@click.option(
    "--recipe", type=click.Choice(RECIPES), default="kit", show_default=True, metavar="NAME",
    help="kit: the defects of the published code corrected. published: every quirk as published.",
)  # fmt: skip
@click.option("--resume", "stopped", type=PATH, metavar="DIR", help="Go on with a run that was stopped.")
@click.option("--dry-run", is_flag=True, help="Say what it would take (examples, pairs, hours, memory); train nothing.")
@click.option(
    "--gpus", type=click.IntRange(1), default=1, metavar="N",
    help="Train on N GPUs of this machine by accelerate launch; with --device cpu: in N processes.",
)  # fmt: skip
@options("trust-remote-code", "format")
@click.pass_context
def command(
    context: click.Context,
    /,
    split: str | None,
    overrides: tuple[str, ...],
    max_dropped: float,
    recipe: Recipe,
    stopped: Path | None,
    dry_run: bool,
    gpus: int,
    trust_remote_code: bool,
    form: str,
    **flags: Any,
) -> None:
    """Fit a baseline and leave a run directory (runs/NAME-N) from which `cmivqa predict` answers.

    Examples that cannot be used are counted by reason; past --max-dropped nothing is trained. The recipe is stored in
    the run, and predict reads it there. A run that was stopped goes on with --resume from its last state.
    --split train+dev repeats the newest run on all data, for the number of steps it chose on dev. --dry-run measures a
    few batches and says what the whole training would take. --gpus N trains faster, not otherwise: the batches of an
    optimizer step (train.accumulation, at least N) are shared out.
    """
    from cmivqa_kit.neural.trust import trusting_code
    from cmivqa_kit.runs.processes import joined, launched
    from cmivqa_kit.training.stated_settings import StatedSettings

    session = Session(form, **flags)
    device = session.workspace["run.device"]
    if dry_run and (stopped is not None or gpus > 1 or launched() > 1):
        other = "--resume" if stopped is not None else "several processes"
        raise UserError(f"--dry-run and {other} do not go together", "Give one of them.")
    if gpus > 1:
        from cmivqa_kit.runs.device import resolve
        from cmivqa_kit.runs.launch import launch

        context.exit(launch(gpus, without_gpus(sys.argv[1:]), resolve(device).type == "cpu"))
    with joined(device) as group, _advice_with_flags(session, trust_remote_code), trusting_code(trust_remote_code):
        if stopped is not None:
            given = {name for name in ("recipe", "max_dropped") if _given(context, name)}
            stated = StatedSettings(
                baseline=flags["baseline"],
                preset=flags["preset"],
                recipe=recipe if "recipe" in given else None,
                seed=flags["seed"],
                split=split,
                runs=flags["run"],
                overrides=overrides,
            )
            _resume(session, stopped, group, stated, max_dropped if "max_dropped" in given else 1.0)
        else:
            _train(session, split, overrides, max_dropped, recipe, dry_run, group)


@contextmanager
def _advice_with_flags(session: Session, trusted: bool) -> Iterator[None]:
    """Let the advice to resume name the flags of this call that it needs too."""
    from cmivqa_kit.training.full_disk import WritingStopped

    try:
        yield
    except WritingStopped as error:
        permission = ("--trust-remote-code",) if trusted else ()
        resume = words("cmivqa", "train", "--resume", error.run, *permission)
        command = session.again(resume, (*REPEATED, FEATURES))
        raise WritingStopped(error.message, error.remedy, error.run, command) from None


def _given(context: click.Context, name: str) -> bool:
    """True for an option that was typed."""
    return context.get_parameter_source(name) is ParameterSource.COMMANDLINE


def _resume(session: Session, stopped: Path, group: Group, stated: StatedSettings, max_dropped: float) -> None:
    from cmivqa_kit.plugin.registry import find_declaration
    from cmivqa_kit.training.fit import resume

    with training_view(session.console, not session.json) as view:
        fitted = resume(
            session.files, stopped, session.workspace["run.device"], view.step, group, view.dev, stated, max_dropped
        )
    _report(session, find_declaration(fitted.run.baseline), fitted)


def _train(
    session: Session,
    split: str | None,
    overrides: tuple[str, ...],
    max_dropped: float,
    recipe: Recipe,
    dry_run: bool,
    group: Group,
) -> None:
    from cmivqa_kit.plugin.registry import find_declaration
    from cmivqa_kit.plugin.settings import merge, name_recipe, settings
    from cmivqa_kit.training.fit import plan, ready, repeat, train

    space = session.workspace
    device, seed = space["run.device"], space["run.seed"]
    declaration = find_declaration(space["model.baseline"])
    preset = session.preset(declaration)
    config = settings(declaration, preset or None, overrides, recipe)
    repeated = repeat(space.path("run.directory"), declaration) if "+" in (split or "") else None
    if repeated is not None:
        config, recipe, seed = merge(repeated.config, declaration, overrides), repeated.recipe, repeated.seed
        steps = config["train"]["max_steps"]
        chosen = f"for the {steps} steps" if steps else "with what"
        session.say(f"Repeating {repeated.path} on {split} {chosen} it chose on dev")
    system = ready(declaration, config)
    name = name_recipe(declaration.name, recipe)
    if dry_run:
        _show_plan(
            session, name, *plan(session.files, declaration, config, split or "train", seed, max_dropped, recipe,
                                 device, system)
        )  # fmt: skip
        return
    together = f" in {group.count} processes" if group.count > 1 else ""
    session.say(f"Training {name}{together}", "dim")
    with training_view(session.console, not session.json) as view:
        fitted = train(
            session.files,
            declaration,
            config,
            space.path("run.directory"),
            split or "train",
            seed,
            max_dropped,
            preset,
            recipe,
            device,
            view.step,
            system,
            group,
            view.dev,
        )
    _report(session, declaration, fitted)


def _report(session: Session, declaration: Declaration, fitted: Fitted) -> None:
    """The run that was made, and what to do with it."""
    from cmivqa_kit.plugin.settings import name_recipe

    dropped = sum(fitted.dropped.values())
    following = _next(session.files, fitted.run, declaration, session.workspace.path("output.submission"))
    answering = following.startswith(("cmivqa predict", "cmivqa rerank"))
    repeated = () if following.endswith("--help") else (*REPEATED, FEATURES, "device") if answering else REPEATED
    if session.json:
        render.as_json(
            {
                "run": fitted.run.path,
                "baseline": declaration.name,
                "examples": fitted.examples,
                "usable": fitted.usable,
                "dropped": dict(fitted.dropped),
                "steps": fitted.outcome.get("steps"),
                "dev": _dev_score(fitted),
                "next": session.again(following, repeated),
            }
        )
        return
    name = name_recipe(declaration.name, fitted.run.recipe)
    part = f" of {fitted.usable}" if fitted.usable > fitted.examples else ""
    session.say(
        f"Fitted {name} on {fitted.examples}{part} examples of {session.files.name}"
        + (f" ({dropped} dropped: {_reasons(fitted.dropped)})" if dropped else "")
        + f"; run directory {fitted.run.path}"
    )
    if fitted.run.foreign_code:
        session.say("  the encoder brings code of its own, which was run and is kept in the run: predict needs "
                    "--trust-remote-code too", "yellow")  # fmt: skip
    score = _dev_score(fitted)
    if score is not None:
        session.say(f"  best on dev: {score['metric']} {score['value']:.4f} at step {score['step']} of "
                    f"{fitted.outcome['steps']}; these weights answer")  # fmt: skip
    elif fitted.outcome:
        session.say(f"  without dev questions: the weights of the last step, {fitted.outcome['steps']}, answer")
    session.next(following, repeated)


def _dev_score(fitted: Fitted) -> dict[str, Any] | None:
    """The best dev value of a training, the metric and the optimizer step; ``None`` without dev questions."""
    best = fitted.outcome.get("best")
    if best is None:
        return None
    return {"metric": fitted.outcome.get("metric") or "score", "value": best, "step": fitted.outcome["best_step"]}


def _show_plan(session: Session, name: str, measured: Plan | None, examples: int, dropped: Mapping[str, int]) -> None:
    """What a training would take; nothing was trained."""
    if session.json:
        document = {"examples": examples, "dropped": dict(dropped), "plan": asdict(measured) if measured else None}
        render.as_json(document)
        return
    lost = f" ({sum(dropped.values())} dropped: {_reasons(dropped)})" if dropped else ""
    session.say(f"{name} on {session.files.name}: {count(examples, 'example')}{lost}")
    if measured is None:
        session.say("It learns in one pass over them: no pairs, seconds, little memory.")
    else:
        if measured.dropped:
            session.say(f"  of these {measured.examples} fit ({_reasons(measured.dropped)} left out)")
        memory = f"{measured.memory / 2**20:,.0f} MiB" if measured.memory else "unknown here"
        rows = [
            ("pairs in an epoch", f"{measured.pairs:,}"),
            ("batches in an epoch", f"{measured.batches:,}"),
            ("epochs", f"{measured.epochs}"),
            ("optimizer steps", f"{measured.steps:,}"),
            ("dev questions per evaluation", f"{measured.dev_questions}"),
            ("estimated hours", f"{measured.seconds / 3600:.2f} on {measured.device}"),
            ("peak memory", f"{memory} on {measured.device}"),
        ]
        session.table("", ["what", ">value"], rows)
    session.say("Nothing was trained or written.")
    again = [word for word in sys.argv[1:] if word != "--dry-run"]
    session.next(words("cmivqa", *again), ())


def _reasons(dropped: Mapping[str, int]) -> str:
    return ", ".join(f"{number} {reason}" for reason, number in dropped.items())


def _next(files: Catalogue, run: RunDirectory, declaration: Declaration, out: Path) -> str:
    """Predict a split that the data root has, on tracks that both its question files and the baseline serve; one that
    serves none re-ranks a submission."""
    from cmivqa_kit.prediction.answer_plan import targets

    served: Collection[Track] = declaration.tracks
    if not served and declaration.reranks:
        named = (out, "--run", run.path, *permission_for(run)) if out.is_file() else ("--help",)
        return words("cmivqa", "rerank", *named)
    others = [split for split in files.splits if split != "train"]
    if not others:
        return "cmivqa data split"
    split = next((s for s in others if files.edition.splits[s].answers == "organizers"), others[0])
    shared = set(files.tracks(split)) & set(served)
    tracks: tuple[Track, ...] = (2, 3) if {2, 3} <= shared else (min(shared, default=1),)
    command = words("cmivqa", "predict", "--run", run.path, "--split", split, *permission_for(run))
    if len(tracks) == 1:
        command += f" --track {tracks[0]}"
    # A submission of an earlier run is not replaced: this run's gets a name of its own.
    taken = any(path.exists() for path, _, _ in targets(files, split, tracks, out))
    return f"{command} {words('--out', out.with_name(f'{run.path.name}{out.suffix}'))}" if taken else command
