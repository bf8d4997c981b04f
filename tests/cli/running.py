"""Running the real program in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from cmivqa_kit.runs.directory import start_run
from cmivqa_kit.runs.provenance import keep
from cmivqa_kit.runs.settings import Recipe


def cmivqa(*arguments: str | Path, cwd: Path, **env: str) -> subprocess.CompletedProcess[bytes]:
    """`cmivqa ARGUMENTS` in ``cwd``; extra keywords are environment variables."""
    return subprocess.run(
        [sys.executable, "-c", "from cmivqa_kit.cli.main import run; run()", *map(str, arguments)],
        cwd=cwd,
        env={**os.environ, **env},
        capture_output=True,
        timeout=300,
        check=False,
    )


def python(code: str, *arguments: str | Path, cwd: Path, **env: str) -> subprocess.CompletedProcess[str]:
    """A Python program given as text."""
    return subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        cwd=cwd,
        env={**os.environ, **env},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def made_by(baseline: str, recipe: Recipe, *files: str) -> str:
    """Note in a run below ``./runs`` that it made these files; the name of the run."""
    run = start_run(Path("runs"), baseline, {}, 0, recipe)
    run.finish()
    for file in files:
        keep(run, Path(file))
    return run.path.name
