"""How long the light commands take to start, beside a program that imports torch as most evaluation scripts do.

Whole processes, interleaved, best of N; reported as ratios to `python -c pass`. Run: python benchmarks/startup.py
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROUNDS = 7
CLI = "from cmivqa_kit.cli.main import run; run()"


def seconds(command: list[str], cwd: str) -> float:
    """Wall time of one run of a command."""
    begin = time.perf_counter()
    subprocess.run(command, cwd=cwd, check=True, capture_output=True)
    return time.perf_counter() - begin


def main() -> None:
    """Measure and print a table."""
    with tempfile.TemporaryDirectory() as folder:
        python = sys.executable
        subprocess.run([python, "-c", CLI, "sample", "--track", "3", "--out", "entry.json"], cwd=folder, check=True,
                       capture_output=True)  # fmt: skip
        size = Path(folder, "entry.json").stat().st_size / 2**20
        commands = {
            "python -c pass": [python, "-c", "pass"],
            "cmivqa --help": [python, "-c", CLI, "--help"],
            f"cmivqa validate entry.json ({size:.1f} MiB)": [python, "-c", CLI, "validate", "entry.json"],
            f"cmivqa score entry.json ({size:.1f} MiB)": [python, "-c", CLI, "score", "entry.json"],
            "python -c 'import torch'": [python, "-c", "import torch"],
        }
        best = dict.fromkeys(commands, float("inf"))
        for _ in range(ROUNDS):
            for name, command in commands.items():
                best[name] = min(best[name], seconds(command, folder))
    base = best["python -c pass"]
    print(f"| process (best of {ROUNDS}) | seconds | ratio to bare python |\n| --- | --- | --- |")
    for name, value in best.items():
        print(f"| `{name}` | {value:.3f} | {value / base:.1f} |")


if __name__ == "__main__":
    main()
