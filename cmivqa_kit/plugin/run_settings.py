"""The settings of a run that are not those of its preset."""

from __future__ import annotations

from cmivqa_kit.plugin.registry import find_declaration
from cmivqa_kit.plugin.settings import settings
from cmivqa_kit.runs.directory import RunDirectory
from cmivqa_kit.runs.settings import SettingDifference, differing_settings


def changed_settings(run: RunDirectory, preset: str = "") -> tuple[SettingDifference, ...]:
    """What differs from the preset (without one: the recipe), ``first`` as that has it today and ``second`` in the run.

    Raises:
        UserError: the baseline is not installed here, or has no such preset any more.
    """
    usual = settings(find_declaration(run.baseline), preset or None, recipe=run.recipe)
    return differing_settings(usual, run.config)
