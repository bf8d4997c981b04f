"""What the shell offers for the value of an option: baselines, presets, settings, splits, runs.

It is asked at every press of the tab key: nothing here fails, says a word or imports more than the registry and a
baseline's ``config.toml``. A data root is never opened; a split is offered by the names that its edition knows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.shell_completion import CompletionItem

if TYPE_CHECKING:
    from cmivqa_kit.plugin.types import Declaration
    from cmivqa_kit.workspace import Workspace

Complete = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]
Names = Callable[[click.Context, str], Iterable[CompletionItem]]


def completing(names: Names) -> Complete:
    """A click completion that offers what begins with the word typed so far, and nothing where anything fails."""

    @wraps(names)
    def complete(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
        try:
            return [item for item in names(context, incomplete) if str(item.value).startswith(incomplete)]
        except Exception:
            return []  # a traceback in the middle of a command line helps nobody

    return complete


@completing
def baselines(context: click.Context, incomplete: str) -> Iterable[CompletionItem]:
    """The installed baselines."""
    from cmivqa_kit.plugin.registry import baseline_names, find_declaration

    return [CompletionItem(name, help=find_declaration(name).title) for name in baseline_names()]


@completing
def presets(context: click.Context, incomplete: str) -> Iterable[CompletionItem]:
    """The presets of the baseline that is named, or in force."""
    from cmivqa_kit.plugin.settings import presets as presets_of

    return map(CompletionItem, presets_of(_declaration(context)))


@completing
def settings(context: click.Context, incomplete: str) -> Iterable[CompletionItem]:
    """``section.key=`` of every setting of that baseline, with its meaning."""
    from cmivqa_kit.plugin.meanings import meanings

    offered = ((f"{name}=", text) for name, text in meanings(_declaration(context)).items())
    return [CompletionItem(name, help=text) for name, text in offered if name != incomplete]  # its value is free


@completing
def splits(context: click.Context, incomplete: str) -> Iterable[CompletionItem]:
    """The splits of the edition that is named, or in force."""
    from cmivqa_kit.editions import DEFAULT_EDITION, load_edition

    edition = context.params.get("edition") or _workspace(context).edition or DEFAULT_EDITION
    return map(CompletionItem, load_edition(edition).splits)


@completing
def editions(context: click.Context, incomplete: str) -> Iterable[CompletionItem]:
    """The editions of the kit; any file where none begins so."""
    from cmivqa_kit.editions import edition_names

    offered = [name for name in edition_names() if name.startswith(incomplete)]
    return map(CompletionItem, offered) if offered else [CompletionItem(incomplete, type="file")]


@completing
def run_folders(context: click.Context, incomplete: str) -> Iterable[CompletionItem]:
    """The folders of the runs, as ``--run`` takes them; any folder where none begins so."""
    folder = _workspace(context).path("run.directory")
    paths = [str(folder), *(str(path) for path in _runs(folder))]
    offered = [path for path in paths if path.startswith(incomplete)]
    return map(CompletionItem, offered) if offered else [CompletionItem(incomplete, type="dir")]


@completing
def run_names(context: click.Context, incomplete: str) -> Iterable[CompletionItem]:
    """The names of the runs."""
    folder = context.params.get("run") or _workspace(context).path("run.directory")
    return [CompletionItem(path.name) for path in _runs(Path(folder))]


def _runs(folder: Path) -> list[Path]:
    from cmivqa_kit.runs.directory import RECORD

    return sorted(path for path in folder.iterdir() if (path / RECORD).is_file())


def _workspace(context: click.Context) -> Workspace:
    from cmivqa_kit.workspace import open_workspace

    return open_workspace({})


def _declaration(context: click.Context) -> Declaration:
    from cmivqa_kit.plugin.registry import find_declaration

    return find_declaration(context.params.get("baseline") or _workspace(context).settings["model.baseline"].value)
