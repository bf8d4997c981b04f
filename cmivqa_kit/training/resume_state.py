"""Training state on disk: weights and optimizer moments as safetensors, the rest as JSON. Nothing is ever unpickled.

Those of a rival network stand beside those of the network, with its name in front.

A state is a folder ``state-<step>`` that appears whole; the one before it is removed afterwards. accelerate's own
reload would unpickle the optimizer, so it is not used. ``state.json`` names the digests of all of it: training
never goes on with damaged numbers unnoticed.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from cmivqa_kit.damage import reading
from cmivqa_kit.errors import NotWritten, UserError
from cmivqa_kit.files import fingerprint, read_json, sha256
from cmivqa_kit.neural.weights import load_weights, plain_tensors, read_shapes, read_tensors, write_tensors
from cmivqa_kit.runs.directory import STATE_RECORD, WEIGHTS, resume_states
from cmivqa_kit.temporary_files import temporary_folder
from cmivqa_kit.training.reacting_rate import UNCHANGED, Rate
from cmivqa_kit.training.rivals import Rival

MOMENTS = "moments.safetensors"
Learners = Mapping[str, tuple[nn.Module, torch.optim.Optimizer]]  # the network's name is empty, rivals have theirs
FIX = "Copy the run again from where it was made, or train anew without --resume."


@dataclass(frozen=True, slots=True)
class Position:
    """Where training stands: next batch ``index`` of ``epoch``, optimizer steps done, running loss, the best so far.

    ``rate`` is what the dev evaluations have made of learning rates that react to them.
    """

    epoch: int = 0
    index: int = 0
    step: int = 0
    loss: float = 0.0
    best: float | None = None
    best_step: int = 0
    stale: int = 0
    metric: str = ""  # the dev metric that decides
    rate: Rate = UNCHANGED

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


def save_state(
    run: Path, model: nn.Module, optimizer: torch.optim.Optimizer, at: Position, rivals: Sequence[Rival] = ()
) -> None:  # fmt: skip
    """Write everything needed to go on from here bit for bit on the CPU.

    Args:
        run: the folder.
        model: the network.
        optimizer: of its weights.
        at: where training stands.
        rivals: networks that learn against it.

    Raises:
        NotWritten: the disk is full; the state before stays.
    """
    target = run / f"state-{at.step}"
    if target.exists():
        return
    learners = _learners(model, optimizer, rivals)
    try:
        with temporary_folder(run, "state") as temporary:
            scalars = {}
            for name, (network, its_optimizer) in learners.items():
                moments, scalars[name] = _flatten(its_optimizer.state_dict()["state"])
                write_tensors(plain_tensors(network.state_dict()), temporary / _file(name, WEIGHTS))
                write_tensors(moments, temporary / _file(name, MOMENTS))
            rest: dict[str, Any] = {"position": _document(at), "scalars": scalars.pop("")}
            if scalars:
                rest["rivals"] = scalars
            digests = {name: sha256(temporary / name) for name in _files(learners)}
            rest["digests"] = {**digests, STATE_RECORD: fingerprint(rest)}
            (temporary / STATE_RECORD).write_text(json.dumps(rest), encoding="utf-8")
            for path in temporary.iterdir():
                with path.open("rb") as stream:
                    os.fsync(stream.fileno())
            temporary.replace(target)
    except OSError as error:
        raise NotWritten(
            f"{target}: could not be written ({error.strerror or error}); the state before it stays",
            f"Free some space, then go on: cmivqa train --resume {shlex.quote(str(run))}",
        ) from None
    _remove_others(run, target)


def _remove_others(run: Path, target: Path) -> None:
    """Leave the state ``target`` alone, also of one that was being removed when a training was killed."""
    for old in run.glob("state-*"):
        if old != target:
            shutil.rmtree(old, ignore_errors=True)


def load_state(
    run: Path, model: nn.Module, optimizer: torch.optim.Optimizer, rivals: Sequence[Rival] = ()
) -> Position:  # fmt: skip
    """Bring network, optimizer and rivals to the newest state of a run, and remove what is left of the ones before.

    Random numbers depend on the position alone.

    Raises:
        UserError: there is no state, it does not fit this network, or a file of it or the best weights are damaged.
    """
    states = resume_states(run)
    if not states:
        raise UserError(f"{run}: no state to resume from", "It was stopped before the first one; train anew.")
    newest = states[-1]
    record = read_json(newest / STATE_RECORD, "state of a training")
    learners = _learners(model, optimizer, rivals)
    _require_whole(newest, record, _files(learners))
    with reading(newest / STATE_RECORD, "the state of a training", FIX):
        position = _position(record["position"])
        scalars = {"": record["scalars"], **record.get("rivals", {})}
        if scalars.keys() != learners.keys():
            raise ValueError("of a training against other rivals")
    if position.best is not None:
        read_shapes(run / WEIGHTS, FIX)  # the best weights so far, which may stay the best
    for name, (network, its_optimizer) in learners.items():
        load_weights(network, newest / _file(name, WEIGHTS))
        path = newest / _file(name, MOMENTS)
        moments = read_tensors(path, FIX)
        with reading(path, "the state of an optimizer", FIX):
            _load_moments(its_optimizer, moments, scalars[name])
    _remove_others(run, newest)
    return position


def _learners(model: nn.Module, optimizer: torch.optim.Optimizer, rivals: Sequence[Rival]) -> Learners:
    return {"": (model, optimizer), **{rival.name: (rival.model, rival.optimizer) for rival in rivals}}


def _file(name: str, part: str) -> str:
    """The file of a part of the network or of the rival with a name."""
    return f"{name}.{part}" if name else part


def _files(learners: Learners) -> list[str]:
    """The names of the files of tensors in a state."""
    return [_file(name, part) for name in learners for part in (WEIGHTS, MOMENTS)]


def _document(at: Position) -> dict[str, Any]:
    """A position as it is written; a rate that never reacted is not, as in states of earlier kits."""
    document = asdict(at)
    if at.rate == UNCHANGED:
        del document["rate"]
    return document


def _load_moments(
    optimizer: torch.optim.Optimizer, moments: Mapping[str, Tensor], scalars: Mapping[str, Any]
) -> None:  # fmt: skip
    """Give the optimizer its state; a moment has the shape of its parameter, or none (a count of steps)."""
    state: dict[int, dict[str, Any]] = {}
    for name, value in (*moments.items(), *scalars.items()):
        number, _, key = name.partition(".")
        state.setdefault(int(number), {})[key] = value
    parameters = [parameter for group in optimizer.param_groups for parameter in group["params"]]
    for name, tensor in moments.items():
        shape = parameters[int(name.partition(".")[0])].shape
        if tensor.ndim and tensor.shape != shape:
            raise ValueError(f"{name} is {tuple(tensor.shape)}, not {tuple(shape)}")
    whole = optimizer.state_dict()
    optimizer.load_state_dict({**whole, "state": state})


def _require_whole(state: Path, record: Any, files: Sequence[str]) -> None:
    """Hold the files of a state against their digests, where it names them: those of an earlier kit do not.

    Args:
        state: its folder.
        record: its JSON.
        files: the names of the others.

    Raises:
        UserError: naming every file that is missing or not as it was written.
    """
    digests = record.get("digests", {}) if isinstance(record, dict) else None
    if not isinstance(digests, dict):
        raise UserError(f"{state / STATE_RECORD}: damaged, not the state of a training", FIX)
    wrong = []
    for name, digest in digests.items():
        if name not in files:  # the record itself, or a name that no state has
            rest = {key: value for key, value in record.items() if key != "digests"}
            wrong += [] if fingerprint(rest) == digest else [str(state / STATE_RECORD)]
        else:
            with reading(state / name, "weights", FIX):
                wrong += [] if sha256(state / name) == digest else [str(state / name)]
    if wrong:
        raise UserError(f"{', '.join(wrong)}: damaged, not as it was written (another digest)", FIX)


def _position(values: Mapping[str, Any]) -> Position:
    """The position in a state, each of its numbers of its type and none below 0.

    Raises:
        ValueError: naming what is not.
        TypeError: not the fields of a position.
    """
    rate = Rate(**values.get("rate", {}))
    position = Position(**{**values, "rate": rate})
    counts = ("epoch", "index", "step", "best_step", "stale")
    wrong = [name for name in counts if not _is_count(values.get(name, 0))]
    wrong += [] if _is_count(rate.waited) and isinstance(rate.factor, float | int) else ["rate"]
    wrong += [name for name in ("loss", "best") if not isinstance(values.get(name, 0.0), float | int | None)]
    wrong += [] if isinstance(position.metric, str) else ["metric"]
    if wrong:
        raise ValueError(f"{', '.join(wrong)} of another type")
    return position


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


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
