"""Training state on disk: weights and optimizer moments as safetensors, the rest as JSON. Nothing is ever unpickled.

A state is a folder ``state-<step>`` that appears whole; the one before it is removed afterwards. accelerate's own
reload would unpickle the optimizer, so it is not used.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import tempfile
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from cmivqa_kit.errors import NotWritten, UserError
from cmivqa_kit.neural.weights import load_weights, plain_tensors, write_tensors
from cmivqa_kit.runs.directory import STATE_RECORD, WEIGHTS, resume_states

MOMENTS = "moments.safetensors"


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
    metric: str = ""  # the dev metric that decides

    def after(self, index: int, batches: int, loss: float) -> Position:
        """One optimizer step further; the running loss is an average over about 100 steps."""
        running = loss if self.step == 0 else self.loss + (loss - self.loss) / min(self.step + 1, 100)
        ended = index >= batches
        return replace(
            self, epoch=self.epoch + ended, index=0 if ended else index, step=self.step + 1, loss=running
        )  # fmt: skip

    def after_evaluation(self, metric: str, value: float, better: bool) -> Position:
        """After a dev evaluation: the metric that decides, its value, and whether that is a new best."""
        if better:
            return replace(self, best=value, best_step=self.step, stale=0, metric=metric)
        return replace(self, stale=self.stale + 1, metric=metric)


def save_state(run: Path, model: nn.Module, optimizer: torch.optim.Optimizer, at: Position) -> None:
    """Write everything needed to go on from here bit for bit on the CPU.

    Raises:
        NotWritten: the disk is full; the state before stays.
    """
    target = run / f"state-{at.step}"
    if target.exists():
        return
    temporary = Path(tempfile.mkdtemp(prefix=".state-", dir=run))
    try:
        moments, scalars = _flatten(optimizer.state_dict()["state"])
        write_tensors(plain_tensors(model.state_dict()), temporary / WEIGHTS)
        write_tensors(moments, temporary / MOMENTS)
        rest = {"position": asdict(at), "scalars": scalars}
        (temporary / STATE_RECORD).write_text(json.dumps(rest), encoding="utf-8")
        for path in temporary.iterdir():
            with path.open("rb") as stream:
                os.fsync(stream.fileno())
        temporary.replace(target)
    except OSError as error:
        shutil.rmtree(temporary, ignore_errors=True)
        raise NotWritten(
            f"{target}: could not be written ({error.strerror or error}); the state before it stays",
            f"Free some space, then go on: cmivqa train --resume {shlex.quote(str(run))}",
        ) from None
    for old in run.glob("state-*"):
        if old != target:
            shutil.rmtree(old, ignore_errors=True)


def load_state(run: Path, model: nn.Module, optimizer: torch.optim.Optimizer) -> Position:
    """Bring network and optimizer to the newest state of a run; random numbers depend on the position alone.

    Raises:
        UserError: there is no state, or it does not fit this network.
    """
    states = resume_states(run)
    if not states:
        raise UserError(f"{run}: no state to resume from", "It was stopped before the first one; train anew.")
    newest = states[-1]
    load_weights(model, newest / WEIGHTS)
    rest = json.loads((newest / STATE_RECORD).read_text(encoding="utf-8"))
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
