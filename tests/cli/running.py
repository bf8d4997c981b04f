"""Running the real program: in a process of its own where that is the point, else here, which is many times quicker."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

from cmivqa_kit.cli import main
from cmivqa_kit.runs.directory import start_run
from cmivqa_kit.runs.provenance import keep
from cmivqa_kit.runs.settings import Recipe
from tests.declared import conform_printed
from tests.hang import HANG


def cmivqa(*arguments: str | Path, cwd: Path, **env: str) -> subprocess.CompletedProcess[bytes]:
    """`cmivqa ARGUMENTS` in ``cwd``, as a process; extra keywords are environment variables.

    For what only a process has: its start, its imports, its console, its hash seed. Everything else: `cmivqa_here`.
    """
    words = list(map(str, arguments))
    done = subprocess.run(
        [sys.executable, "-c", "from cmivqa_kit.cli.main import run; run()", *words],
        cwd=cwd,
        env={**os.environ, **env},
        capture_output=True,
        timeout=HANG,
        check=False,
    )
    conform_printed(words, done.stdout)
    return done


def cmivqa_here(*arguments: str | Path, cwd: Path, **env: str) -> subprocess.CompletedProcess[bytes]:
    """`cmivqa ARGUMENTS` in ``cwd``, in this process, which has imported everything already.

    Of the environment only that counts which is read at the call; ``PYTHONIOENCODING`` is that of the streams.
    """
    words = ["cmivqa", *map(str, arguments)]
    encoding = env.get("PYTHONIOENCODING", "utf-8")
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding=encoding, write_through=True) for _ in range(2))
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(cwd)
        for name, value in env.items():
            patch.setenv(name, value)
        for name, value in (("argv", words), ("stdout", out), ("stderr", err)):
            patch.setattr(sys, name, value)
        with pytest.raises(SystemExit) as ended:
            main.run()
    code = ended.value.code
    assert isinstance(code, int)
    shown = [stream.buffer.getvalue() for stream in (out, err)]  # type: ignore[attr-defined]
    return subprocess.CompletedProcess(words, code, *shown)


def python(code: str, *arguments: str | Path, cwd: Path, **env: str) -> subprocess.CompletedProcess[str]:
    """A Python program given as text, as a process."""
    return subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        cwd=cwd,
        env={**os.environ, **env},
        capture_output=True,
        text=True,
        timeout=HANG,
        check=False,
    )


def made_by(baseline: str, recipe: Recipe, *files: str) -> str:
    """Note in a run below ``./runs`` that it made these files; the name of the run."""
    run = start_run(Path("runs"), baseline, {}, 0, recipe)
    run.finish()
    for file in files:
        keep(run, Path(file))
    return run.path.name
