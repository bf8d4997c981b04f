"""Learning rates that react to dev evaluations: they decay with each one, and are cut where dev does not get better."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable


@dataclass(frozen=True, slots=True)
class Rate:
    """What the dev evaluations so far have made of the learning rates.

    Attributes:
        factor: what all of them are multiplied with, beside `cmivqa_kit.training.loop.Task.multiplier`.
        waited: evaluations that were waited for since the last cut.
    """

    factor: float = 1.0
    waited: int = 0


UNCHANGED = Rate()


@runtime_checkable
class ReactsToDev(Protocol):
    """A task (`cmivqa_kit.training.loop.Task`) whose learning rates react to dev evaluations."""

    def react(self, rate: Rate, better: bool) -> Rate:
        """The rate after an evaluation, which depends on the arguments alone.

        Args:
            rate: before it.
            better: it was a new best. Without a dev split always: only what does not depend on dev happens then.
        """
        ...


@dataclass(frozen=True, slots=True)
class Plateau:
    """The usual reaction, called as `ReactsToDev.react` is.

    Attributes:
        decay: factor after every evaluation (by default every epoch).
        cut: factor more where this one was not better and more than ``patience`` were waited for.
        patience: evaluations to wait for.
        restart: a new best begins the waiting anew. NRCCR as published (arXiv 2208.12526): no.
    """

    decay: float = 1.0
    cut: float = 0.5
    patience: int = 2
    restart: bool = True

    def __call__(self, rate: Rate, better: bool) -> Rate:
        """The rate after an evaluation."""
        factor = rate.factor * self.decay
        waited = 0 if better and self.restart else rate.waited + 1
        if not better and waited > self.patience:
            return Rate(factor * self.cut, 0)
        return Rate(factor, waited)
