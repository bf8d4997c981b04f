"""Two processes, each on a GPU of its own, train as one process on the CPU."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from cmivqa_kit.runs.processes import ALONE
from cmivqa_kit.training.loop import train_loop
from tests.gpu.device import DEVICE, EXACT
from tests.runs.test_processes import two
from tests.runs.together import SUMMED, run_at, toy

pytestmark = pytest.mark.gpu


@pytest.mark.skipif(DEVICE.type == "cuda" and torch.cuda.device_count() < 2, reason="fewer than two GPUs here")
def test_two_processes_train_as_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CMIVQA_TOGETHER_ON", DEVICE.type)
    two(tmp_path, "train")
    train_loop(toy(), run_at(tmp_path / "alone", ALONE), SUMMED)
    (alone,) = [load_file(path) for path in sorted((tmp_path / "alone").rglob("model.safetensors"))[:1]]
    (together,) = [load_file(path) for path in sorted((tmp_path / "summed").rglob("model.safetensors"))[:1]]
    assert alone
    for name, value in alone.items():
        assert torch.allclose(together[name], value, rtol=EXACT, atol=EXACT), name
