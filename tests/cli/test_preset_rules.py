"""Which preset is in force: the flag's, the workspace's for its own baseline, the demo's on the embedded corpus."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from cmivqa_kit.cli.main import cli

WORKSPACE = '[model]\nbaseline = "ccgs"\npreset = "minilm"\n'


def config(folder: Path, monkeypatch: pytest.MonkeyPatch, *flags: str) -> Any:
    """The baseline's own settings, as `cmivqa config` shows them in ``folder``."""
    monkeypatch.chdir(folder)
    done = CliRunner().invoke(cli, ["config", "--format", "json", *flags])
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)["baseline"]


def test_the_embedded_corpus_takes_the_demo_preset(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert config(tmp_path, monkeypatch)["encoder"]["name"] == "tiny"
    assert "e5-small" in config(tmp_path, monkeypatch, "--data", "somewhere")["encoder"]["name"]
    assert "MiniLM" in config(tmp_path, monkeypatch, "--preset", "minilm")["encoder"]["name"]
    assert "index" in config(tmp_path, monkeypatch, "-m", "bm25")


def test_a_workspace_s_preset_is_its_own_baseline_s(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "cmivqa.toml").write_text(WORKSPACE, encoding="utf-8")
    assert config(tmp_path, monkeypatch)["train"]["pairs"] == 1000
    assert "index" in config(tmp_path, monkeypatch, "-m", "bm25")  # which has no preset minilm
    assert config(tmp_path, monkeypatch, "-m", "ccgs")["train"]["pairs"] == 1000
    assert config(tmp_path, monkeypatch, "--preset", "tiny")["encoder"]["name"] == "tiny"


@pytest.mark.parametrize("flags", [("--preset", "tyni"), ("-m", "bm25", "--preset", "tiny")])
def test_a_preset_that_is_not_there_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, flags: tuple[str, ...]
) -> None:
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(cli, ["config", *flags])
    assert done.exit_code == 2
    assert "has no preset" in done.output
