"""What a training will take, measured on a few of its own batches before it starts."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from cmivqa_kit.errors import RunFailed
from cmivqa_kit.memory import peak_memory
from cmivqa_kit.plugin.types import Plan
from cmivqa_kit.runs.device import accelerator_on, on_device, resolve, without_denormals
from cmivqa_kit.training.loop import OUT_OF_MEMORY, LoopSettings, Task
from cmivqa_kit.training.requirements import require_settings_for
from cmivqa_kit.training.rivals import Rivals

QUANTILES = (0.0, 0.25, 0.5, 0.75, 1.0)  # of the batches' sizes


def plan_of(
    task: Task, settings: LoopSettings, device: str, *, usable: int, pairs: int, dropped: Mapping[str, int], asked: int,
    evaluation: float,
) -> Plan:  # fmt: skip
    """What training ``task`` will take, measured on a few of its batches.

    Args:
        task: what is trained; its weights change.
        settings: of the loop.
        device: where, e.g. ``auto``.
        usable: questions that could be trained on.
        pairs: how many of them are.
        dropped: questions left out, by reason.
        asked: dev questions of an evaluation.
        evaluation: what one evaluation costs, in epochs.

    Raises:
        UserError: no such device, or settings that do not go with the task.
        RunFailed: the largest batch does not fit into memory.
    """
    require_settings_for(task, settings)
    steps = settings.steps(task)
    epochs = steps / settings.steps_of(task, 0)
    seconds, memory = measure(task, settings, device)
    evaluations = steps / settings.evaluate_every if settings.evaluate_every else epochs
    return Plan(
        examples=usable,
        pairs=pairs,
        batches=task.batches(0),
        epochs=settings.epochs,
        steps=steps,
        seconds=seconds * (epochs + evaluation * evaluations),
        memory=memory,
        device=str(resolve(device)),
        dropped=dict(dropped),
        dev_questions=asked,
    )


@without_denormals()
def measure(task: Task, settings: LoopSettings, device: str) -> tuple[float, int]:
    """Seconds of the first epoch and peak memory in bytes, from real steps on batches of five sizes.

    The weights change. The time of a batch is taken to depend on its size (elements of its largest tensor); between
    the measured sizes it is interpolated. Memory is the device's own count on a GPU, else the peak of this process (0
    where it cannot be told); the largest batch is among the measured ones.

    Raises:
        UserError: no such device.
        RunFailed: the largest batch does not fit into memory.
    """
    try:
        return _measure(task, settings, device)
    except torch.OutOfMemoryError as error:
        raise RunFailed("out of memory on the largest batches", OUT_OF_MEMORY) from error


def _measure(task: Task, settings: LoopSettings, device: str) -> tuple[float, int]:
    accelerator = accelerator_on(device, settings.precision, "", Path())
    model = accelerator.prepare_model(task.model)
    optimizer = accelerator.prepare_optimizer(task.optimizer)
    rivals = Rivals(task, accelerator)
    model.train()
    sizes = [_size(task, index) for index in range(task.batches(0))]
    order = np.argsort(sizes, kind="stable")
    chosen = [int(order[round(quantile * (len(order) - 1))]) for quantile in QUANTILES]

    def seconds(index: int) -> float:
        on_here = on_device(task.batch(0, index), accelerator.device)
        begin = time.perf_counter()
        batch = rivals.update(model, on_here)
        with accelerator.autocast(), rivals.constant():
            value = task.loss(model, batch)
        accelerator.backward(value)
        return _since(begin, accelerator.device)

    seconds(chosen[len(chosen) // 2])  # warms up
    optimizer.step()  # makes its moments, which take memory too
    measured = [seconds(index) for index in chosen]
    begin = time.perf_counter()
    optimizer.step()
    optimizer.zero_grad()
    step = _since(begin, accelerator.device)
    batches = np.interp(sizes, [sizes[index] for index in chosen], measured)
    return float(batches.sum()) + step * settings.steps_of(task, 0), _peak(accelerator.device)


def _since(begin: float, device: torch.device) -> float:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter() - begin


def _size(task: Task, index: int) -> int:
    return max((v.numel() for v in task.batch(0, index).values() if isinstance(v, Tensor)), default=0)


def _peak(device: torch.device) -> int:
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    return peak_memory()
