"""Two processes on the CPU: the same training as one, files and messages once, failures and kills together."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
from dataclasses import asdict, replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from cmivqa_kit.errors import ExitCode, RunFailed, UserError
from cmivqa_kit.runs.directory import make_run
from cmivqa_kit.runs.processes import ALONE, Group, joined, launched
from cmivqa_kit.training.loop import LoopSettings, train_loop
from tests.hang import HANG
from tests.runs.together import BRANCHING, SHARED, SUMMED, Branching, reacting, run_at, toy

ROOT = Path(__file__).parents[2]


def two(folder: Path, scenario: str) -> list[subprocess.CompletedProcess[str]]:
    """Both processes of a launch of `tests.runs.together`, in order of their rank."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    started = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.runs.together", str(folder), scenario],
            cwd=ROOT,
            env={
                **os.environ,
                "MASTER_ADDR": "127.0.0.1",
                "MASTER_PORT": str(port),
                "WORLD_SIZE": "2",
                "LOCAL_WORLD_SIZE": "2",
                "RANK": str(rank),
                "LOCAL_RANK": str(rank),
                "OMP_NUM_THREADS": "1",
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for rank in range(2)
    ]
    done = [process.communicate(timeout=HANG) for process in started]
    return [
        subprocess.CompletedProcess("", process.returncode, *streams)
        for process, streams in zip(started, done, strict=True)
    ]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[subprocess.CompletedProcess[str]]]:
    """The folder of several trainings in two processes, and how these ended."""
    folder = tmp_path_factory.mktemp("two")
    return folder, two(folder, "train")


