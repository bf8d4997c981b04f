"""The training loop: one, visible, on accelerate.

A baseline hands over a `Task`: its network, optimizer, batches that depend on (seed, epoch, index) only, a loss, a
learning-rate multiplier per step and a dev evaluation. The loop does the rest: mixed precision, gradient accumulation,
clipping, dev evaluation every N steps or epochs, best and last weights, early stopping, and state on disk from which a
killed run goes on bit for bit (on CPU).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Protocol

import torch
from accelerate import Accelerator
from accelerate.utils import set_seed
from torch import Tensor, nn

from cmivqa_kit.errors import RunFailed
from cmivqa_kit.training.device import accelerator_on, without_denormals
from cmivqa_kit.training.run import OUTCOME, RunDirectory
from cmivqa_kit.training.state import Position, load_state, save_state, save_weights

BEST, LAST = "model.safetensors", "last.safetensors"


class Task(Protocol):
    """What a baseline gives to the loop. Everything random depends on (seed, epoch, index), never on global state."""

    model: nn.Module
    optimizer: torch.optim.Optimizer

    def __len__(self) -> int:
        """Batches in an epoch."""
        ...

    def batch(self, epoch: int, index: int) -> Mapping[str, Any]:
        """Batch ``index`` of an epoch; tensors on the CPU."""
        ...

    def loss(self, model: nn.Module, batch: Mapping[str, Any]) -> Tensor:
        """The scalar that is minimised."""
        ...

    def multiplier(self, step: int) -> float:
        """What the learning rates are multiplied with at optimizer step ``step`` (from 0)."""
        ...

    def evaluate(self, model: nn.Module) -> Mapping[str, float]:
        """Dev metrics, the one that decides (higher is better) first; empty where there is no dev split."""
        ...


@dataclass(frozen=True, slots=True)
class LoopSettings:
    """Section ``[train]`` of a baseline's settings."""

    epochs: int = 1
    accumulation: int = 1  # batches per optimizer step
    average: bool = True  # divide the loss by ``accumulation``; the published CCGS sums
    clip: float = 1.0  # largest gradient norm; 0: no clipping
    precision: str = "no"  # no, bf16, fp16
    evaluate_every: int = 0  # optimizer steps between dev evaluations; 0: after every epoch
    patience: int = 0  # evaluations without a new best before stopping; 0: never stop early
    save_every: int = 200  # optimizer steps between states on disk
    max_steps: int = 0  # stop after this many optimizer steps; 0: after ``epochs``
    tracker: str = ""  # "tensorboard": accelerate's tracker beside metrics.jsonl

    @classmethod
    def of(cls, table: Mapping[str, Any]) -> LoopSettings:
        """From a settings table; keys that are not the loop's are left to the baseline."""
        return cls(**{name: table[name] for name in cls.__dataclass_fields__ if name in table})

    def steps(self, batches: int) -> int:
        """Optimizer steps of a whole training with so many batches in an epoch."""
        return self.max_steps or self.epochs * math.ceil(batches / self.accumulation)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How training ended: optimizer steps, the step with the best dev value, that value, the last mean loss."""

    steps: int
    best_step: int
    best: float | None
    loss: float


@without_denormals()
def train_loop(
    task: Task,
    run: RunDirectory,
    settings: LoopSettings,
    resume: bool = False,
) -> Outcome:
    """Train on ``run.device`` and leave the best weights in ``model.safetensors``, the last in ``last.safetensors``.

    Raises:
        RunFailed: the loss is not a number, or memory ran out; the last state stays, and ``resume`` goes on from it.
        UserError: nothing to resume, or no such device.
    """
    accelerator = accelerator_on(run.device, settings.precision, settings.tracker, run.path)
    set_seed(run.seed)
    if settings.tracker:
        accelerator.init_trackers("cmivqa")
    model, optimizer = accelerator.prepare(task.model, task.optimizer)
    rates = [group["lr"] for group in optimizer.param_groups]
    at = Position()
    if resume:
        at = load_state(run.path, accelerator.unwrap_model(model), optimizer)
        run.forget_after(at.step)
    batches = len(task)
    steps_per_epoch = math.ceil(batches / settings.accumulation)
    total = settings.steps(batches)
    every = settings.evaluate_every or steps_per_epoch
    saved = at.step
    while at.step < total:
        # One optimizer step: the batches of one accumulation group, which never crosses the end of an epoch.
        first = at.index
        group = range(first, min(first + settings.accumulation, batches))
        for parameters, rate in zip(optimizer.param_groups, rates, strict=True):
            parameters["lr"] = rate * task.multiplier(at.step)
        model.train()
        loss = 0.0
        for index in group:
            batch = {k: v.to(accelerator.device) if isinstance(v, Tensor) else v
                     for k, v in task.batch(at.epoch, index).items()}  # fmt: skip
            try:
                with accelerator.autocast():
                    value = task.loss(model, batch)
                if not torch.isfinite(value):
                    raise RunFailed(
                        f"{run.path}: the loss is {value.item()} at epoch {at.epoch}, batch {index}",
                        "Lower the learning rate or train without mixed precision (--set train.precision=no).",
                    )
                accelerator.backward(value / len(group) if settings.average else value)
            except torch.OutOfMemoryError as error:
                raise RunFailed(
                    f"{run.path}: out of memory at epoch {at.epoch}, batch {index}", OUT_OF_MEMORY
                ) from error
            loss += float(value.detach()) / len(group)
        if settings.clip:
            accelerator.clip_grad_norm_(model.parameters(), settings.clip)
        optimizer.step()
        optimizer.zero_grad()
        at = at.after(group.stop, batches, loss)
        run.progress(at.step, total, at.loss)
        if at.step % every == 0 or at.step == total:
            at = _evaluate(task, run, model, accelerator, at)
        if at.step - saved >= settings.save_every or at.step == total:
            save_state(run.path, accelerator.unwrap_model(model), optimizer, at)
            saved = at.step
        if settings.patience and at.stale >= settings.patience:
            break
    plain = accelerator.unwrap_model(model)
    save_weights(plain, run.path / LAST)
    if at.best is None:  # no dev split: the last weights are the ones to use
        save_weights(plain, run.path / BEST)
    accelerator.end_training()
    outcome = Outcome(at.step, at.best_step, at.best, at.loss)
    run.write(OUTCOME, asdict(outcome))
    return outcome


OUT_OF_MEMORY = "Use a smaller encoder, --set train.precision=bf16, or shorter windows; then: cmivqa train --resume RUN"


def _evaluate(task: Task, run: RunDirectory, model: nn.Module, accelerator: Accelerator, at: Position) -> Position:
    """Dev metrics into the log; a new best goes to ``model.safetensors``. Random state is as before afterwards."""
    random_state = torch.get_rng_state()
    model.eval()
    with torch.no_grad():
        metrics = dict(task.evaluate(accelerator.unwrap_model(model)))
    torch.set_rng_state(random_state)
    run.log({"step": at.step, "epoch": at.epoch, "loss": at.loss, **metrics})
    accelerator.log({"loss": at.loss, **metrics}, step=at.step)
    if not metrics:
        return at
    value = next(iter(metrics.values()))
    better = at.best is None or value > at.best
    if better:
        save_weights(accelerator.unwrap_model(model), run.path / BEST)
    return at.judged(value, better)
