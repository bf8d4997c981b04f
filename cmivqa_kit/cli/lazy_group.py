"""A group of commands whose modules are imported when they are called, so that help and other commands start fast."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import click


class LazyGroup(click.Group):
    """A group of sub-commands, each the ``command`` of a module.

    Args:
        modules: name -> module, in the order of the help.
    """

    def __init__(self, *arguments: Any, modules: Mapping[str, str], **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.modules = modules

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names, in order."""
        return list(self.modules)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the module of a command."""
        if cmd_name not in self.modules:
            return None
        subcommand: click.Command = import_module(self.modules[cmd_name]).command
        return subcommand
