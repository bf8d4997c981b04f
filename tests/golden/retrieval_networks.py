"""What the replays of NRCCR and MLCMR share: weights the user's way, names as in the cases, one step of training."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from baselines.nrccr.checkpoint import OLD_BUFFER, PARTS
from baselines.nrccr.network import MLCMRNetwork, NRCCRNetwork
from cmivqa_kit.neural.networks import NetworkSizes, load_network
from cmivqa_kit.plugin.types import CheckpointReport, CheckpointRequest
from cmivqa_kit.runs.directory import RunDirectory, make_run
from tests.golden.replay import Case, without_dropout

Convert = Callable[[CheckpointRequest, RunDirectory], CheckpointReport]
OFFICIAL: dict[type[NetworkSizes], int] = {NRCCRNetwork: 5, MLCMRNetwork: 4}  # parts of an official file
ANSWERING = 4  # parts that answer
WRAPPED = 2  # of the parts of NRCCR, whose names begin with "module."


def loaded(
    case: Case, convert: Convert, sizes: type[NetworkSizes], change: Callable[[dict[str, Tensor]], None] | None = None,
    config: Mapping[str, Any] | None = None,
) -> Any:  # fmt: skip
    """The network of a case, its weights converted and loaded as a user's: the flat file, and the official form of it.

    Weights of some parts alone are no checkpoint: they go into the network directly.

    Args:
        case: with ``weights.safetensors``.
        convert: of the system.
        sizes: class of its sizes.
        change: of the weights, before they are converted.
        config: sizes; by default those of the case.
    """
    weights = load_file(case.folder / "weights.safetensors")
    if change is not None:
        change(weights)
    parts = {name.split("/")[0] for name in weights}
    if len(parts & set("0123")) < ANSWERING:
        return _direct(weights, sizes.of(dict(config or case.config), str(case.folder)))
    forms = ("flat", "official") if len(parts) >= OFFICIAL[sizes] else ("flat",)
    with TemporaryDirectory() as folder:
        models = [
            _converted(Path(folder) / form, form, weights, convert, sizes, dict(config or case.config))
            for form in forms
        ]
    flat, other = models[0].state_dict(), models[-1].state_dict()
    assert flat.keys() == other.keys()
    assert all(torch.equal(flat[name], other[name]) for name in flat)
    return models[0]


def _direct(weights: Mapping[str, Tensor], network: NetworkSizes) -> nn.Module:
    """The network in evaluation mode, with the weights of those parts that there are."""
    model = network.build()
    names = {PARTS[int(name[0])] + name[2:].removeprefix("module."): name for name in weights if name[0].isdigit()}
    lacking, beyond = model.load_state_dict({own: weights[name] for own, name in names.items()}, strict=False)
    there = {name.partition(".")[0] for name in names}
    assert not [name for name in lacking if name.partition(".")[0] in there]
    assert set(beyond) <= {OLD_BUFFER}
    return model.eval()


def _converted(
    folder: Path, form: str, weights: Mapping[str, Tensor], convert: Convert, sizes: type[NetworkSizes],
    config: dict[str, Any],
) -> nn.Module:  # fmt: skip
    folder.mkdir()
    path = folder / "model_best.pth.tar"
    parts = sorted({name.split("/")[0] for name in weights if name.split("/")[0].isdigit()})
    if form == "official":  # the options stand in it: only the encoder's configuration is given
        states = [{name[2:]: value for name, value in weights.items() if name.startswith(f"{part}/")} for part in parts]
        options = Namespace(**{name: value for name, value in config.items() if name != "bert"})
        torch.save({"epoch": 3, "model": states, "best_rsum": 1.5, "opt": options, "Eiters": 7}, path)
        config = {"bert": config["bert"]}
    else:
        torch.save(dict(weights), path)
    run = make_run(folder / "run", "nrccr", {}, 0, "published")
    report = convert(CheckpointRequest((path,), config), run)
    assert all(name.startswith("discriminator.") for name in report.missing), report.missing
    run.finish()
    return load_network(run, sizes).model


def named_batch(tensors: Mapping[str, Tensor], prefix: str, names: Mapping[str, str]) -> dict[str, Tensor]:
    """The tensors of a batch of a case by the names that the networks know; ``names``: of the texts."""
    own = {name.removeprefix(f"{prefix}."): value for name, value in tensors.items() if name.startswith(f"{prefix}.")}
    batch = {}
    for source, target in (("", ""), ("kept.", "kept_")):
        for name, new in (("frames", "frames"), ("mask", "frame_mask"), ("mean", "mean")):
            if source + name in own:
                batch[target + new] = own[source + name]
    for name, new in names.items():
        for part in ("ids", "mask"):
            if f"{name}.{part}" in own:
                batch[f"{new}_{part}"] = own[f"{name}.{part}"]
    return batch


def official_name(name: str, wrapped: bool) -> str:
    """The name of a parameter as the cases have it: ``0/module.encoder_layer...``."""
    at, part = next((at, part) for at, part in enumerate(PARTS) if name.startswith(part))
    return f"{at}/{'module.' if wrapped and at < WRAPPED else ''}{name.removeprefix(part)}"


def gradients(model: nn.Module, wrapped: bool) -> dict[str, Tensor]:
    """The gradients that there are, by official names."""
    return {
        official_name(name, wrapped): parameter.grad.clone()
        for name, parameter in model.named_parameters()
        if parameter.grad is not None
    }


def trainable(model: nn.Module, wrapped: bool) -> list[str]:
    """Official names of the parameters that learn, sorted."""
    return sorted(official_name(name, wrapped) for name, p in model.named_parameters() if p.requires_grad)


def in_training(model: nn.Module) -> Any:
    """The network in training mode without dropout."""
    return without_dropout(model).train()
