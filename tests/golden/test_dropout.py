"""Replays in training mode drop nothing, wherever a network has its probabilities from.

The cases are made here: those that the project keeps have probabilities of 0 in their configuration, which would hide
a network that still drops.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from tests.golden import ccgs, mutualsl
from tests.golden.replay import OWN, Case, cases, replay, without_dropout

CCGS, MUTUALSL = OWN / "ccgs", OWN / "mutualsl"
ENCODER = {"hidden_dropout_prob": 0.3, "attention_probs_dropout_prob": 0.3}


def changed(folder: Path, **about: Any) -> Case:
    """The case of a folder with other keys in its ``case.json``."""
    path = folder / "case.json"
    document = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({**document, **about}), encoding="utf-8")
    (case,) = cases(folder)
    return case


def visual_train_step(folder: Path) -> Case:
    """`train_step` of the visual variant, on the forward case's weights and pairs.

    What is wanted comes from the network in evaluation mode, which by itself drops nothing.
    """
    shutil.copytree(CCGS / "forward_visual", folder)
    config = json.loads((folder / "case.json").read_text(encoding="utf-8"))["config"]
    config = {**config, "encoder": {**config["encoder"], **ENCODER}}
    case = changed(folder, procedure="train_step", config=config)
    inputs = load_file(folder / "inputs.safetensors")
    save_file({k: v for k, v in inputs.items() if k.startswith("pair")}, folder / "inputs.safetensors")
    text = CCGS / "loss_train_step_text"
    shutil.copy(text / "inputs.json", folder)
    schedules = json.loads((text / "outputs.json").read_text(encoding="utf-8"))["schedules"]
    outputs, wanted = expected(case)
    save_file(outputs, folder / "outputs.safetensors")
    (folder / "outputs.json").write_text(json.dumps({**wanted, "schedules": schedules}), encoding="utf-8")
    return case


def expected(case: Case) -> tuple[dict[str, Tensor], Mapping[str, list[str]]]:
    """Losses and all gradients of a case, and the parameters by optimizer group and without gradient."""
    model = ccgs._model(case)
    outputs: dict[str, Tensor] = {}
    without = dict(model.named_parameters())
    for group, given in ccgs._groups(load_file(case.folder / "inputs.safetensors")).items():
        for number, name in enumerate(("CEloss", "IOUloss")):
            model.zero_grad(set_to_none=True)
            loss = ccgs._losses(model(**ccgs._inputs(given, "ccgs")), given["ious"])[number]
            loss.backward()
            outputs[f"{group}.{name}"] = loss.detach()[None]
            for parameter, value in model.named_parameters():
                if value.grad is not None:
                    outputs[f"{group}.grad_{name}.{parameter}"] = value.grad.clone()
                    without.pop(parameter, None)
    encoder, rest = ccgs.optim.parameter_names(model, "published")
    return outputs, {"group_lr_arg": encoder, "group_lr_1e-4": rest, "parameters_without_gradient": list(without)}


def dropping_loss(folder: Path) -> Case:
    """The MutualSL training case, whose configuration now drops everywhere."""
    shutil.copytree(MUTUALSL / "loss_train", folder)
    config = json.loads((folder / "case.json").read_text(encoding="utf-8"))["config"]
    return changed(folder, config={**config, "drop_rate": 0.3, "text_config": {**config["text_config"], **ENCODER}})


@pytest.mark.parametrize(("make", "module"), [(visual_train_step, ccgs), (dropping_loss, mutualsl)])
def test_a_network_that_drops_is_replayed_without(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make: Callable[[Path], Case], module: Any
) -> None:
    case = make(tmp_path / "case")
    assert replay(case) == []
    monkeypatch.setattr(module, "without_dropout", lambda model: model)
    assert replay(case), "the case does not notice dropout"


@pytest.mark.parametrize("family", ["BertConfig", "RobertaConfig", "DebertaV2Config", "ElectraConfig"])
def test_encoders_of_other_families_drop_nothing_either(family: str) -> None:
    import transformers

    sizes = {"vocab_size": 20, "hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2}
    config = getattr(transformers, family)(**sizes, intermediate_size=16, hidden_dropout_prob=0.5,
                                           attention_probs_dropout_prob=0.5)  # fmt: skip
    encoder: nn.Module = transformers.AutoModel.from_config(config).train()
    ids = torch.arange(3, 11)[None]

    def twice() -> list[Tensor]:
        return [encoder(ids).last_hidden_state for _ in range(2)]

    assert not torch.equal(*twice())
    without_dropout(encoder)
    assert torch.equal(*twice())


def test_the_kept_cases_stay_small() -> None:
    """Everybody who clones the project fetches them."""
    assert sum(path.stat().st_size for path in OWN.rglob("*") if path.is_file()) <= 14_000_000
