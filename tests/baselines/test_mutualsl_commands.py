"""The way of a user: train on the embedded corpus, predict Track 1, validate."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from cmivqa_kit.cli.main import cli


def call(*words: str) -> None:
    """`cmivqa WORDS` in this process: torch is imported once."""
    result = CliRunner().invoke(cli, words, catch_exceptions=False)
    assert result.exit_code == 0, result.output


def test_tiny_learns_on_the_embedded_corpus_and_answers_every_question(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    short = ("train.max_steps=24", "train.evaluate_every=12", "train.dev_questions=4")
    call("train", "-m", "mutualsl", "--preset", "tiny", *(word for one in short for word in ("--set", one)))
    lines = (tmp_path / "runs/mutualsl-1/metrics.jsonl").read_text(encoding="utf-8").splitlines()
    first, last = (json.loads(line)["loss"] for line in lines)
    assert last < 0.99 * first  # running means over all steps so far
    call("predict", "--split", "testA", "--track", "1")
    answers = json.loads((tmp_path / "submission.json").read_text(encoding="utf-8"))
    assert len(answers) == 113
    assert all(set(one) == {"id", "video_id", "question", "start_second", "end_second"} for one in answers)
    call("validate", "submission.json")
