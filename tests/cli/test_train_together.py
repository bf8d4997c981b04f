"""`cmivqa train --gpus N`: accelerate launch starts the processes; one run, one message, the right exit code."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from cmivqa_kit.cli.common import without_gpus
from cmivqa_kit.cli.main import cli
from tests.cli.running import cmivqa

SHORT = ("train", "-m", "ccgs", "--device", "cpu", "--set", "train.pairs=6", "--set", "train.epochs=1", "--set",
         "train.dev_questions=1", "--set", "train.accumulation=2")  # fmt: skip


def test_two_processes_leave_one_run_like_that_of_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    both = cmivqa(*SHORT, "--gpus", "2", cwd=tmp_path)
    assert both.returncode == 0, both.stderr
    assert both.stdout.count(b"Fitted ccgs") == 1
    assert b"in 2 processes" in both.stdout
    assert [path.name for path in (tmp_path / "runs").iterdir()] == ["ccgs-1"]
    monkeypatch.chdir(tmp_path)
    assert CliRunner().invoke(cli, SHORT).exit_code == 0
    runs = [tmp_path / "runs" / name for name in ("ccgs-1", "ccgs-2")]
    ours, theirs = (json.loads((run / "metrics.jsonl").read_text(encoding="utf-8")) for run in runs)
    assert ours == pytest.approx(theirs, rel=1e-3)
    files = [sorted(path.name for path in run.iterdir()) for run in runs]
    assert files[0] == files[1]


def test_a_failure_is_said_once_and_has_its_exit_code(tmp_path: Path) -> None:
    refused = cmivqa("train", "-m", "bm25", "--gpus", "2", "--device", "cpu", cwd=tmp_path)
    assert refused.returncode == 2
    text = refused.stderr.decode()
    assert text.count("bm25 learns in one pass: there is nothing for 2 processes to share") == 1
    assert "Traceback" not in text
    assert "ChildFailed" not in text
    assert not (tmp_path / "runs").exists()


def test_a_dry_run_is_for_one_process() -> None:
    refused = CliRunner().invoke(cli, [*SHORT, "--gpus", "2", "--dry-run"])
    assert refused.exit_code == 2
    assert "--dry-run and several processes" in refused.output


def test_the_launched_command_is_the_same_without_the_flag() -> None:
    for given in (["train", "--gpus", "2", "-m", "ccgs"], ["train", "--gpus=2", "-m", "ccgs"]):
        assert without_gpus(given) == ["train", "-m", "ccgs"]
