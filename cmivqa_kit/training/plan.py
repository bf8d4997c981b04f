"""What a training will take, measured on a few of its own batches before it starts."""

from __future__ import annotations

import math
import sys
import time
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from cmivqa_kit.training.device import accelerator_on, without_denormals
from cmivqa_kit.training.loop import LoopSettings, Task

QUANTILES = (0.0, 0.25, 0.5, 0.75, 1.0)  # of the batches' sizes


@without_denormals()
def measure(task: Task, settings: LoopSettings, device: str) -> tuple[float, int]:
    """Seconds of an epoch and peak memory in bytes, from real steps on batches of five sizes. The weights change.

    The time of a batch is taken to depend on its size (elements of its largest tensor); between the measured sizes it
    is interpolated. Memory is the device's own count on a GPU, else the peak of this process (0 where it cannot be
    told); the largest batch is among the measured ones.

    Raises:
        UserError: no such device.
        torch.OutOfMemoryError: the largest batch does not fit.
    """
    accelerator = accelerator_on(device, settings.precision, "", Path())
    model, optimizer = accelerator.prepare(task.model, task.optimizer)
    model.train()
    sizes = [_size(task, index) for index in range(len(task))]
    order = np.argsort(sizes, kind="stable")
    chosen = [int(order[round(quantile * (len(order) - 1))]) for quantile in QUANTILES]

    def seconds(index: int) -> float:
        batch = {k: v.to(accelerator.device) if isinstance(v, Tensor) else v for k, v in task.batch(0, index).items()}
        begin = time.perf_counter()
        with accelerator.autocast():
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
    return float(batches.sum()) + step * math.ceil(len(sizes) / settings.accumulation), _peak(accelerator.device)


def _since(begin: float, device: torch.device) -> float:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter() - begin


def _size(task: Task, index: int) -> int:
    return max((v.numel() for v in task.batch(0, index).values() if isinstance(v, Tensor)), default=0)


def _peak(device: torch.device) -> int:
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    try:
        import resource
    except ImportError:  # Windows
        return 0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
