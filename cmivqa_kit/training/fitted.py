"""What a training came to: the run, the examples that it was really trained on, how its loop ended."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cmivqa_kit.runs.directory import EXAMPLES, OUTCOME, RunDirectory


@dataclass(frozen=True, slots=True)
class Fitted:
    """A finished run and what came of it.

    Attributes:
        run: the run.
        examples: it was really trained on.
        dropped: how many each rule left out, those of the baseline's own too.
        usable: examples that could be used: more than ``examples`` where it trains on a part.
        outcome: ``steps``, ``best_step``, ``best`` and ``metric`` of the training loop; empty for a system without it.
    """

    run: RunDirectory
    examples: int
    dropped: Mapping[str, int]
    usable: int = 0
    outcome: Mapping[str, Any] = field(default_factory=dict)


def counted(run: RunDirectory, questions: int, dropped: Mapping[str, int]) -> Fitted:
    """What a training came to by the run's own count, where the baseline keeps one."""
    outcome = run.read_object(OUTCOME, steps=int) if (run.path / OUTCOME).exists() else {}
    if not (run.path / EXAMPLES).exists():
        return Fitted(run, questions, dict(dropped), questions, outcome)
    counts = run.read_object(EXAMPLES, dropped=dict, used=int, usable=int)
    every = Counter(dropped) + Counter(counts["dropped"])
    return Fitted(run, counts["used"], dict(every), counts["usable"], outcome)