def log(folder: Path) -> list[dict[str, float]]:
    return [json.loads(line) for line in (folder / "metrics.jsonl").read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize(("name", "settings"), [("whole", SHARED), ("summed", SUMMED)])
def test_two_processes_take_the_steps_of_one(
    trained: tuple[Path, list[subprocess.CompletedProcess[str]]], tmp_path: Path, name: str, settings: LoopSettings
) -> None:
    """Loss curve, dev values and weights, dropout included; the last step of an epoch has an odd number of batches."""
    folder, _ = trained
    train_loop(toy(), run_at(tmp_path / "one", ALONE), settings)
    one, both = log(tmp_path / "one"), log(folder / name)
    assert [line["step"] for line in both] == [line["step"] for line in one]
    for ours, theirs in zip(both, one, strict=True):
        assert ours == pytest.approx(theirs, rel=1e-4)
    for file in ("model.safetensors", "last.safetensors"):
        ours, theirs = load_file(folder / name / file), load_file(tmp_path / "one" / file)
        assert ours.keys() == theirs.keys()
        for key, value in ours.items():
            torch.testing.assert_close(value, theirs[key], atol=1e-5, rtol=1e-4)
        assert torch.equal(ours["idle"], torch.ones(2))  # never used: no gradient, so no weight decay either


def test_a_branch_that_one_process_uses_now_and_then(
    trained: tuple[Path, list[subprocess.CompletedProcess[str]]], tmp_path: Path
) -> None:
    """In half precision; used before the last batch of a step, by one process alone, and in the second epoch by none
    (weight decay leaves it alone then). A process without a batch takes part in the last step of an epoch.
    """
    folder, _ = trained
    train_loop(Branching(), run_at(tmp_path / "alone", ALONE), BRANCHING)
    assert [line["step"] for line in log(folder / "branching")] == [2, 4, 6, 8, 9]
    for ours, theirs in zip(log(folder / "branching"), log(tmp_path / "alone"), strict=True):
        assert ours == pytest.approx(theirs, rel=1e-4)
    ours, theirs = (load_file(path / "last.safetensors") for path in (folder / "branching", tmp_path / "alone"))
    assert set(ours) == set(Branching().model.state_dict())
    for key, value in ours.items():
        torch.testing.assert_close(value, theirs[key], atol=1e-5, rtol=1e-4)


def test_gradients_are_shared_on_the_last_batch_of_a_step(
    trained: tuple[Path, list[subprocess.CompletedProcess[str]]],
) -> None:
    """Three epochs of two steps; the last step has two batches for the main process and one for the other."""
    apart = [int((trained[0] / f"apart-{rank}").read_text(encoding="utf-8")) for rank in range(2)]
    assert apart == [6, 3]


def test_the_process_group_ends_with_the_launch(
    trained: tuple[Path, list[subprocess.CompletedProcess[str]]],
) -> None:
    """After a failure too. Threads of its own that are left while Python shuts down abort the process now and then."""
    assert [(trained[0] / f"alive-train-{rank}").read_text(encoding="utf-8") for rank in range(2)] == ["", ""]


@pytest.mark.parametrize("index", [1, 3])
def test_memory_that_runs_out_on_the_way_back_is_said_once(tmp_path: Path, index: int) -> None:
    """Before the last batch of a step all learn of it; on the last one the others wait, and the launcher ends them."""
    main, other = two(tmp_path, f"memory-{index}")
    message = f"out of memory at epoch 0, batch {index}"
    if index == 1:
        assert (main.returncode, other.returncode) == (ExitCode.FAILED, 0)
        assert main.stderr.count(message) == 1
        assert main.stderr.count("Traceback") == other.stderr.count(message) == 0
    else:
        assert other.returncode == ExitCode.FAILED
        assert other.stderr.count(message) == 1
        assert "Traceback" not in other.stderr
        assert main.returncode != 0  # at once: Gloo sees that the other is gone
        assert message not in main.stderr
    assert not (tmp_path / f"memory-{index}" / "last.safetensors").exists()


def test_all_stop_early_together(trained: tuple[Path, list[subprocess.CompletedProcess[str]]]) -> None:
    main, other = (json.loads((trained[0] / f"rank-{rank}.json").read_text(encoding="utf-8")) for rank in range(2))
    assert main == other
    assert (main[2]["steps"], main[2]["best"], main[2]["best_step"]) == (3, 0.5, 1)


def test_the_learning_rate_of_all_reacts_to_dev(
    trained: tuple[Path, list[subprocess.CompletedProcess[str]]], tmp_path: Path
) -> None:
    """Only the main process knows the dev values; the others cut the same rate at the same step."""
    reacting(run_at(tmp_path / "alone", ALONE))
    factors = pytest.approx([1.0, 0.9, 0.81, 0.81 * 0.9 * 0.5])
    for path in (
        *(trained[0] / "reacting" / f"rates-{rank}.json" for rank in range(2)),
        tmp_path / "alone/rates-0.json",
    ):
        assert json.loads(path.read_text(encoding="utf-8")) == factors
    for ours, theirs in zip(log(trained[0] / "reacting"), log(tmp_path / "alone"), strict=True):
        assert ours == pytest.approx(theirs, rel=1e-4)


def test_a_failure_in_one_process_ends_all_and_is_said_once(
    trained: tuple[Path, list[subprocess.CompletedProcess[str]]],
) -> None:
    folder, (main, other) = trained
    assert main.returncode == ExitCode.FAILED, main.stderr
    assert main.stderr.count("the loss is nan at epoch 0, batch 5") == 1
    assert "Traceback" not in main.stderr
    assert other.returncode == 0  # the launcher waits for the main process, which tells
    assert "said by 0" in main.stdout
    assert other.stdout + other.stderr == ""
    assert not (folder / "broken" / "last.safetensors").exists()


def test_killed_and_resumed_is_the_same_run(
    trained: tuple[Path, list[subprocess.CompletedProcess[str]]], tmp_path: Path
) -> None:
    """kill -9 of one of two; both go on to the same bytes, and one alone goes on to the same within rounding."""
    killed = two(tmp_path, "kill")
    assert all(process.returncode for process in killed)
    assert list((tmp_path / "killed").glob("state-*"))
    shutil.copytree(tmp_path / "killed", tmp_path / "alone")
    resumed = two(tmp_path, "resume")
    assert [process.returncode for process in resumed] == [0, 0], resumed
    for name in ("model.safetensors", "last.safetensors", "metrics.jsonl", "outcome.json"):
        ours, whole = tmp_path / "killed" / name, trained[0] / "whole" / name
        assert ours.read_bytes() == whole.read_bytes(), name
    outcome = train_loop(toy(), run_at(tmp_path / "alone", ALONE, resume=True), SHARED, resume=True)
    main = json.loads((trained[0] / "rank-0.json").read_text(encoding="utf-8"))
    assert asdict(outcome) == pytest.approx(main[0], rel=1e-4)


def test_more_processes_than_batches_in_a_step_are_refused(tmp_path: Path) -> None:
    run = replace(make_run(tmp_path / "a", "toy", {}, 0), group=Group(0, 4))
    with pytest.raises(UserError, match="too few batches per optimizer step for 4 processes") as caught:
        train_loop(toy(), run, LoopSettings(accumulation=3))
    assert "train.accumulation=4" in caught.value.fix


def test_shares_are_disjoint_and_whole() -> None:
    shares = [list(Group(rank, 3).share(range(5, 12))) for rank in range(3)]
    assert shares == [[5, 8, 11], [6, 9], [7, 10]]


def test_a_process_alone_needs_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RANK", raising=False)
    assert launched() == 1
    with joined("no such device") as group:  # nothing is looked up for one process
        assert group == ALONE
        assert group.first(lambda: 7) == 7
        assert group.sum([1.0, 2.0]) == [1.0, 2.0]
        group.check()
    with pytest.raises(RunFailed, match="x"):
        ALONE.check(RunFailed("x"))


def test_only_the_main_process_writes(tmp_path: Path) -> None:
    run = make_run(tmp_path / "a", "toy", {}, 0)
    run.log({"step": 1})
    before = {path.name: path.read_bytes() for path in run.path.iterdir()}
    other = replace(run, group=Group(1, 2))
    other.write("x.json", 1)
    other.log({"step": 2})
    other.forget_after(0)
    other.finish()
    assert {path.name: path.read_bytes() for path in run.path.iterdir()} == before
