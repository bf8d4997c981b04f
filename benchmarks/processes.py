"""Whole processes: their processor time with all threads, and their peak memory.

Processor time and not time by the clock, so that other work on the machine matters less. Compiled modules are kept, as
they are for a user: the first of several runs may have to compile them.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from threading import Timer

KIT = (sys.executable, "-c", "from cmivqa_kit.cli.main import run; run()")


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a command: processor seconds (user and system), peak memory in MiB, what it printed.

    ``stopped`` where it was still at work at the time limit: then it needs more than ``seconds``.
    """

    seconds: float
    memory: float
    output: str
    stopped: bool = False


def warm_environment() -> dict[str, str]:
    """The environment, with leave to keep compiled modules."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def run(command: Sequence[str], cwd: str | None = None, limit: float = 600, codes: Collection[int] = (0,)) -> Run:
    """Run a command, for ``limit`` seconds by the clock at most.

    Raises:
        SystemExit: it fails: its exit code is none of ``codes``.
    """
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(command, cwd=cwd, env=warm_environment(), stdout=output, stderr=errors)
        timer = Timer(limit, process.kill)
        timer.start()
        _, status, usage = os.wait4(process.pid, 0)
        timer.cancel()
        process.returncode = code = os.waitstatus_to_exitcode(status)
        output.seek(0)
        errors.seek(0)
        if code not in (*codes, -signal.SIGKILL):
            raise SystemExit(f"{' '.join(command)}: status {code}\n{errors.read().decode()}")
        text = output.read().decode()
    return Run(usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, text, code < 0)


def best(
    command: Sequence[str], rounds: int, cwd: str | None = None, limit: float = 600, codes: Collection[int] = (0,)
) -> Run:
    """The run that took least processor time, of ``rounds``; the others count as slowed down by other work."""
    found = run(command, cwd, limit, codes)
    for _ in range(rounds - 1):
        if found.stopped:
            break
        found = min(found, run(command, cwd, limit, codes), key=lambda done: done.seconds)
    return found
