"""`cmivqa doctor`: a line each, the exit code, JSON."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.running import cmivqa_here as cmivqa


def test_a_line_each_and_the_exit_code(tmp_path: Path) -> None:
    done = cmivqa("doctor", "--offline", "-m", "bm25", cwd=tmp_path)
    lines = done.stdout.decode().splitlines()
    assert done.returncode == 0, done.stderr
    assert lines[0] == "For baseline bm25:"
    assert all(line.split()[0] in ("ok", "note") for line in lines[1:-1])
    assert lines[-1] == "Next: cmivqa train --baseline bm25"
    done = cmivqa("doctor", "--offline", "-m", "mutualsl", "--data", "gone", "--device", "cuda:9", cwd=tmp_path)
    lines = done.stdout.decode().splitlines()
    assert done.returncode == 1
    assert lines[-1].startswith("3 missing: device, data, encoder")
    assert any(line.startswith("  missing  data") and "cmivqa init --from" in line for line in lines)


def test_json(tmp_path: Path) -> None:
    done = cmivqa(
        "doctor", "--offline", "-m", "ccgs", "--set", "encoder=nowhere/model", "--format", "json", cwd=tmp_path
    )
    document = json.loads(done.stdout)
    assert done.returncode == 1
    assert document["ok"] is False
    assert [one["name"] for one in document["findings"] if one["state"] == "missing"] == ["encoder"]


def test_in_a_workspace_its_baseline_counts(tmp_path: Path) -> None:
    (tmp_path / "cmivqa.toml").write_text('[model]\nbaseline = "prior"\n', encoding="utf-8")
    assert cmivqa("doctor", "--offline", cwd=tmp_path).stdout.startswith(b"For baseline prior:")
    (tmp_path / "cmivqa.toml").write_text('[model]\nbaseline = "pryor"\n', encoding="utf-8")
    done = cmivqa("doctor", "--offline", cwd=tmp_path)
    assert (done.returncode, b"Did you mean 'prior'" in done.stderr) == (2, True)
