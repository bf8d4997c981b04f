"""Training state on disk: weights and optimizer moments as safetensors, the rest as JSON. Nothing is ever unpickled.

A state is a folder ``state-<step>`` that appears whole; the one before it is removed afterwards. accelerate's own
reload would unpickle the optimizer, so it is not used.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from cmivqa_kit.errors import RunFailed, UserError
from cmivqa_kit.files import atomic_path

MODEL, MOMENTS, REST = "model.safetensors", "moments.safetensors", "state.json"


@dataclass(frozen=True, slots=True)
class Position:
    """Where training stands: next batch ``index`` of ``epoch``, optimizer steps done, running loss, the best so far."""

    epoch: int = 0
    index: int = 0
    step: int = 0
    loss: float = 0.0
    best: float | None = None
    best_step: int = 0
    stale: int = 0

    def after(self, index: int, batches: int, loss: float) -> Position:
        """One optimizer step further; the running loss is an average over about 100 steps."""
        running = loss if self.step == 0 else self.loss + (loss - self.loss) / min(self.step + 1, 100)
        ended = index >= batches
        return replace(
            self, epoch=self.epoch + ended, index=0 if ended else index, step=self.step + 1, loss=running
        )  # fmt: skip

    def judged(self, value: float, better: bool) -> Position:
        """After a dev evaluation."""
        if better:
            return replace(self, best=value, best_step=self.step, stale=0)
        return replace(self, stale=self.stale + 1)


def save_weights(model: nn.Module, path: Path) -> None:
    """Write the weights of a network as safetensors, whole or not at all.

    Raises:
        RunFailed: the disk is full.
    """
    with atomic_path(path) as temporary:
        _save(_plain(model.state_dict()), temporary, {"format": "pt"})


def load_weights(model: nn.Module, path: Path) -> None:
    """Read weights written by `save_weights`.

    Raises:
        UserError: the file is missing, damaged, or of another network.
    """
    try:
        model.load_state_dict(load_file(path))
    except (OSError, RuntimeError, ValueError) as error:
        first = str(error).splitlines()[0]
        raise UserError(
            f"{path}: cannot be loaded into this network ({first})", "Train again, or copy the run again."
        ) from error
    except Exception as error:  # safetensors raises an exception type of its own for damaged files
        raise UserError(f"{path}: damaged ({error})", "Train again, or copy the run again.") from error


def save_state(run: Path, model: nn.Module, optimizer: torch.optim.Optimizer, at: Position) -> None:
    """Write everything needed to go on from here bit for bit on the CPU.

    Raises:
        RunFailed: the disk is full; the state before stays.
    """
    target = run / f"state-{at.step}"
    if target.exists():
        return
    temporary = Path(tempfile.mkdtemp(prefix=".state-", dir=run))
    try:
        moments, scalars = _flatten(optimizer.state_dict()["state"])
        _save(_plain(model.state_dict()), temporary / MODEL)
        _save(moments, temporary / MOMENTS)
        rest = {"position": asdict(at), "scalars": scalars}
        (temporary / REST).write_text(json.dumps(rest), encoding="utf-8")
        for path in temporary.iterdir():
            with path.open("rb") as stream:
                os.fsync(stream.fileno())
        temporary.replace(target)
    except OSError as error:
        shutil.rmtree(temporary, ignore_errors=True)
        raise RunFailed(
            f"{target}: could not be written ({error.strerror or error}); the state before it stays",
            "Free some space, then: cmivqa train --resume RUN",
        ) from None
    for old in run.glob("state-*"):
        if old != target:
            shutil.rmtree(old, ignore_errors=True)


def _save(tensors: dict[str, Tensor], path: Path, metadata: dict[str, str] | None = None) -> None:
    try:
        save_file(tensors, path, metadata=metadata)
    except SafetensorError as error:  # its own name for a full disk
        raise OSError(str(error)) from error


def has_state(run: Path) -> bool:
    """True where a run can be resumed."""
    return bool(_states(run))


def _states(run: Path) -> list[Path]:
    """The whole states of a run, oldest first."""
    return sorted((p for p in run.glob("state-*") if (p / REST).is_file()), key=lambda p: int(p.name.split("-")[1]))


def load_state(run: Path, model: nn.Module, optimizer: torch.optim.Optimizer) -> Position:
    """Bring network and optimizer to the newest state of a run; random numbers depend on the position alone.

    Raises:
        UserError: there is no state, or it does not fit this network.
    """
    states = _states(run)
    if not states:
        raise UserError(f"{run}: no state to resume from", "It was stopped before the first one; train anew.")
    newest = states[-1]
    load_weights(model, newest / MODEL)
    rest = json.loads((newest / REST).read_text(encoding="utf-8"))
    moments = load_file(newest / MOMENTS)
    state: dict[int, dict[str, Any]] = {}
    for name, tensor in moments.items():
        number, _, key = name.partition(".")
        state.setdefault(int(number), {})[key] = tensor
    for name, value in rest["scalars"].items():
        number, _, key = name.partition(".")
        state.setdefault(int(number), {})[key] = value
    whole = optimizer.state_dict()
    optimizer.load_state_dict({**whole, "state": state})
    return Position(**rest["position"])


def _plain(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Contiguous copies on the CPU; safetensors refuses tensors that share memory."""
    return {name: tensor.detach().to("cpu", copy=True).contiguous() for name, tensor in tensors.items()}


def _flatten(state: dict[int, dict[str, Any]]) -> tuple[dict[str, Tensor], dict[str, Any]]:
    tensors: dict[str, Tensor] = {}
    scalars: dict[str, Any] = {}
    for number, values in state.items():
        for key, value in values.items():
            if isinstance(value, Tensor):
                tensors[f"{number}.{key}"] = value.detach().to("cpu", copy=True).contiguous()
            else:
                scalars[f"{number}.{key}"] = value
    return tensors, scalars
