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
from typing import Any, TypeVar

import torch
from safetensors.torch import load_file
from torch import Tensor, nn

OWN = Path(__file__).parent / "cases"
MODULES = (
    "scoring",
    "related",
    "exports",
    "ccgs",
    "mutualsl",
    "nrccr",
    "nrccr_networks",
    "nrccr_losses",
    "mlcmr",
    "bigfile",
    "mesm",
    "mesm_network",
    "mesm_data",
    "q2a",
    "q2a_networks",
    "assistq",
)


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


class Comparison:
    """Collects deviations, and which outputs were looked at: one that nobody asked for is a deviation too."""

    def __init__(self, case: Case) -> None:
        self.case = case
        tensors = case.folder / "outputs.safetensors"
        self.tensors: dict[str, Tensor] = load_file(tensors) if tensors.exists() else {}
        self.seen: set[str] = set()
        self.deviations: list[str] = []
        self.largest = 0.0

    def tolerance(self, name: str) -> tuple[float, float]:
        """atol and rtol of a tensor: those of the longest prefix that the case names."""
        prefixes = self.case.about.get("tolerance_by_prefix", {})
        found = max((p for p in prefixes if name.startswith(p)), key=len, default=None)
        one = self.case.about["tolerance"] if found is None else prefixes[found]
        return one["atol"], one["rtol"]

    def tensor(self, name: str, got: Any) -> None:
        """Compare with an output tensor."""
        self.seen.add(name)
        self.number(name, got, self.tensors[name])

    def number(self, name: str, got: Any, wanted: Any) -> None:
        """Compare numbers or arrays within the tolerance; integers exactly."""
        got, wanted = torch.as_tensor(got).detach(), torch.as_tensor(wanted)
        if got.shape != wanted.shape:
            self.deviations.append(f"{name}: shape {tuple(got.shape)}, not {tuple(wanted.shape)}")
            return
        if not wanted.is_floating_point() and not got.is_floating_point():
            self.same(name, got.tolist(), wanted.tolist())
            return
        atol, rtol = self.tolerance(name)
        far = (got.double() - wanted.double()).abs()
        self.largest = max(self.largest, float(far.max()) if far.numel() else 0.0)
        if not bool((far <= atol + rtol * wanted.double().abs()).all()):
            self.deviations.append(f"{name}: off by {float(far.max()):.3g}")

    def same(self, name: str, got: Any, wanted: Any) -> None:
        """Compare exactly."""
        if got != wanted:
            self.deviations.append(f"{name}: {_short(got)}, not {_short(wanted)}")

    def result(self) -> list[str]:
        """All deviations."""
        return [*self.deviations, *(f"{name}: not compared" for name in sorted(set(self.tensors) - self.seen))]


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."


Model = TypeVar("Model", bound=nn.Module)


def without_dropout(model: Model) -> Model:
    """The network with every dropout probability 0, wherever it came from: the cases were recorded so.

    Modules that drop have ``p``; attention that calls a function instead keeps a number named after dropout, or reads
    it from the configuration of its encoder.
    """
    for module in model.modules():
        if isinstance(module, nn.modules.dropout._DropoutNd):
            module.p = 0.0
        for holder in (module, getattr(module, "config", None)):
            for name, value in list(vars(holder).items() if holder is not None else ()):
                if "drop" in name and isinstance(value, float):
                    setattr(holder, name, 0.0)
    return model


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
