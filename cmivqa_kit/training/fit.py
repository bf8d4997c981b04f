"""Fitting a baseline: the examples that can be used, a run directory, the baseline's own `fit` or `plan`."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from cmivqa_kit.data.catalogue import Catalogue
from cmivqa_kit.data.corpus import data_fingerprint
from cmivqa_kit.data.feature_notes import UNUSED_CLOCK
from cmivqa_kit.data.types import Question, Split
from cmivqa_kit.errors import UserError
from cmivqa_kit.plugin.registry import create, find_declaration
from cmivqa_kit.plugin.settings import settings
from cmivqa_kit.plugin.types import Baseline, Declaration, Plan, Plans, Prepares, ReadsFeatures, RepeatsRuns
from cmivqa_kit.runs.dev_progress import SILENT_DEV, DevProgress
from cmivqa_kit.runs.directory import (
    FEATURE_FINGERPRINTS,
    SECONDS_PER_ROW,
    Progress,
    RunDirectory,
    has_state,
    make_run,
    open_unfinished,
    silent,
    start_run,
)
from cmivqa_kit.runs.feature_clock import require_clock_of, with_clock_of
from cmivqa_kit.runs.feature_stores import FEATURES, require_stores_of, store_names
from cmivqa_kit.runs.finished_runs import config_of_chosen_steps, newest_run
from cmivqa_kit.runs.lock import locked
from cmivqa_kit.runs.processes import ALONE, Group
from cmivqa_kit.runs.settings import Config, Recipe
from cmivqa_kit.training.feature_fingerprints import feature_fingerprints, require_same_features
from cmivqa_kit.training.fitted import Fitted
from cmivqa_kit.training.full_disk import resumable
from cmivqa_kit.training.learning_data import dev_of, examples_of
from cmivqa_kit.training.stated_settings import NOTHING_STATED, StatedSettings, require_as_begun
from cmivqa_kit.training.unfinished_run import finished, learning

log = logging.getLogger(__name__)
MAX_DROPPED = 0.2


def ready(declaration: Declaration, config: Config) -> Baseline:
    """A fresh object of the system that has all it needs from elsewhere (encoder weights).

    Called before any data is loaded, so that what is missing is said at once.

    Raises:
        UserError: a package or the weights are missing.
    """
    system = create(declaration)
    if isinstance(system, Prepares):
        system.prepare(config)
    return system


def train(
    catalogue: Catalogue,
    declaration: Declaration,
    config: Config,
    folder: Path,
    split: str = "train",
    seed: int = 0,
    max_dropped: float = MAX_DROPPED,
    preset: str = "",
    recipe: Recipe = "kit",
    device: str = "auto",
    progress: Progress = silent,
    system: Baseline | None = None,
    group: Group = ALONE,
    dev_progress: DevProgress = SILENT_DEV,
) -> Fitted:
    """Fit the baseline on a split of a data root and leave a finished run in ``folder``.

    The dev split, where there is one, is handed to the baseline too. Examples that a rule of the baseline leaves out
    are counted by rule. ``system`` is what `ready` gave, where it was called already. The processes of ``group`` all
    call this, and the main one makes the run for them.

    Raises:
        UserError: unreadable data, no answers or those of organizers, no examples, more than ``max_dropped`` (a share)
            of them left out, or several processes for a system that learns in one pass.
        RunFailed: out of disk or memory.
    """
    system = system or ready(declaration, config)
    full, questions, dropped = examples_of(catalogue, declaration, split, max_dropped)
    if group.count > 1 and not in_steps(declaration):
        raise UserError(
            f"{declaration.name} learns in one pass: there is nothing for {group.count} processes to share",
            f"Train it in one: cmivqa train -m {declaration.name}",
        )

    dev = dev_of(catalogue, full)

    reads = in_steps(declaration) and (not isinstance(system, ReadsFeatures) or system.reads_features(config))

    def begin() -> RunDirectory:
        run = start_run(
            folder,
            declaration.name,
            config,
            seed,
            recipe,
            preset=preset,
            data={
                "name": catalogue.name,
                "edition": catalogue.edition.name,
                "split": full.name,
                "questions": len(full.questions),
                "used": len(questions),
                "dropped": dict(dropped),
                "fingerprint": data_fingerprint(full),
                **_clock(full),
                **({FEATURES: list(names)} if reads and (names := store_names(full.features)) else {}),
            },
        )
        if reads:
            with resumable(run.path):
                run.write(FEATURE_FINGERPRINTS, feature_fingerprints(full, dev))
        return run

    run = replace(group.first(begin), device=device, progress=progress, group=group, dev_progress=dev_progress)
    with learning(run):
        return _fit(system, full, questions, dev, run, dropped)


def plan(
    catalogue: Catalogue,
    declaration: Declaration,
    config: Config,
    split: str = "train",
    seed: int = 0,
    max_dropped: float = MAX_DROPPED,
    recipe: Recipe = "kit",
    device: str = "auto",
    system: Baseline | None = None,
) -> tuple[Plan | None, int, Mapping[str, int]]:
    """What `train` with these arguments would take, the examples it would use and those that each rule leaves out.

    The plan is ``None`` for a system that learns in one pass. Nothing is left on disk.

    Raises:
        UserError: as `train`.
        RunFailed: the largest batch does not fit into memory.
    """
    system = system or ready(declaration, config)
    full, questions, dropped = examples_of(catalogue, declaration, split, max_dropped)
    if not isinstance(system, Plans):
        return None, len(questions), dropped
    with TemporaryDirectory(prefix="cmivqa-plan-") as folder:
        run = replace(make_run(Path(folder), declaration.name, config, seed, recipe), device=device)
        return (
            system.plan(replace(full, questions=questions), dev_of(catalogue, full), run),
            len(questions),
            dropped,
        )


def _clock(full: Split) -> dict[str, float]:
    """The seconds of a feature row, for the record of a run; nothing without features, or where it is not settled."""
    store = full.features
    return {SECONDS_PER_ROW: store.seconds_per_row} if store.width is not None and store.settled else {}


def resume(
    catalogue: Catalogue,
    path: Path,
    device: str = "auto",
    progress: Progress = silent,
    group: Group = ALONE,
    dev_progress: DevProgress = SILENT_DEV,
    stated: StatedSettings = NOTHING_STATED,
    max_dropped: float = 1.0,
) -> Fitted:
    """Go on with a run that was stopped; its settings, seed, recipe and split are those it began with.

    It may go on in another number of processes than it was begun in. One without a saved state begins again, with a
    warning.

    Raises:
        UserError: not an unfinished run; another process works on it; something else is ``stated`` than it began with;
            the data or the features are not what it was begun on; more than ``max_dropped`` (a share) of the examples
            are left out.
        RunFailed: as `train`.
    """
    run = replace(open_unfinished(path), device=device, progress=progress, group=group, dev_progress=dev_progress)
    with locked(path, group.main):
        open_unfinished(path)  # it may have been finished by the one that held the lock
        return _go_on(run, catalogue, stated, max_dropped)


def _go_on(run: RunDirectory, catalogue: Catalogue, stated: StatedSettings, max_dropped: float) -> Fitted:
    """`resume` with a run that is locked."""
    require_as_begun(run, stated, catalogue)
    declaration = find_declaration(run.baseline)
    system = ready(declaration, run.config)
    begun = run.record().get("data")
    if not isinstance(begun, dict) or not isinstance(begun.get("split"), str):
        raise UserError(f"{run.path}: does not say which data it was begun on", "Train anew: cmivqa train")
    catalogue = with_clock_of(run, catalogue)
    full, questions, dropped = examples_of(catalogue, declaration, begun["split"], max_dropped)
    require_clock_of(run, full)
    require_stores_of(run, full)
    if data_fingerprint(full) != begun.get("fingerprint"):
        raise UserError(
            f"{full.source}: not the data that {run.path} was begun on ({begun.get('name')})",
            "Resume on the same files (--data DIR), or train anew.",
        )
    dev = dev_of(catalogue, full)
    require_same_features(run, full, dev)
    if not has_state(run.path) and run.group.main:
        log.warning("%s: no state was saved before it was stopped, so it starts again from the beginning", run.path)
    with resumable(run.path):
        return _fit(system, full, questions, dev, run, dropped)


def _fit(
    system: Baseline,
    full: Split,
    questions: tuple[Question, ...],
    dev: Split | None,
    run: RunDirectory,
    dropped: Mapping[str, int],
) -> Fitted:
    system.fit(replace(full, questions=questions), dev, run)
    if run.group.main:
        _say_what_rows_are_not(full)
    return finished(run, len(questions), dropped)


def _say_what_rows_are_not(full: Split) -> None:
    """Warn of features that were no use to the training; one that reads them was refused by now."""
    store = full.features
    if not store.settled and store.measured is not None:
        log.warning("the rows of the features tell no durations: %s", store.measured.words)
    elif store.stated is not None and not len(store):
        log.warning("%s", UNUSED_CLOCK)


def in_steps(declaration: Declaration) -> bool:
    """True for a system that is trained by the kit's loop (`cmivqa_kit.training.loop`)."""
    return "max_steps" in settings(declaration).get("train", {})


def repeat(folder: Path, declaration: Declaration) -> RunDirectory | None:
    """The run that a training on ``train+dev`` repeats: the newest finished one of this system, with what it chose on
    dev as settings; that is a number of steps, unless the system says otherwise. ``None`` for one without steps.

    Raises:
        UserError: there is no such run.
    """
    if not in_steps(declaration):
        return None
    run = newest_run(folder, declaration.name)
    system = create(declaration)
    if isinstance(system, RepeatsRuns):
        return replace(run, config=system.repeated(run))
    return replace(run, config=config_of_chosen_steps(run))
