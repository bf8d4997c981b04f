"""What is stated beside ``--resume``, held against the run that goes on: nothing given is silently without effect."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cmivqa_kit.data.catalogue import Catalogue
from cmivqa_kit.errors import UserError
from cmivqa_kit.plugin.registry import find_declaration
from cmivqa_kit.plugin.settings import merge
from cmivqa_kit.runs.directory import RunDirectory
from cmivqa_kit.runs.settings import Recipe


@dataclass(frozen=True, slots=True)
class StatedSettings:
    """The settings of a training that were stated; ``None`` where one was not.

    Attributes:
        baseline: its name.
        preset: a table of its settings.
        recipe: ``kit`` or ``published``.
        seed: of everything random.
        split: the split to learn from.
        runs: the folder of runs, or the run.
        overrides: ``section.key=value`` texts.
    """

    baseline: str | None = None
    preset: str | None = None
    recipe: Recipe | None = None
    seed: int | None = None
    split: str | None = None
    runs: Path | None = None
    overrides: tuple[str, ...] = ()


NOTHING_STATED = StatedSettings()


def require_as_begun(run: RunDirectory, stated: StatedSettings, catalogue: Catalogue) -> None:
    """Refuse what differs from the run: it goes on with the settings that it began with.

    Raises:
        UserError: naming every difference with both values; or an unknown setting, or a value of another type.
    """
    record = run.record()
    begun_split = str((record.get("data") or {}).get("split", "train"))
    beside: list[tuple[str, object, object]] = [
        ("-m", stated.baseline, run.baseline),
        ("--preset", "none" if stated.preset == "" else stated.preset, record.get("preset") or "none"),
        ("--recipe", stated.recipe, run.recipe),
        ("--seed", stated.seed, run.seed),
        ("--split", _canonical(stated.split, catalogue), begun_split),
    ]
    differences = [f"{flag} {now} differs ({begun})" for flag, now, begun in beside if now not in (None, begun)]
    if stated.runs is not None and stated.runs.resolve() not in (run.path.resolve(), run.path.resolve().parent):
        differences.append(f"--run {stated.runs} differs ({run.path.parent})")
    if stated.baseline in (None, run.baseline):
        differences += _changed_settings(run, stated.overrides)
    else:
        differences += [f"--set {override} is for {stated.baseline}" for override in stated.overrides]
    if differences:
        raise UserError(
            f"--resume goes on with the settings of the run; {'; '.join(differences)}",
            f"{run.path} was begun with those in brackets: leave out what differs, or train anew without --resume.",
        )


def _changed_settings(run: RunDirectory, overrides: tuple[str, ...]) -> list[str]:
    """The ``--set`` texts that would change a setting of the run, each with its value there.

    Raises:
        UserError: an unknown setting, or a value of another type.
    """
    declaration = find_declaration(run.baseline)
    begun = merge(run.config, declaration, ())
    changed = []
    for override in overrides:
        now = merge(run.config, declaration, (override,))
        before = [
            begun[section][key]
            for section, table in now.items()
            for key, value in table.items()
            if value != begun[section][key]
        ]
        changed += [f"--set {override} differs ({value})" for value in before]
    return changed


def _canonical(split: str | None, catalogue: Catalogue) -> str | None:
    if split is None:
        return None
    names = [name.strip() for name in split.split("+")]
    return "+".join(catalogue.edition.canonical_split(name) or name for name in names)
