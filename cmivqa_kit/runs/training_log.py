"""What a training logged in its ``metrics.jsonl``, as curves over its optimizer steps."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cmivqa_kit.data.numbers import is_finite
from cmivqa_kit.files import read_bytes

LOG = "metrics.jsonl"
LOSS = "loss"
DECIDING = ("Overall", "Average", "mIoU")  # dev metrics that boards rank by; of a run whose record names none
_POSITION = ("step", "epoch")
_MOST = 2**53  # steps; what is larger is damage
Curve = tuple[tuple[int, float], ...]  # (optimizer step, value), in the order of the steps


@dataclass(frozen=True, slots=True)
class TrainingLog:
    """The figures of a training over its optimizer steps.

    Attributes:
        curves: by name (``loss``, ``Overall``, ``loss_NAME`` of a rival); only finite values stand in them.
        damaged: lines that could not be read.
    """

    curves: Mapping[str, Curve] = field(default_factory=dict)
    damaged: int = 0

    @property
    def losses(self) -> tuple[str, ...]:
        """The names of the training's own figures: the loss, those of rivals, the learning rate's factor."""
        return tuple(name for name in self.curves if name in (LOSS, "rate") or name.startswith(f"{LOSS}_"))

    @property
    def metrics(self) -> tuple[str, ...]:
        """The names of the dev metrics, in the order of the alphabet."""
        return tuple(sorted(set(self.curves) - set(self.losses)))

    def deciding(self, named: str = "") -> str | None:
        """The dev metric that decides: the one that the run names, else what boards rank by, else the first."""
        return next((name for name in (named, *DECIDING, *self.metrics) if name in self.metrics), None)


def read_log(run: Path) -> TrainingLog:
    """The log of a run; empty where it logged nothing (a system that learns in one pass).

    Raises:
        UserError: the file is there and cannot be read.
    """
    path = run / LOG
    if not path.is_file():
        return TrainingLog()
    curves: dict[str, dict[int, float]] = {}
    damaged = 0
    for line in read_bytes(path, "log of a run").decode("utf-8", "replace").split("\n"):
        if not line.strip():
            continue
        try:
            step, figures = _figures(line)
        except (ValueError, RecursionError):
            damaged += 1
            continue
        for name, value in figures.items():
            if name not in _POSITION and is_finite(value):
                curves.setdefault(name, {})[step] = float(value)  # what was logged again counts
    return TrainingLog({name: tuple(sorted(values.items())) for name, values in curves.items()}, damaged)


def _figures(line: str) -> tuple[int, dict[str, Any]]:
    """The step and the figures of a line.

    Raises:
        ValueError, RecursionError: it is damaged.
    """
    figures = json.loads(line)
    step = figures.get("step") if isinstance(figures, dict) else None
    if not isinstance(step, int) or isinstance(step, bool) or not 0 <= step <= _MOST:
        raise ValueError(line)
    return step, figures
