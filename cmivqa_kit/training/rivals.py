"""Rival networks: in every optimizer step they learn first, each by its own loss and optimizer, then the network does.

A discriminator tells two kinds of states apart, and the network learns to deceive it. A step, in the order of NRCCR
(arXiv 2208.12526): the network's way forward; every rival's update on the states that came of it, detached; the
network's loss, which asks the rivals as they are now. No gradient of the one reaches the weights of the other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import torch
from accelerate import Accelerator
from torch import Tensor, nn

if TYPE_CHECKING:
    from cmivqa_kit.training.loop import Task


@dataclass(frozen=True, slots=True)
class Rival:
    """A network that learns against the one that is trained.

    Attributes:
        name: a word of letters, in the log (``loss_NAME``) and in the names of its files in a state.
        model: its network, its weights drawn by the run's seed; it always is in training mode.
        optimizer: of its weights; its rates stay as they are.
        loss: the scalar that it minimises, of its network and of a batch joined with the detached states.
        clip: largest norm of its gradient; 0: no clipping.
    """

    name: str
    model: nn.Module
    optimizer: torch.optim.Optimizer
    loss: Callable[[nn.Module, Mapping[str, Any]], Tensor]
    clip: float = 0.0

    @property
    def parameters(self) -> list[nn.Parameter]:
        """What its optimizer changes."""
        return [parameter for group in self.optimizer.param_groups for parameter in group["params"]]


@runtime_checkable
class HasRivals(Protocol):
    """A task (`cmivqa_kit.training.loop.Task`) whose network learns against rivals.

    Its ``loss`` is given the batch joined with what `encode` gave, and may ask the rivals, whose weights are constants
    there. A step has one batch, in one process, and no fp16: `cmivqa_kit.training.requirements` says why.
    """

    rivals: Sequence[Rival]  # in the order of their updates

    def encode(self, model: nn.Module, batch: Mapping[str, Any]) -> Mapping[str, Tensor]:
        """The states that the losses of all are made of, by names that no part of the batch has."""
        ...


class Rivals:
    """The rivals of a task, on its device; none for most.

    Attributes:
        rivals: in the order of their updates.
        losses: of the last update, by name.
    """

    def __init__(self, task: Task, accelerator: Accelerator) -> None:
        self.task, self.accelerator = task, accelerator
        self.rivals: tuple[Rival, ...] = tuple(task.rivals) if isinstance(task, HasRivals) else ()
        self.losses: dict[str, float] = {}
        for rival in self.rivals:
            accelerator.prepare_model(rival.model, evaluation_mode=True).train()

    def update(self, model: nn.Module, batch: Mapping[str, Any]) -> Mapping[str, Any]:
        """Update every rival once.

        Args:
            model: the network, whose weights stay as they are.
            batch: on the device.

        Returns:
            The batch joined with the states; as it is where there are no rivals.
        """
        if not isinstance(self.task, HasRivals):
            return batch
        with self.accelerator.autocast():
            states = self.task.encode(model, batch)
        detached = {**batch, **{name: tensor.detach() for name, tensor in states.items()}}
        for rival in self.rivals:
            self.losses[rival.name] = self._update(rival, detached)
        return {**batch, **states}

    def _update(self, rival: Rival, batch: Mapping[str, Any]) -> float:
        # An autocast of its own: none is around a way back, and none keeps half-precision copies of weights that an
        # update has changed since.
        with self.accelerator.autocast():
            value = rival.loss(rival.model, batch)
        rival.optimizer.zero_grad()
        self.accelerator.backward(value, inputs=rival.parameters)  # whatever else the loss may have been made of
        if rival.clip:
            nn.utils.clip_grad_norm_(rival.parameters, rival.clip)
        rival.optimizer.step()
        rival.optimizer.zero_grad()
        return float(value.detach())

    @contextmanager
    def constant(self) -> Iterator[None]:
        """Inside, the weights of the rivals are constants of the network's loss; its slopes still come through them."""
        changed = [p for rival in self.rivals for p in rival.parameters if p.requires_grad]
        for parameter in changed:
            parameter.requires_grad_(False)
        try:
            yield
        finally:
            for parameter in changed:
                parameter.requires_grad_(True)
