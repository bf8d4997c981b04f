"""The loop: what it leaves, how it stops, and that a killed run goes on bit for bit."""

from __future__ import annotations

import json
import math
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from cmivqa_kit.errors import RunFailed, UserError
from cmivqa_kit.neural.weights import load_weights
from cmivqa_kit.runs.dev_progress import DevProgress
from cmivqa_kit.runs.directory import make_run
from cmivqa_kit.training.loop import LoopSettings, train_loop
from tests.training.toy import SETTINGS, Toy, run_toy

ROOT = Path(__file__).parents[2]


def log(folder: Path) -> list[dict[str, float]]:
    return [json.loads(line) for line in (folder / "metrics.jsonl").read_text(encoding="utf-8").splitlines()]


def test_a_run_leaves_best_and_last_weights_and_its_metrics(tmp_path: Path) -> None:
    outcome = run_toy(tmp_path / "a")
    steps = 3 * math.ceil(7 / 2)
    assert outcome.steps == steps
    assert [line["step"] for line in log(tmp_path / "a")] == [3, 6, 9, 12]
    best = max(log(tmp_path / "a"), key=lambda line: line["closeness"])
    assert (outcome.best, outcome.best_step) == (best["closeness"], best["step"])
    toy = Toy()
    load_weights(toy.model, tmp_path / "a" / "model.safetensors")
    toy.model.eval()
    assert toy.evaluate(toy.model)["closeness"] == outcome.best
    assert (tmp_path / "a" / "last.safetensors").is_file()
    assert len(list((tmp_path / "a").glob("state-*"))) == 1


def test_same_seed_same_bytes(tmp_path: Path) -> None:
    run_toy(tmp_path / "a")
    run_toy(tmp_path / "b")
    for name in ("model.safetensors", "last.safetensors", "metrics.jsonl"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


@pytest.mark.parametrize("kill_at", [6, 9, 14, 20])
def test_killed_and_resumed_is_the_same_run(tmp_path: Path, kill_at: int) -> None:
    """kill -9 in the middle of a step, of an epoch, after an evaluation: the weights come out the same, bit for bit."""
    run_toy(tmp_path / "whole")
    killed = subprocess.run(
        [sys.executable, "-m", "tests.training.toy", str(tmp_path / "killed"), str(kill_at)], cwd=ROOT, check=False
    )
    assert killed.returncode == -signal.SIGKILL
    assert not (tmp_path / "killed" / "last.safetensors").exists()
    outcome = run_toy(tmp_path / "killed", resume=True)
    assert outcome.steps == 12
    for name in ("model.safetensors", "last.safetensors", "metrics.jsonl"):
        assert (tmp_path / "killed" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes(), name


def test_accumulation_never_crosses_an_epoch(tmp_path: Path) -> None:
    toy = Toy(batches=3)
    train_loop(toy, make_run(tmp_path / "a", "toy", {}, 0), replace(SETTINGS, epochs=2))
    assert toy.seen == [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2)]


def test_summed_and_averaged_gradients_differ_by_the_count(tmp_path: Path) -> None:
    """With plain SGD and no clipping the first step of a sum over two batches is twice that of their mean."""
    moved = {}
    for average in (True, False):
        toy = Toy()
        toy.optimizer = torch.optim.SGD(toy.model.parameters(), lr=0.1)  # type: ignore[assignment]
        before = [parameter.detach().clone() for parameter in toy.model.parameters()]
        settings = LoopSettings(accumulation=2, average=average, clip=0.0, max_steps=1)
        train_loop(toy, make_run(tmp_path / str(average), "toy", {}, 1), settings)
        moved[average] = [p.detach() - b for p, b in zip(toy.model.parameters(), before, strict=True)]
    for mean, total in zip(moved[True], moved[False], strict=True):
        torch.testing.assert_close(total, 2 * mean)


def test_clipping_bounds_the_step(tmp_path: Path) -> None:
    toy = Toy()
    toy.optimizer = torch.optim.SGD(toy.model.parameters(), lr=1.0)  # type: ignore[assignment]
    before = torch.cat([p.detach().flatten().clone() for p in toy.model.parameters()])
    train_loop(toy, make_run(tmp_path / "a", "toy", {}, 1), LoopSettings(clip=0.01, max_steps=1))
    after = torch.cat([p.detach().flatten() for p in toy.model.parameters()])
    assert float((after - before).norm()) == pytest.approx(0.01, rel=1e-3)


def test_early_stopping(tmp_path: Path) -> None:
    toy = Toy()
    values = iter([0.5, 0.4, 0.3, 0.9])
    toy.evaluate = lambda model: {"score": next(values)}  # type: ignore[method-assign]
    settings = LoopSettings(epochs=9, evaluate_every=1, patience=2)
    outcome = train_loop(toy, make_run(tmp_path / "a", "toy", {}, 0), settings)
    assert (outcome.steps, outcome.best, outcome.best_step) == (3, 0.5, 1)


def test_without_dev_the_last_weights_are_used(tmp_path: Path) -> None:
    toy = Toy()
    toy.evaluate = lambda model: {}  # type: ignore[method-assign]
    outcome = train_loop(toy, make_run(tmp_path / "a", "toy", {}, 0), SETTINGS)
    assert outcome.best is None
    assert (tmp_path / "a" / "model.safetensors").read_bytes() == (tmp_path / "a" / "last.safetensors").read_bytes()


def test_a_loss_that_is_no_number_stops_the_run_plainly(tmp_path: Path) -> None:
    with pytest.raises(RunFailed, match="the loss is nan at epoch 1, batch 2"):
        run_toy(tmp_path / "a", broken_at=10)
    assert list((tmp_path / "a").glob("state-*"))  # there is something to resume from
    assert run_toy(tmp_path / "a", resume=True).steps == 12


def test_nothing_to_resume_from(tmp_path: Path) -> None:
    make_run(tmp_path / "a", "toy", {}, 3)
    with pytest.raises(UserError, match="no state to resume from"):
        run_toy(tmp_path / "a", resume=True)


@pytest.mark.parametrize(
    ("variable", "method"), [("ACCELERATE_USE_FSDP", "FSDP"), ("ACCELERATE_USE_DEEPSPEED", "DeepSpeed")]
)
def test_weights_that_accelerate_would_share_out_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str, method: str
) -> None:
    monkeypatch.setenv(variable, "true")
    with pytest.raises(UserError, match=f"told to use {method}") as caught:
        run_toy(tmp_path / "a")
    assert "accelerate launch --multi_gpu" in caught.value.fix


