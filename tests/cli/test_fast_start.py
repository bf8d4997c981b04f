"""Help, validate and score import none of the heavy packages, on real runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.running import cmivqa_here, python

# The last two are our own: what scores published benchmarks has no part in these commands.
HEAVY = ("torch", "transformers", "accelerate", "scipy.stats", "scipy.sparse", "pandas", "cmivqa_kit.bench.report.card",
         "cmivqa_kit.metrics.benchmarks")  # fmt: skip
SPY = f"""
import atexit, sys
def tell():
    heavy = [name for name in {HEAVY!r} if name in sys.modules]
    print("HEAVY", heavy, file=sys.stderr)
atexit.register(tell)
from cmivqa_kit.cli.main import run
run()
"""


@pytest.fixture(scope="module")
def entry(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("fast")
    made = cmivqa_here("sample", "--track", "3", "--out", "entry.json", cwd=folder)
    assert made.returncode == 0, made.stderr
    return folder / "entry.json"


@pytest.mark.parametrize(
    "arguments",
    [["--help"], ["score", "--help"], ["validate", "--help"], ["validate", "entry.json"], ["score", "entry.json"],
     ["diagnose", "--help"], ["diagnose", "entry.json"], ["baselines"], ["config"], ["validate", "damaged.json"]],
    ids=" ".join,
)  # fmt: skip
def test_light_commands_import_nothing_heavy(entry: Path, arguments: list[str]) -> None:
    (entry.parent / "damaged.json").write_text('[{"id": 0, "output": [["x", "y", null]]}]', encoding="utf-8")
    done = python(SPY, *arguments, cwd=entry.parent)
    assert done.returncode == (2 if "damaged.json" in arguments else 0), done.stdout + done.stderr
    assert done.stderr.strip().endswith("HEAVY []"), done.stderr


def test_the_spy_sees_a_heavy_import(entry: Path) -> None:
    done = python("import torch\n" + SPY, "--help", cwd=entry.parent)
    assert "'torch'" in done.stderr
