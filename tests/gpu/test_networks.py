"""A step of CCGS, MutualSL, NRCCR and MLCMR, and the faster attention: a GPU beside the CPU."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from cmivqa_kit.errors import UserError
from cmivqa_kit.neural.deberta import accelerate_encoder
from cmivqa_kit.runs.device import on_device
from cmivqa_kit.training.rivals import HasRivals
from tests.baselines import retrieval_tasks
from tests.baselines.test_ccgs_task import made
from tests.baselines.test_mutualsl_model import convolved, prepared
from tests.gpu.device import DEVICE, EXACT, HALF
from tests.neural.test_deberta import batch, encoder, hidden

pytestmark = pytest.mark.gpu
CPU = torch.device("cpu")


@pytest.fixture(autouse=True)
def _full_float32(monkeypatch: pytest.MonkeyPatch) -> None:
    """Convolutions in float32 as on the CPU: torch would take TF32, ten bits."""
    monkeypatch.setattr(torch.backends.cudnn, "allow_tf32", False)


@pytest.fixture(params=["ccgs", "mutualsl", "nrccr", "mlcmr"])
def task(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    if request.param in retrieval_tasks.SYSTEMS:
        return retrieval_tasks.made(request.param)
    return made() if request.param == "ccgs" else prepared(tmp_path / "features", convolved)[1]


def step(task: Any, device: torch.device, half: bool) -> tuple[Tensor, Tensor]:
    """Loss and all gradients, as one vector, of the first batch."""
    model = deepcopy(task.model).to(device).train()
    with torch.autocast(device.type, torch.bfloat16, enabled=half):
        batch = on_device(task.batch(0, 0), device)
        states = task.encode(model, batch) if isinstance(task, HasRivals) else {}
        loss = task.loss(model, {**batch, **states})
    loss.backward()
    gradients = [p.grad.flatten().float().cpu() for p in model.parameters() if p.grad is not None]
    return loss.detach().float().cpu(), torch.cat(gradients)


def apart(value: Tensor, reference: Tensor) -> float:
    """The norm of the difference, relative to the reference's."""
    return float((value - reference).norm() / reference.norm())


@pytest.mark.parametrize(("half", "bound"), [(False, EXACT), (True, HALF)], ids=["float32", "bf16"])
def test_a_step_is_that_of_the_cpu(task: Any, half: bool, bound: float) -> None:
    loss, gradients = step(task, DEVICE, half)
    expected_loss, expected = step(task, CPU, False)
    assert expected.norm() > 0
    assert apart(loss, expected_loss) <= bound
    assert apart(gradients, expected) <= bound


@pytest.mark.parametrize("mode", ["cached", "fused"])
def test_faster_attention_gives_the_vectors_of_transformers_on_the_cpu(mode: str) -> None:
    model, (ids, mask) = encoder(hidden_size=128, num_attention_heads=4), batch(30, 12)
    expected = hidden(model, ids, mask)
    model, ids, mask = model.to(DEVICE), ids.to(DEVICE), mask.to(DEVICE)
    try:
        with accelerate_encoder(model, mode) as in_effect:
            assert in_effect == mode
            assert apart(hidden(model, ids, mask).cpu(), expected) <= EXACT
    except UserError as error:
        pytest.skip(f"no fused kernels here: {error.message}")
