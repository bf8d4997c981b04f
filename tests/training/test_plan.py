"""What a training would take: measured on the toy task and through a baseline that plans."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import torch

from baselines.ccgs import DECLARATION as CCGS_DECLARATION
from cmivqa_kit.data.catalogue import catalogue
from cmivqa_kit.errors import UserError
from cmivqa_kit.plugin.settings import settings
from cmivqa_kit.plugin.types import Plan, Plans, Prepares
from cmivqa_kit.runs.device import accelerator_on, pass_threads, physical_cores, resolve, threads, without_denormals
from cmivqa_kit.training.fit import plan, ready
from cmivqa_kit.training.loop import LoopSettings
from cmivqa_kit.training.plan import measure
from tests.prediction.fake import DECLARATION, install
from tests.submission.small import root_2023
from tests.training.toy import Toy


def test_an_epoch_is_measured_on_batches_of_every_size(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a clock that counts one second per batch size, the estimate is the sum over all batches."""
    toy = Toy(batches=20)
    sizes = [10 * (index % 4 + 1) for index in range(20)]
    now = [0.0]
    monkeypatch.setattr("cmivqa_kit.training.plan.time.perf_counter", lambda: now[0])

    def batch(epoch: int, index: int) -> dict[str, torch.Tensor]:
        return {"x": torch.zeros(sizes[index], 4), "y": torch.zeros(sizes[index], 1)}

    def loss(model: torch.nn.Module, content: dict[str, torch.Tensor]) -> torch.Tensor:
        now[0] += len(content["x"])
        return model(content["x"]).square().mean()

    monkeypatch.setattr(toy, "batch", batch)
    monkeypatch.setattr(toy, "loss", loss)
    seconds, memory = measure(toy, LoopSettings(), "cpu")
    assert seconds == sum(sizes)
    assert memory > 2**20


def test_steps_of_a_whole_training() -> None:
    toy = Toy(batches=10)
    assert LoopSettings(epochs=3, accumulation=4).steps(toy) == 9
    assert LoopSettings(epochs=3, max_steps=5).steps(toy) == 5


def test_a_plan_leaves_nothing_and_a_simple_system_has_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, tmp_path)
    files = catalogue(root_2023(tmp_path / "root"))
    assert plan(files, DECLARATION, {}) == (None, 5, {})
    assert not (tmp_path / "runs").exists()


def test_ccgs_plans_and_prepares(tmp_path: Path) -> None:
    files = catalogue(root_2023(tmp_path / "root"))
    changes = ("train.epochs=2", "train.accumulation=2", "train.max_dropped=1.0", "train.pairs=3")
    config = settings(CCGS_DECLARATION, "tiny", changes)
    system = ready(CCGS_DECLARATION, config)
    assert isinstance(system, Plans)
    assert isinstance(system, Prepares)
    found, examples, _ = plan(files, CCGS_DECLARATION, config, system=system)
    assert isinstance(found, Plan)
    assert examples == 5
    assert found.pairs == min(3, found.examples)
    assert found.steps == 2 * -(-found.pairs // 2)
    assert found.seconds > 0
    assert found.device == "cpu" or found.device.startswith("cuda")


def test_what_cannot_be_had_is_said_before_the_data(tmp_path: Path) -> None:
    config = settings(CCGS_DECLARATION, None, (f"encoder={tmp_path}",))
    with pytest.raises(UserError, match="its configuration cannot be read or fetched") as caught:
        ready(CCGS_DECLARATION, config)
    assert "HF_ENDPOINT" in caught.value.fix
    assert "640 MB" in caught.value.fix


def test_devices() -> None:
    assert resolve("cpu") == torch.device("cpu")
    assert resolve("auto").type in ("cpu", "cuda")
    for name in ("gpu", "cuda:99", ""):
        with pytest.raises(UserError):
            resolve(name)
    with pytest.raises(UserError, match="fp16"):
        accelerator_on("cpu", "fp16", "", Path())


def test_physical_cores() -> None:
    assert 1 <= physical_cores() <= (os.cpu_count() or 1)
    before = torch.get_num_threads()
    with pass_threads(0):
        assert torch.get_num_threads() == min(before, physical_cores())
    with pass_threads(3):
        assert torch.get_num_threads() == 3
    assert torch.get_num_threads() == before


def test_threads_are_as_before_afterwards() -> None:
    before = torch.get_num_threads()
    with threads(1):
        assert torch.get_num_threads() == 1
        with threads(0):
            assert torch.get_num_threads() == 1
    assert torch.get_num_threads() == before
    with pytest.raises(ValueError, match="x"), threads(1):
        raise ValueError("x")
    assert torch.get_num_threads() == before


def test_numbers_too_small_count_as_zero_inside_only() -> None:
    small = torch.tensor([1e-38])
    with without_denormals():
        inside = float((small * 0.01).item())
    assert inside == 0.0 or not torch.set_flush_denormal(False)  # a processor that cannot do it says so
    assert float((small * 0.01).item()) > 0.0
