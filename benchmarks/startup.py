"""How long the light commands take to start, beside a program that imports torch as most evaluation scripts do.

Whole processes on a warm file system, interleaved, best of N by processor time; ratios to `python -c pass`. The share
of importing is that of one process under `python -X importtime`: its modules' own times, added up, of its whole time
(the interpreter's own start not counted to importing). Run: python benchmarks/startup.py
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from data import make
from processes import KIT, run, warm_environment

ROUNDS = 7
QUESTIONS = 500
ANSWERS = ("--truth", "answers.json", "--track", "2")
_IMPORT = re.compile(r"import time:\s+(\d+) \|\s+\d+ \|( +)(\S+)")


def importing(arguments: list[str], cwd: str) -> tuple[float, float, dict[str, float]]:
    """Seconds of a whole process, of its imports after the start, and of these by package, all by the clock."""
    command = [sys.executable, "-X", "importtime", *arguments]
    begin = time.perf_counter()
    process = subprocess.run(command, cwd=cwd, env=warm_environment(), check=True, capture_output=True, text=True)
    whole = time.perf_counter() - begin
    packages: dict[str, float] = {}
    started = False
    for microseconds, _, name in _IMPORT.findall(process.stderr):
        package = name.partition(".")[0]
        if started:
            kind = package if package in ("numpy", "rich", "click", "cmivqa_kit") else "others"
            packages[kind] = packages.get(kind, 0.0) + int(microseconds) / 1e6
        started = started or package == "site"
    return whole, sum(packages.values()), packages


def main() -> None:
    """Measure and print two tables."""
    with tempfile.TemporaryDirectory() as folder:
        python = sys.executable
        run([*KIT, "sample", "--track", "3", "--out", "entry.json"], folder)
        size = Path(folder, "entry.json").stat().st_size / 2**20
        large = make(Path(folder), QUESTIONS)
        scoring = ["score", "submission.json", *ANSWERS]
        commands = {
            "python -c pass": [python, "-c", "pass"],
            "cmivqa --help": [*KIT, "--help"],
            f"cmivqa validate entry.json ({size:.1f} MiB)": [*KIT, "validate", "entry.json"],
            f"cmivqa score entry.json ({size:.1f} MiB)": [*KIT, "score", "entry.json"],
            f"cmivqa score submission.json ({QUESTIONS} x 50, {large:.1f} MiB)": [*KIT, *scoring],
            "python -c 'import torch'": [python, "-c", "import torch"],
        }
        best = dict.fromkeys(commands, float("inf"))
        for _ in range(ROUNDS):
            for name, command in commands.items():
                best[name] = min(best[name], run(command, folder).seconds)
        whole, imports, packages = min(importing([*KIT[1:], *scoring], folder) for _ in range(ROUNDS))
    base = best["python -c pass"]
    print(f"| process (best of {ROUNDS}) | processor seconds | ratio to bare python |\n| --- | --- | --- |")
    for name, value in best.items():
        print(f"| `{name}` | {value:.3f} | {value / base:.1f} |")
    print(f"\n`cmivqa score` of {QUESTIONS} questions spends {imports / whole:.0%} of its time importing:\n")
    print("| modules | seconds | share of the process |\n| --- | --- | --- |")
    for name, value in sorted(packages.items(), key=lambda item: -item[1]):
        print(f"| {name} | {value:.3f} | {value / whole:.0%} |")
    rest = whole - imports
    print(f"| all the rest: interpreter, reading, scoring, intervals | {rest:.3f} | {rest / whole:.0%} |")


if __name__ == "__main__":
    main()
