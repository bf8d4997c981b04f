"""`make gpu`: its list forgets no open table, and it keeps to its budget whatever a command does."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "benchmarks"))
import gpu  # noqa: E402
import wheels  # noqa: E402

sys.path.remove(str(ROOT / "benchmarks"))


def test_every_table_that_is_not_measured_yet_is_declared() -> None:
    sections = (ROOT / "benchmarks/README.md").read_text(encoding="utf-8").split("\n## ")
    waiting = {
        match[1]
        for section in sections
        if "**not measured yet**" in section and (match := re.match(r"`python benchmarks/(\w+)\.py", section))
    }
    assert waiting == {step.name for step in gpu.TABLES}


def test_budgets_fit_into_nine_minutes() -> None:
    assert gpu.TOTAL == 9 * 60
    assert all(0 < step.budget <= gpu.TOTAL for step in (gpu.TESTS, *gpu.TABLES))


def test_what_fails_or_does_not_end_is_said_and_the_next_goes_on(tmp_path: Path) -> None:
    programs = {
        "bad": "print('before', flush=True); raise SystemExit(3)",
        "endless": "import time; print('begun', flush=True); time.sleep(9999)",
        "good": "print('table')",
    }
    steps = [gpu.Step(name, ("-c", text), (), 0.0) for name, text in programs.items()]

    def run(step: gpu.Step, _: float) -> gpu.Result:
        limit = 3.0 if step.name == "endless" else 3600.0
        return gpu.run_step(step, [sys.executable, *step.cuda], tmp_path, limit, os.environ)

    bad, endless, good = gpu.run_all(steps, run, total=3600.0)
    assert (bad.state, good.state) == ("failed: status 3", "done")
    assert endless.state.startswith("stopped after 3 s")
    assert (tmp_path / "bad.txt").read_text().strip() == "before"
    assert (tmp_path / "good.txt").read_text().strip() == "table"


def test_what_no_time_is_left_for_is_said() -> None:
    now, given = [0.0], []

    def run(step: gpu.Step, limit: float) -> gpu.Result:
        given.append(limit)
        now[0] += limit
        return gpu.Result(step.name, "done", limit)

    steps = [gpu.Step(name, (), (), 60) for name in "abc"]
    results = gpu.run_all(steps, run, total=100, clock=lambda: now[0])
    assert given == [60, 40]
    assert results[2].state.startswith("not run")


@pytest.mark.parametrize(
    ("name", "state", "code"),
    [("tests", "done", 0), ("tests", "failed: status 1", 1), ("tests", "stopped after 9 s", 1),
     ("a", "failed: status 1", 1), ("a", "stopped after 9 s", 0), ("a", "not run: no time was left", 0)],
)  # fmt: skip
def test_exit_code_and_summary(name: str, state: str, code: int) -> None:
    results = [gpu.Result(name, state, 1)]
    assert gpu.exit_code(results) == code
    text = gpu.summary(results, {"commit": "abc"}, "cpu")
    assert "commit: abc" in text and f"{name}: {state}" in text and "NO GPU WAS COMPARED" in text
    assert "NO GPU" not in gpu.summary(results, {}, "cuda")


def test_wheels_have_a_limit() -> None:
    assert wheels.check_size([10, 20], 30) == 30
    with pytest.raises(SystemExit, match="more than"):
        wheels.check_size([10, 21], 30)