def test_tensorboard_is_an_option(tmp_path: Path) -> None:
    run_toy(tmp_path / "a", settings=replace(SETTINGS, tracker="tensorboard"))
    assert list((tmp_path / "a").rglob("events.out.tfevents.*"))


def test_no_pickle_lies_in_a_state(tmp_path: Path) -> None:
    run_toy(tmp_path / "a")
    names = {path.name for path in next((tmp_path / "a").glob("state-*")).iterdir()}
    assert names == {"model.safetensors", "moments.safetensors", "state.json"}


def test_the_loss_is_logged_between_dev_evaluations(tmp_path: Path) -> None:
    run_toy(tmp_path / "a", settings=replace(SETTINGS, evaluate_every=6, log_every=4))
    assert [(line["step"], "closeness" in line) for line in log(tmp_path / "a")] == [
        (4, False), (6, True), (8, False), (12, True),
    ]  # fmt: skip
    run_toy(tmp_path / "b", settings=replace(SETTINGS, evaluate_every=6, log_every=0))
    assert [line["step"] for line in log(tmp_path / "b")] == [6, 12]


def test_one_that_begins_again_logs_from_the_beginning(tmp_path: Path) -> None:
    run = make_run(tmp_path / "a", "toy", {}, seed=3)
    run.log({"step": 1, "loss": 9.0})
    train_loop(Toy(), run, SETTINGS)
    assert [line["step"] for line in log(tmp_path / "a")] == [3, 6, 9, 12]


def test_the_metric_that_decides_is_kept_with_the_outcome(tmp_path: Path) -> None:
    told: list[tuple[int, bool]] = []
    run = replace(
        make_run(tmp_path / "a", "toy", {}, seed=3),
        dev_progress=DevProgress(evaluation=lambda step, metrics, best: told.append((step, best))),
    )
    outcome = train_loop(Toy(), run, SETTINGS)
    assert run.read("outcome.json")["metric"] == "closeness"
    assert [step for step, _ in told] == [3, 6, 9, 12]
    assert max(step for step, best in told if best) == outcome.best_step
