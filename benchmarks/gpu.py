"""Everything that wants a GPU, in nine minutes and without network: tests marked `gpu`, then the open tables.

Each command has a budget in seconds; what fails or does not fit is said, and the next goes on. Its output goes as
text into one folder (``$OUT`` where set, else ``gpu-results/``), with a ``summary.txt``. Packages that this python
lacks come from ``wheels/`` (`make wheels`) into a temporary folder; nothing else is installed.
Run: python benchmarks/gpu.py [--device cuda|cpu]   (cpu: toy sizes, which try the script; no GPU is compared)
"""

from __future__ import annotations

import argparse
import importlib.metadata
import os
import platform
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TOTAL = 540.0  # s, of all commands together


@dataclass(frozen=True, slots=True)
class Step:
    """One command: arguments of python on a GPU, those at toy size on a CPU, seconds it may take."""

    name: str
    cuda: tuple[str, ...]
    cpu: tuple[str, ...]
    budget: float


@dataclass(frozen=True, slots=True)
class Result:
    """How a step ended: ``done``, ``failed: ...``, ``stopped after ...`` or ``not run: ...``; and its seconds."""

    name: str
    state: str
    seconds: float


def script(name: str, budget: float, cuda: str, cpu: str) -> Step:
    """The step of a table, whose name is that of its script in benchmarks/."""
    path = f"benchmarks/{name}.py"
    return Step(name, (path, "--device", "cuda", *cuda.split()), (path, "--device", "cpu", *cpu.split()), budget)


PYTEST = ("-m", "pytest", "-m", "gpu", "-rs", "-p", "no:cacheprovider", "tests/gpu")
TESTS = Step("tests", PYTEST, PYTEST, 120)
# Most telling first. One for each table of benchmarks/README.md that is not measured yet (tests/house/test_gpu.py).
TABLES = (
    script("predict_vs_reference", 90, "--end-to-end", "--end-to-end --questions 1 --videos 2 --rounds 1"),
    script("testa_shape", 100, "--part 0.1", ""),
    script("train_vs_reference", 90, "--epochs 0", "--epochs 0 --pairs 4"),
    script("encoder_modes", 110, "--compile", "64 --rounds 1"),
    script("predict_growth", 110, "--full", ""),
    script("q2a_steps", 20, "", "--dim 16 --batches 2"),
    script("frames_encoded", 40, "", "--toy --batches 2"),
    script("retrieval_batches", 40, "", "--rounds 1"),
    script("moment_batches", 60, "--queries 96", "--queries 4"),
    script("hybrid_scale", 60, "1000", "20 --questions 1"),
)


def run_step(step: Step, command: Sequence[str], folder: Path, limit: float, environment: Mapping[str, str]) -> Result:
    """Run a command with its output in ``folder``; after ``limit`` seconds it and what it started are ended."""
    begin = time.monotonic()
    with (folder / f"{step.name}.txt").open("wb") as output:
        process = subprocess.Popen(
            command, cwd=ROOT, env=dict(environment), stdout=output, stderr=subprocess.STDOUT, start_new_session=True
        )
        try:
            code = process.wait(limit)
            state = "done" if code == 0 else f"failed: status {code}"
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            state = f"stopped after {limit:.0f} s; what it printed until then is kept"
    return Result(step.name, state, time.monotonic() - begin)


def run_all(
    steps: Sequence[Step],
    run: Callable[[Step, float], Result],
    total: float = TOTAL,
    clock: Callable[[], float] = time.monotonic,
) -> list[Result]:
    """Run steps in order, each for its budget or for what is left of ``total`` seconds."""
    begin, results = clock(), []
    for step in steps:
        left = total - (clock() - begin)
        results.append(
            run(step, min(step.budget, left)) if left > 0 else Result(step.name, "not run: no time was left", 0.0)
        )
        print(f"{step.name}: {results[-1].state} ({results[-1].seconds:.0f} s)", flush=True)
    return results


def summary(results: Sequence[Result], facts: Mapping[str, str], device: str) -> str:
    """What was done where, as text."""
    lines = [f"{name}: {value}" for name, value in facts.items()]
    if device == "cpu":
        lines.append("NO GPU WAS COMPARED: everything ran on the CPU at toy size, to try the script.")
    return "\n".join([*lines, "", *(f"{r.name}: {r.state} ({r.seconds:.0f} s)" for r in results), ""])


def exit_code(results: Sequence[Result]) -> int:
    """1 where the tests did not pass or a table failed; a table that did not fit is no failure."""
    bad = [r for r in results if r.state.startswith("failed") or (r.name == TESTS.name and r.state != "done")]
    return 1 if bad else 0


def missing_wheels(folder: Path) -> list[str]:
    """The wheels of ``folder`` whose packages this python lacks."""
    missing = []
    for wheel in sorted(folder.glob("*.whl")):
        try:
            importlib.metadata.version(wheel.name.split("-")[0].replace("_", "-"))
        except importlib.metadata.PackageNotFoundError:
            missing.append(str(wheel))
    return missing


def install(target: Path) -> None:
    """Put what is missing into ``target``, from wheels/ alone."""
    if missing := missing_wheels(ROOT / "wheels"):
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-index"]
        subprocess.run([*pip, "--no-deps", "--target", str(target), *missing], check=True)


def facts_here(device: str) -> dict[str, str]:
    """Device, versions and commit."""
    import torch

    def version(name: str) -> str:
        try:
            return importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            return "not there"

    git = subprocess.run(["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False)
    names = ("torch", "transformers", "accelerate", "numpy", "disentangled-flash")
    return {
        "device": torch.cuda.get_device_name() if device == "cuda" else f"cpu, {torch.get_num_threads()} threads",
        "GPUs": str(torch.cuda.device_count()),
        "python": platform.python_version(),
        **{name: version(name) for name in names},
        "commit": git.stdout.strip() or "unknown",
    }


def main(device: str) -> int:
    """Run everything; returns the exit status."""
    import torch

    if device == "cuda" and not torch.cuda.is_available():
        print("torch sees no GPU here; `make gpu DEVICE=cpu` tries the script at toy size.", file=sys.stderr)
        return 2
    out = Path(os.environ.get("OUT") or ROOT / "gpu-results")
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as target:
        install(Path(target))
        path = os.pathsep.join([str(ROOT), target, *filter(None, [os.environ.get("PYTHONPATH")])])
        environment = {**os.environ, "PYTHONPATH": path, "PYTHONUNBUFFERED": "1", "CMIVQA_GPU_DEVICE": device}

        def run(step: Step, limit: float) -> Result:
            arguments = step.cuda if device == "cuda" else step.cpu
            return run_step(step, [sys.executable, *arguments], out, limit, environment)

        sys.path.append(target)
        results = run_all((TESTS, *TABLES), run)
        text = summary(results, facts_here(device), device)
    (out / "summary.txt").write_text(text, encoding="utf-8")
    print(f"\n{text}\nin {out}")
    return exit_code(results)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", choices=("cuda", "cpu"), default="cuda")
    sys.exit(main(parser.parse_args().device))
