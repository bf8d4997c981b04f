"""Where a network runs: ``auto`` (a GPU where there is one), ``cpu``, ``cuda``, ``cuda:1``; and on how many threads."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator
from accelerate.state import AcceleratorState
from accelerate.utils import DistributedDataParallelKwargs
from torch import Tensor

from cmivqa_kit.errors import UserError

# Of several processes. A branch that no batch uses (the visual one of a text variant) has no gradient.
SHARED_GRADIENTS = DistributedDataParallelKwargs(find_unused_parameters=True)
# What `accelerate launch` and the answers of `accelerate config` ask for, where they would share out the weights too.
SHARED_WEIGHTS = {
    "ACCELERATE_USE_FSDP": "FSDP",
    "ACCELERATE_USE_DEEPSPEED": "DeepSpeed",
    "ACCELERATE_USE_MEGATRON_LM": "Megatron-LM",
}
HALF = {"bf16": torch.bfloat16, "fp16": torch.float16}


def resolve(name: str) -> torch.device:
    """The device called ``name``.

    Raises:
        UserError: no device is called so, or this machine has no such one.
    """
    if name == "auto":
        cpu = os.environ.get("ACCELERATE_USE_CPU", "").lower() in ("true", "1", "yes")  # accelerate launch --cpu
        return torch.device("cuda" if torch.cuda.is_available() and not cpu else "cpu")
    try:
        device = torch.device(name)
    except RuntimeError:
        raise UserError(f"unknown device {name!r}", "Give --device auto, cpu, cuda or cuda:1.") from None
    if device.type == "cpu":
        return device
    count = torch.cuda.device_count() if device.type == "cuda" and torch.cuda.is_available() else 0
    if (device.index or 0) >= count:
        have = f"it has {count} GPU{'s' * (count != 1)}" if count else "it has no GPU that torch can use"
        raise UserError(f"device {name!r}: not on this machine; {have}", "Give --device auto or --device cpu.")
    return device


def precision_on(device: torch.device, precision: str) -> str:
    """``no`` (float32), ``bf16`` or ``fp16``: as given, and for ``auto`` bf16 on a GPU and float32 elsewhere."""
    if precision != "auto":
        return precision
    return "bf16" if device.type == "cuda" else "no"


def autocast(device: torch.device, precision: str) -> AbstractContextManager[object]:
    """Inside, networks on ``device`` compute in a precision of `precision_on`."""
    return torch.autocast(device.type, HALF[precision]) if precision in HALF else nullcontext()


def on_device(batch: Mapping[str, Any], device: torch.device) -> dict[str, Any]:
    """A batch with its tensors on a device; what is no tensor stays as it is."""
    return {name: value.to(device) if isinstance(value, Tensor) else value for name, value in batch.items()}


@contextmanager
def threads(count: int) -> Iterator[None]:
    """At most ``count`` CPU threads (0: as many as torch takes by itself) inside, as before afterwards.

    A very small network gains nothing from several, and on busy cores they wait for each other many times longer than
    they compute.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(count or before)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def pass_threads(count: int) -> AbstractContextManager[None]:
    """`threads` for a pass that only asks a network; 0: the physical cores, or fewer where torch itself takes fewer.

    Set once around a whole pass: threads that are set anew for each batch go on spinning beside the next one. The
    second thread of a core only waits for the first.
    """
    return threads(count or min(torch.get_num_threads(), physical_cores()))


def physical_cores() -> int:
    """The cores of this machine; its logical processors where the system does not tell which of them share one."""
    try:
        told = Path("/sys/devices/system/cpu").glob("cpu[0-9]*/topology/thread_siblings_list")
        cores = {path.read_text() for path in told}
    except OSError:
        cores = set()
    return len(cores) or os.cpu_count() or 1


@contextmanager
def without_denormals() -> Iterator[None]:
    """Inside, numbers too small for the processor's fast path count as 0, where the processor can do that.

    The moments of weights that no batch touches any more (embeddings of rare tokens) fade into such numbers after about
    800 steps; a step on the CPU then takes ten times as long.
    """
    torch.set_flush_denormal(True)
    try:
        yield
    finally:
        torch.set_flush_denormal(False)


def accelerator_on(name: str, precision: str, tracker: str, folder: Path, processes: int = 1) -> Accelerator:
    """An accelerator on a device; a second one of another precision or device may follow in the same process.

    Args:
        name: as `resolve` takes it.
        precision: ``no``, ``bf16`` or ``fp16``.
        tracker: accelerate's name of one, or nothing.
        folder: where the tracker writes.
        processes: how many train together; with several, they have met already and keep their devices.

    Raises:
        UserError: no such device, half precision where it cannot be, or accelerate is to share out the weights.
    """
    _require_whole_networks()
    device = resolve(name)
    if device.type == "cpu" and precision == "fp16":
        raise UserError('train.precision = "fp16" needs a GPU, and none is used', "Give --set train.precision=no.")
    if device.index is not None and device.type == "cuda":
        torch.cuda.set_device(device)  # accelerate takes the current one

    def made() -> Accelerator:
        return Accelerator(
            mixed_precision=precision,
            cpu=device.type == "cpu",
            log_with=tracker or None,
            project_dir=str(folder),
            kwargs_handlers=[SHARED_GRADIENTS],
        )

    try:
        return made()
    except ValueError:  # the first one in a process settles precision and device for all that follow
        AcceleratorState._reset_state(reset_partial_state=processes == 1)
        return made()


def _require_whole_networks() -> None:
    """Refuse what would train wrongly: dev evaluation, states and weights take the whole network from one process."""
    for variable, method in SHARED_WEIGHTS.items():
        if os.environ.get(variable, "").lower() in ("true", "1", "yes"):
            raise UserError(
                f"accelerate is told to use {method}, which shares out the weights of a network; the kit trains with "
                "whole ones",
                "Start it with cmivqa train --gpus N, or accelerate launch --multi_gpu. Is memory short? --set "
                "train.checkpointing=true, --set train.precision=bf16, or a smaller train.batch_tokens.",
            )
