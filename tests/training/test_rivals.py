"""Rival networks in the loop: the order of a step, gradients that stay apart, a killed run that goes on bit for bit."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from cmivqa_kit.errors import RunFailed, UserError
from cmivqa_kit.runs.directory import make_run
from cmivqa_kit.training.loop import LoopSettings, train_loop
from cmivqa_kit.training.plan import measure, plan_of
from cmivqa_kit.training.requirements import require_settings_for
from cmivqa_kit.training.rivals import HasRivals
from tests.training.rival_toy import (
    KILLS,
    MOMENTS,
    SETTINGS,
    RivalToy,
    main_loss,
    networks,
    rival_loss,
    run_toy,
    states,
)
from tests.training.toy import Toy

ROOT = Path(__file__).parents[2]
FILES = ("model.safetensors", "last.safetensors", "metrics.jsonl", "outcome.json")


def log(folder: Path) -> list[dict[str, float]]:
    return [json.loads(line) for line in (folder / "metrics.jsonl").read_text(encoding="utf-8").splitlines()]


def files(folder: Path) -> dict[str, bytes]:
    """What a training leaves, its last state included."""
    paths = [folder / name for name in FILES] + sorted(state(folder).iterdir())
    return {path.name: path.read_bytes() for path in paths}


def state(folder: Path) -> Path:
    return next(folder.glob("state-*"))


@pytest.mark.parametrize("precision", ["no", "bf16"])
def test_a_step_has_the_published_order(tmp_path: Path, precision: str) -> None:
    """The loop written out by hand: forward, each rival on detached states, the network against the rivals as updated.

    Bit for bit, dropout, clipping and rates included; in half precision too.
    """
    settings = replace(SETTINGS, max_steps=4, precision=precision, save_every=4)
    run_toy(tmp_path / "a", settings=settings)
    toy, half = RivalToy(), torch.autocast("cpu", torch.bfloat16, enabled=precision == "bf16")
    model, *rivals = networks()
    main = torch.optim.Adam(model.parameters(), lr=0.02)
    theirs = [torch.optim.Adam(rival.parameters(), lr=0.05) for rival in rivals]
    clips = (0.0, 0.1)
    rate = 1.0
    for step in range(4):
        batch = toy.batch(step // 3, step % 3)
        torch.manual_seed(seed_of_dropout(step // 3, step % 3))
        with half:
            encoded = states(model, batch)
        for rival, optimizer, clip in zip(rivals, theirs, clips, strict=True):
            with half:
                value = rival_loss(rival, {name: tensor.detach() for name, tensor in encoded.items()})
            optimizer.zero_grad()
            value.backward()  # type: ignore[no-untyped-call]
            if clip:
                nn.utils.clip_grad_norm_(rival.parameters(), clip)
            optimizer.step()
        with half:
            value = main_loss(model, {**batch, **encoded}, list(rivals))
        main.zero_grad()
        value.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(model.parameters(), 0.5)
        main.param_groups[0]["lr"] = 0.02 * (1.0 / (1 + step)) * rate
        main.step()
        rate = 0.9 if step == 2 else rate  # after the evaluation at the end of the epoch
    for name, network in (("model", model), ("weak.model", rivals[0]), ("strong.model", rivals[1])):
        weights = load_file(state(tmp_path / "a") / f"{name}.safetensors")
        for key, tensor in network.state_dict().items():
            assert torch.equal(weights[key], tensor), (name, key)


def seed_of_dropout(epoch: int, index: int) -> int:
    """That of a batch of a run with seed 3."""
    return random.Random(f"dropout 3 {epoch} {index}").getrandbits(63)


def test_killed_and_resumed_is_the_same_run(tmp_path: Path) -> None:
    """kill -9 before a step, between the rivals, between rivals and network, at an evaluation: the same bytes."""
    run_toy(tmp_path / "whole")
    killed = subprocess.run(
        [sys.executable, "-m", "tests.training.rival_toy", str(tmp_path)],
        cwd=ROOT, check=True, capture_output=True, text=True,
    )  # fmt: skip
    assert killed.stdout.splitlines() == [f"{moment} -9" for moment in KILLS]
    for moment in KILLS:
        assert not (tmp_path / moment / "last.safetensors").exists()
        run_toy(tmp_path / moment, resume=True)
        assert files(tmp_path / moment) == files(tmp_path / "whole"), moment


def test_the_toy_goes_through_a_cut_of_the_rate(tmp_path: Path) -> None:
    """Else the runs above would prove nothing of it."""
    run_toy(tmp_path / "a")
    rates = [line["rate"] for line in log(tmp_path / "a") if "closeness" in line]
    assert rates == pytest.approx([1.0, 0.9, 0.81, 0.81 * 0.9 * 0.5, 0.81 * 0.9**2 * 0.5, 0.81 * 0.9**3 * 0.25])


def test_no_gradient_reaches_the_weights_of_the_other(tmp_path: Path) -> None:
    """Not even of a rival whose loss goes through the network that it should not know."""
    toy = RivalToy()

    def meddling(model: nn.Module, batch: Mapping[str, Any]) -> Tensor:
        return rival_loss(model, {**batch, **states(toy.model, batch)})

    toy.rivals = (replace(toy.rivals[0], loss=meddling), toy.rivals[1])
    toy.optimizer = torch.optim.SGD(toy.model.parameters(), lr=0.0)  # type: ignore[assignment]
    before = {name: tensor.clone() for name, tensor in toy.model.state_dict().items()}
    slopes: list[list[Tensor | None]] = []
    toy.passed = lambda moment: slopes.append([parameter.grad for parameter in toy.model.parameters()])
    train_loop(toy, make_run(tmp_path / "a", "toy", {}, 3), replace(SETTINGS, max_steps=2))
    assert len(slopes) == 2 * 3 + 1 and all(slope is None for step in slopes for slope in step)
    assert all(torch.equal(before[name], tensor) for name, tensor in toy.model.state_dict().items())
    for rival in toy.rivals:
        assert all(parameter.requires_grad and parameter.grad is None for parameter in rival.parameters)


def test_losses_of_rivals_are_logged_and_named_where_they_are_no_numbers(tmp_path: Path) -> None:
    with pytest.raises(RunFailed, match="the loss of weak is nan at epoch 1, batch 1"):
        run_toy(tmp_path / "a", broken_at=5)
    assert [sorted(line) for line in log(tmp_path / "a")][:2] == [
        ["epoch", "loss", "loss_strong", "loss_weak", "rate", "step"]
    ] * 2
    run_toy(tmp_path / "whole")
    run_toy(tmp_path / "a", resume=True)
    assert log(tmp_path / "a") == log(tmp_path / "whole")


def test_what_does_not_go_with_rivals_is_said_at_once(tmp_path: Path) -> None:
    assert isinstance(RivalToy(), HasRivals) and not isinstance(Toy(), HasRivals)
    require_settings_for(RivalToy(), replace(SETTINGS, precision="bf16"))
    require_settings_for(Toy(), LoopSettings(accumulation=4, precision="fp16"), 4)
    with pytest.raises(UserError) as refusal:
        require_settings_for(RivalToy(), LoopSettings(accumulation=2, precision="fp16"), 2)
    assert "2 processes would each have a batch and a rival of their own" in refusal.value.message
    assert "train.accumulation = 2: against a rival a step has one batch" in refusal.value.message
    assert 'train.precision = "fp16"' in refusal.value.message
    assert refusal.value.fix == (
        "Train in one process, without --gpus. Give --set train.accumulation=1. Give --set train.precision=bf16."
    )
    with pytest.raises(UserError, match=r"^train\.accumulation = 2: [^;]*$"):
        run_toy(tmp_path / "a", settings=replace(SETTINGS, accumulation=2))
    with pytest.raises(UserError, match=r"train\.precision"):
        plan_of(RivalToy(), replace(SETTINGS, precision="fp16"), "cpu", usable=1, pairs=1, dropped={}, asked=0,
                evaluation=0.0)  # fmt: skip


def test_a_dry_run_measures_the_updates_of_rivals_too() -> None:
    moments: list[str] = []
    toy = RivalToy(passed=moments.append)
    weak = [parameter.detach().clone() for parameter in toy.rivals[0].parameters]
    seconds, _ = measure(toy, SETTINGS, "cpu")
    assert seconds > 0
    assert moments == list(MOMENTS) * 6  # one batch to warm up, five measured
    assert not all(torch.equal(a, b) for a, b in zip(weak, toy.rivals[0].parameters, strict=True))


def test_damage_of_a_rivals_part_of_a_state_is_named(tmp_path: Path) -> None:
    run_toy(tmp_path / "a", settings=replace(SETTINGS, max_steps=2))
    names = {path.name for path in state(tmp_path / "a").iterdir()}
    parts = ("model.safetensors", "moments.safetensors")
    assert names == {"state.json", *parts, *(f"{rival}.{part}" for rival in ("weak", "strong") for part in parts)}
    path = state(tmp_path / "a") / "strong.moments.safetensors"
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    with pytest.raises(UserError, match=r"state-2/strong\.moments\.safetensors: damaged, not as it was written"):
        run_toy(tmp_path / "a", resume=True)
    path.unlink()
    with pytest.raises(UserError, match=r"strong\.moments\.safetensors"):
        run_toy(tmp_path / "a", resume=True)


def test_a_state_of_other_rivals_is_refused(tmp_path: Path) -> None:
    run_toy(tmp_path / "a", settings=replace(SETTINGS, max_steps=2))
    document = json.loads((state(tmp_path / "a") / "state.json").read_bytes())
    del document["digests"], document["rivals"]["weak"]
    (state(tmp_path / "a") / "state.json").write_text(json.dumps(document), encoding="utf-8")
    with pytest.raises(UserError, match=r"state\.json: damaged.*other rivals"):
        run_toy(tmp_path / "a", resume=True)
