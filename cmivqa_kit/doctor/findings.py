"""What is looked at, and what is said of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from cmivqa_kit.plugin.registry import NEEDED, OPTIONAL, missing_packages
from cmivqa_kit.plugin.types import Declaration
from cmivqa_kit.runs.settings import Config
from cmivqa_kit.workspace import Workspace


class State(StrEnum):
    """How a thing stands."""

    OK = "ok"
    NOTE = "note"  # not needed by what the workspace's baseline does
    MISSING = "missing"  # needed, and not there or not fit


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing: its name, how it stands, what there is, and what to do where it does not stand well."""

    name: str
    state: State
    text: str
    fix: str = ""

    def to_dict(self) -> dict[str, Any]:
        """The machine-readable twin: one of the list of ``doctor --format json``."""
        return {"name": self.name, "state": str(self.state), "text": self.text, "fix": self.fix}


@dataclass(frozen=True, slots=True)
class Subject:
    """What is examined.

    Attributes:
        workspace: the settings in force.
        declaration: of the baseline in force.
        config: its settings, with the preset in force.
        offline: the network is not asked.
    """

    workspace: Workspace
    declaration: Declaration
    config: Config
    offline: bool = False

    @property
    def packages(self) -> frozenset[str]:
        """The import names of what the baseline needs beside the kit's own dependencies."""
        return frozenset(need.removeprefix(NEEDED) for need in self.declaration.needs if need.startswith(NEEDED))

    @property
    def computes(self) -> bool:
        """Whether the baseline makes use of torch here: it needs it, or can do without and finds it installed."""
        wanted = [need.removeprefix(OPTIONAL) for need in self.declaration.needs if need.startswith(OPTIONAL)]
        without = missing_packages(self.declaration, optional=True)
        return "torch" in self.packages or ("torch" in wanted and not without)

    @property
    def encoder(self) -> str:
        """The pretrained encoder that the baseline starts from; empty for none."""
        section: Mapping[str, Any] = self.config.get("encoder", {})
        return str(section.get("name", ""))
