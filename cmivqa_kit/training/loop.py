"""The training loop: one, visible, on accelerate.

A baseline hands over a `Task`: its network, optimizer, batches that depend on (seed, epoch, index) only, a loss, a
learning-rate multiplier per step and a dev evaluation. The loop does the rest: mixed precision, gradient accumulation,
clipping, dev evaluation every N steps or epochs, best and last weights, early stopping, and state on disk from which a
killed run goes on bit for bit (on CPU).

A task may have more: rival networks that learn first in every step (`cmivqa_kit.training.rivals`), learning rates that
react to dev evaluations (`cmivqa_kit.training.reacting_rate`). Where its examples come from is its own affair.

Several processes share out the batches of each optimizer step (`cmivqa_kit.training.gradients`), so that a run takes
the same steps however many they are: ``accumulation`` counts the batches of all of them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Any, Protocol

import torch
from accelerate import Accelerator
from torch import Tensor, nn

from cmivqa_kit.neural.weights import save_weights
from cmivqa_kit.runs.device import accelerator_on, without_denormals
from cmivqa_kit.runs.directory import LAST_WEIGHTS, OUTCOME, WEIGHTS, RunDirectory
from cmivqa_kit.training.gradients import OUT_OF_MEMORY, Gradients
from cmivqa_kit.training.reacting_rate import ReactsToDev
from cmivqa_kit.training.requirements import require_settings_for
from cmivqa_kit.training.resume_state import Position, load_state, save_state
from cmivqa_kit.training.rivals import Rivals

__all__ = ["OUT_OF_MEMORY", "LoopSettings", "Outcome", "Task", "train_loop"]


class Task(Protocol):
    """What a baseline gives to the loop. Everything random depends on (seed, epoch, index), never on global state.

    Dropout alone draws from torch's own generator, which the loop sets anew for every batch.
    """

    model: nn.Module
    optimizer: torch.optim.Optimizer

    def batches(self, epoch: int) -> int:
        """Batches in an epoch."""
        ...

    def batch(self, epoch: int, index: int) -> Mapping[str, Any]:
        """Batch ``index`` of an epoch; tensors on the CPU."""
        ...

    def loss(self, model: nn.Module, batch: Mapping[str, Any]) -> Tensor:
        """The scalar that is minimised, a mean over the examples of the batch."""
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
    accumulation: int = 1  # batches per optimizer step, those of all processes together
    average: bool = True  # divide the loss by ``accumulation``; the published CCGS sums
    clip: float = 1.0  # largest gradient norm; 0: no clipping
    precision: str = "no"  # no, bf16, fp16
    evaluate_every: int = 0  # optimizer steps between dev evaluations; 0: after every epoch
    patience: int = 0  # evaluations without a new best before stopping; 0: never stop early
    save_every: int = 200  # optimizer steps between states on disk
    log_every: int = 50  # optimizer steps between lines about the loss in metrics.jsonl; 0: at dev evaluations only
    max_steps: int = 0  # stop after this many optimizer steps; 0: after ``epochs``
    tracker: str = ""  # "tensorboard": accelerate's tracker beside metrics.jsonl

    @classmethod
    def of(cls, table: Mapping[str, Any]) -> LoopSettings:
        """The loop's settings in a table; other keys are left to the baseline."""
        return cls(**{name: table[name] for name in cls.__dataclass_fields__ if name in table})

    def steps(self, task: Task) -> int:
        """Optimizer steps of a whole training."""
        return self.max_steps or sum(self.steps_of(task, epoch) for epoch in range(self.epochs))

    def steps_of(self, task: Task, epoch: int) -> int:
        """Optimizer steps of one epoch; the last may have fewer batches than the others."""
        return math.ceil(task.batches(epoch) / self.accumulation)


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
        UserError: nothing to resume, no such device, or settings that do not go with the task or the processes.
    """
    group = run.group
    require_settings_for(task, settings, group.count)
    accelerator = accelerator_on(run.device, settings.precision, settings.tracker, run.path, group.count)
    if settings.tracker:
        accelerator.init_trackers("cmivqa")
    # "Evaluation mode" only means: on its device and in its precision, bare. Evaluation and the files want it so;
    # `Gradients` wraps it for several processes.
    model = accelerator.prepare_model(task.model, evaluation_mode=True)
    optimizer = accelerator.prepare_optimizer(task.optimizer)
    rates = [parameters["lr"] for parameters in optimizer.param_groups]
    rivals = Rivals(task, accelerator)
    at = Position()
    if resume:
        at = load_state(run.path, model, optimizer, rivals.rivals)
    run.forget_after(at.step if resume else -1)  # of a training that begins again, everything
    gradients = Gradients(task, model, accelerator, run, rivals)
    total = settings.steps(task)
    saved = at.step
    while at.step < total:
        # One optimizer step: the batches of one accumulation group, which never crosses the end of an epoch.
        batches = task.batches(at.epoch)
        step = range(at.index, min(at.index + settings.accumulation, batches))
        for parameters, rate in zip(optimizer.param_groups, rates, strict=True):
            parameters["lr"] = rate * task.multiplier(at.step) * at.rate.factor
        model.train()
        loss = gradients.add(at.epoch, step, settings.average)
        if settings.clip:
            accelerator.clip_grad_norm_(model.parameters(), settings.clip)
        optimizer.step()
        optimizer.zero_grad()
        at = at.after(step.stop, batches, loss)
        run.progress(at.step, total, at.loss)
        beside = {f"loss_{name}": value for name, value in rivals.losses.items()}
        if isinstance(task, ReactsToDev):
            beside["rate"] = at.rate.factor
        due = at.step % settings.evaluate_every == 0 if settings.evaluate_every else at.index == 0
        if due or at.step == total:
            at = group.first(partial(_evaluate, task, run, model, accelerator, at, beside))
            if isinstance(task, ReactsToDev):
                at = replace(at, rate=task.react(at.rate, better=at.stale == 0))
        elif settings.log_every and at.step % settings.log_every == 0:
            _log(run, accelerator, at, beside)
        if at.step - saved >= settings.save_every or at.step == total:
            group.first(partial(save_state, run.path, model, optimizer, at, rivals.rivals))
            saved = at.step
        if settings.patience and at.stale >= settings.patience:
            break
    if group.main:
        save_weights(model, run.path / LAST_WEIGHTS)
        if at.best is None:  # no dev split: the last weights are the ones to use
            save_weights(model, run.path / WEIGHTS)
    for tracker in accelerator.trackers:  # `end_training` would part the processes too
        tracker.finish()
    outcome = Outcome(at.step, at.best_step, at.best, at.loss)
    run.write(OUTCOME, {**asdict(outcome), "metric": at.metric})
    return outcome


def _evaluate(
    task: Task, run: RunDirectory, model: nn.Module, accelerator: Accelerator, at: Position, beside: Mapping[str, float]
) -> Position:  # fmt: skip
    """Dev metrics into the log, ``beside`` others; a new best goes to ``model.safetensors``. No number is never one."""
    model.eval()
    with torch.no_grad():
        metrics = dict(task.evaluate(model))
    _log(run, accelerator, at, {**beside, **metrics})
    if not metrics:
        return at
    metric, value = next(iter(metrics.items()))
    better = not math.isnan(value) and (at.best is None or value > at.best)
    if better:
        save_weights(model, run.path / WEIGHTS)
    run.dev_progress.evaluation(at.step, metrics, better)
    return at.after_evaluation(metric, value, better)


def _log(run: RunDirectory, accelerator: Accelerator, at: Position, metrics: Mapping[str, float]) -> None:
    """A line about the running loss, and other figures where there are any, for ``metrics.jsonl`` and the tracker."""
    run.log({"step": at.step, "epoch": at.epoch, "loss": at.loss, **metrics})
    accelerator.log({"loss": at.loss, **metrics}, step=at.step)
