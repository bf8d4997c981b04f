"""The gradients of one optimizer step, in one process or in several that share out its batches.

Several processes train through accelerate's `DistributedDataParallel`. It averages gradients over the processes; the
loop wants what one process would have, so each loss is multiplied by their number. Each process adds up gradients of
its own (`no_sync`) until its last batch of the step, whose way back adds them up over all. One without a batch in an
odd last step repeats a batch of the others with weight 0: the same weights get a gradient as in one process.

Nobody may fail while the others wait for its gradients. So all meet after the way forward of the last batch, where the
most fails (reading, memory, a loss that is no number); memory that runs out on the very last way back ends the launch
(`cmivqa_kit.runs.processes.FailedAlone`).
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

import torch
from accelerate import Accelerator
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from cmivqa_kit.errors import RunFailed
from cmivqa_kit.runs.device import on_device
from cmivqa_kit.runs.directory import RunDirectory
from cmivqa_kit.runs.processes import FailedAlone
from cmivqa_kit.training.rivals import Rivals

if TYPE_CHECKING:
    from cmivqa_kit.training.loop import Task

OUT_OF_MEMORY = (
    "Use a smaller encoder, --set train.precision=bf16, train.checkpointing=true, fewer train.batch_tokens, or shorter "
    "windows; then: cmivqa train --resume RUN"
)


class WholeLoss(nn.Module):
    """A network as a module whose output is a loss: `DistributedDataParallel` then sees which weights the loss used.

    It cannot tell from what the network puts out: a task may call a part of it, call it twice or leave an output alone.
    """

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model
        # Torch warns on standard error where none of the weights is unused, although that may change with any batch.
        self.unused = nn.Parameter(torch.zeros(1))

    def forward(self, loss: Callable[[], Tensor]) -> Tensor:
        """What ``loss`` computes with the network. A function, since a wrapper would move the tensors of a batch."""
        return loss()


class Gradients:
    """Computes the gradients of optimizer steps and leaves them in the parameters, the same in every process."""

    def __init__(
        self, task: Task, model: nn.Module, accelerator: Accelerator, run: RunDirectory, rivals: Rivals
    ) -> None:  # fmt: skip
        """Give all processes the weights of the main one.

        Args:
            task: what is trained.
            model: its network, on its device.
            accelerator: of `cmivqa_kit.runs.device.accelerator_on`.
            run: where a failure happened, the seed of dropout and the processes.
            rivals: which are updated before each way back; where there are any, in one process alone.

        Raises:
            FailedTogether: a process failed on its way here.
        """
        self.task, self.model, self.accelerator, self.run = task, model, accelerator, run
        self.rivals = rivals
        self.shared: nn.Module = WholeLoss(model)
        if run.group.count > 1:
            run.group.check()  # making the wrapper is a meeting of its own, at which nobody may be missing
            wrapper: DistributedDataParallel = accelerator.prepare_model(self.shared)
            # Buffers went around with the weights, and no batch changes them. Sent before every batch, they would have
            # the others wait there for a process that failed before its own.
            wrapper.broadcast_buffers = False
            self.shared = wrapper

    def add(self, epoch: int, batches: range, average: bool) -> float:
        """Add the gradients of an optimizer step to those that are there.

        Args:
            epoch: number of the epoch.
            batches: of the step, those of all processes.
            average: divide the sum of the losses by the number of batches.

        Returns:
            The mean loss of the batches, the same in every process.

        Raises:
            RunFailed: the loss is not a number, or memory ran out.
            FailedTogether: this happened in another process.
            FailedAlone: memory ran out while the others wait.
        """
        group = self.run.group
        own = group.share(batches)
        weight, parts = group.count if own else 0, len(batches) if average else 1
        *earlier, last = own or batches[-1:]
        mean = 0.0
        for index in earlier:
            with self.accelerator.no_sync(self.shared):
                value = self._loss(epoch, index)
                mean += float(value.detach()) / len(batches)
                with self._memory(epoch, index):
                    self.accelerator.backward(value * weight / parts)
        value = self._loss(epoch, last)
        if own:
            mean += float(value.detach()) / len(batches)
        (mean,) = group.sum([mean])
        try:
            with self._memory(epoch, last):
                self.accelerator.backward(value * weight / parts)
        except RunFailed as error:
            if group.count == 1:
                raise
            raise FailedAlone.of(error) from error
        return mean

    def _loss(self, epoch: int, index: int) -> Tensor:
        """The loss of one batch, a number."""
        # Dropout depends on the batch, not on what this process did before: the same in every process, and on resume.
        torch.manual_seed(random.Random(f"dropout {self.run.seed} {epoch} {index}").getrandbits(63))
        with self._memory(epoch, index):
            batch = self.rivals.update(self.model, on_device(self.task.batch(epoch, index), self.accelerator.device))
            with self.accelerator.autocast(), self.rivals.constant():
                value: Tensor = self.shared(partial(self.task.loss, self.model, batch))
            losses = {f"loss of {name}": loss for name, loss in self.rivals.losses.items()}
            losses["loss"] = float(value.detach())
        for name, loss in losses.items():
            if not math.isfinite(loss):
                raise RunFailed(
                    f"{self.run.path}: the {name} is {loss} at epoch {epoch}, batch {index}",
                    "Lower the learning rate or train without mixed precision (--set train.precision=no).",
                )
        return value

    @contextmanager
    def _memory(self, epoch: int, index: int) -> Iterator[None]:
        """Say plainly where memory ran out."""
        try:
            yield
        except torch.OutOfMemoryError as error:
            raise RunFailed(f"{self.run.path}: out of memory at epoch {epoch}, batch {index}", OUT_OF_MEMORY) from error
