"""The replay of golden cases: which folders there are, and which function replays each.

A procedure is one function, registered by (system, procedure) of ``case.json``; it returns every deviation it finds. A
new system adds a module of procedures and its name in `MODULES`.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

OWN = Path(__file__).parent / "cases"
MODULES = ("scoring", "ccgs", "mutualsl")


@dataclass(frozen=True)
class Case:
    """A case folder and the content of its ``case.json`` (empty where that cannot be read)."""

    folder: Path
    about: Mapping[str, Any]

    @property
    def key(self) -> tuple[str, str]:
        """What chooses the replay."""
        return str(self.about.get("system")), str(self.about.get("procedure"))

    @property
    def title(self) -> str:
        """System and case name, for the test's id."""
        return f"{self.about.get('system', self.folder.parent.name)}-{self.about.get('case', self.folder.name)}"

    @property
    def config(self) -> Mapping[str, Any]:
        """Every size and setting of the case."""
        config: Mapping[str, Any] = self.about["config"]
        return config


Procedure = Callable[[Case], list[str]]
PROCEDURES: dict[tuple[str, str], Procedure] = {}


def procedure(system: str, name: str) -> Callable[[Procedure], Procedure]:
    """Register a function that replays a case and returns its deviations, one text each."""

    def add(function: Procedure) -> Procedure:
        PROCEDURES[system, name] = function
        return function

    return add


def root() -> Path:
    """Where the cases lie: ``$CMIVQA_GOLDEN``, or the project's own copies."""
    return Path(os.environ.get("CMIVQA_GOLDEN") or OWN)


def cases(folder: Path) -> list[Case]:
    """Every case folder below ``folder``."""
    return [Case(path.parent, _about(path)) for path in sorted(folder.rglob("case.json"))]


def replay(case: Case) -> list[str]:
    """The deviations of a case; one whose procedure nobody knows deviates as a whole."""
    for module in MODULES:
        import_module(f"tests.golden.{module}")
    if case.key not in PROCEDURES:
        known = ", ".join("/".join(key) for key in sorted(PROCEDURES))
        return [f"{case.folder}: no replay for system {case.key[0]!r}, procedure {case.key[1]!r} (known: {known})"]
    return PROCEDURES[case.key](case)


def _about(path: Path) -> Mapping[str, Any]:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return document if isinstance(document, dict) else {}
