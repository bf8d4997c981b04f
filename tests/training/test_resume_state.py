"""A disk that is full while weights or a state are written."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

from cmivqa_kit.errors import RunFailed
from cmivqa_kit.neural.weights import save_weights
from cmivqa_kit.training.resume_state import Position, save_state
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
