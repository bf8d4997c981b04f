"""The state of a training: a disk that is full while it is written, and damage that is named when it is read."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import nn

from cmivqa_kit.errors import RunFailed, UserError
from cmivqa_kit.neural.weights import save_weights
from cmivqa_kit.training.resume_state import Position, load_state, save_state
from tests.training.full_disk import files_of_at_most


def test_a_full_disk_is_said_plainly_and_leaves_nothing(tmp_path: Path) -> None:
    model = nn.Linear(64, 64)
    optimizer = torch.optim.AdamW(model.parameters())
    model(torch.ones(1, 64)).sum().backward()
    optimizer.step()
    save_state(tmp_path, model, optimizer, Position(step=1))
    with files_of_at_most(1000):
        with pytest.raises(RunFailed, match=r"could not be written .* nothing was left behind"):
            save_weights(model, tmp_path / "model.safetensors")
        with pytest.raises(RunFailed, match="the state before it stays"):
            save_state(tmp_path, model, optimizer, Position(step=2))
    assert [path.name for path in tmp_path.iterdir()] == ["state-1"]


def stopped(folder: Path) -> tuple[nn.Module, torch.optim.Optimizer, Position]:
    """A run of one step with its state and the best weights so far."""
    torch.manual_seed(0)
    model = nn.Linear(3, 2)
    optimizer = torch.optim.AdamW(model.parameters())
    model(torch.ones(1, 3)).sum().backward()
    optimizer.step()
    at = Position(step=1, loss=0.5, best=0.25, best_step=1, metric="mIoU")
    save_weights(model, folder / "model.safetensors")
    save_state(folder, model, optimizer, at)
    return model, optimizer, at


def test_the_half_state_of_a_killed_training_goes_with_the_next(tmp_path: Path) -> None:
    (tmp_path / ".cmivqa-state-x").mkdir()
    (tmp_path / ".cmivqa-state-x" / "model.safetensors").write_bytes(b"half")
    stopped(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["model.safetensors", "state-1"]


def test_what_a_kill_left_of_an_earlier_state_goes_with_the_resume(tmp_path: Path) -> None:
    model, optimizer, at = stopped(tmp_path)
    (tmp_path / "state-0").mkdir()
    (tmp_path / "state-0" / "moments.safetensors").write_bytes(b"half")
    assert load_state(tmp_path, model, optimizer) == at
    assert sorted(path.name for path in tmp_path.iterdir()) == ["model.safetensors", "state-1"]


def flipped(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)


def set_position(path: Path) -> None:
    document = json.loads(path.read_bytes())
    document["position"]["step"] = 7
    path.write_text(json.dumps(document), encoding="utf-8")


NAMES = ("state-1/model.safetensors", "state-1/moments.safetensors", "state-1/state.json", "model.safetensors")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "spoil", [lambda path: path.write_bytes(path.read_bytes()[:-9]), lambda path: path.write_bytes(b"\xff{"), flipped,
              lambda path: path.write_text("[1]"), lambda path: path.write_text('{"digests": {"x": 1}}')],
)  # fmt: skip
def test_damage_of_any_part_of_a_state_is_named(tmp_path: Path, name: str, spoil: Callable[[Path], object]) -> None:
    model, optimizer, at = stopped(tmp_path)
    assert load_state(tmp_path, model, optimizer) == at
    spoil(tmp_path / name)
    if spoil is flipped and name == NAMES[-1]:
        load_state(tmp_path, model, optimizer)  # only its header is looked at
        return
    with pytest.raises(UserError, match=name.replace(".", r"\.")) as refusal:
        load_state(tmp_path, model, optimizer)
    assert refusal.value.fix


def test_a_changed_number_is_damage_and_a_state_of_an_earlier_kit_has_no_digests(tmp_path: Path) -> None:
    model, optimizer, at = stopped(tmp_path)
    path = tmp_path / "state-1" / "state.json"
    document = json.loads(path.read_bytes())
    set_position(path)
    with pytest.raises(UserError, match=r"state\.json: damaged, not as it was written"):
        load_state(tmp_path, model, optimizer)
    del document["digests"]
    path.write_text(json.dumps(document), encoding="utf-8")
    assert load_state(tmp_path, model, optimizer) == at
    for wrong in ([], {**document["position"], "step": "1"}, {**document["position"], "stop": 1}, {"epoch": -1}):
        path.write_text(json.dumps({**document, "position": wrong}), encoding="utf-8")
        with pytest.raises(UserError, match=r"state\.json: damaged"):
            load_state(tmp_path, model, optimizer)
