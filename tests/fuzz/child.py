"""One command in a child of this process, which has imported everything already, with bounds and what it did.

Bounds: processor time, memory beyond what this process has, size of a file. What it writes outside its folder is noted.
"""

from __future__ import annotations

import io
import os
import re
import resource
import shutil
import signal
import sys
import tempfile
import traceback
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from cmivqa_kit.files import cache_root
from tests.fuzz.operations import Listener, Operation, tell

MIB = 2**20
UNEXPECTED = 70  # status of a child that ended with an exception
CODES = (0, 1, 2, 3, 4)


@dataclass(frozen=True, slots=True)
class Bounds:
    """Processor time in seconds; bytes beyond what the parent has; bytes of a file."""

    seconds: int = 20
    memory: int = 1024 * MIB
    file: int = 256 * MIB


@dataclass(frozen=True, slots=True)
class Ended:
    """How a child ended: its status (``-N``: by signal N), what it printed, seconds of processor time, and its peak.

    ``peak`` is the largest resident size in bytes, what the parent had at the fork included; ``outside`` the files that
    it wanted to change outside its folder.
    """

    code: int
    out: str
    err: str
    seconds: float
    peak: int
    outside: tuple[str, ...]

    def frame(self) -> str:
        """The last line of the kit that a traceback names."""
        frames = re.findall(r'File "[^"\n]*/((?:cmivqa_kit|baselines)/[^"\n]+)", line (\d+)', self.err)
        frames = [frame for frame in frames if frame[0] != "cmivqa_kit/cli/main.py"] or frames
        return ":".join(frames[-1]) if frames else "no frame of the kit"

    def fault(self) -> str:
        """Why this is no proper end whatever the input was; empty where it is one."""
        if self.code == -signal.SIGXCPU or self.code == -signal.SIGKILL:
            return f"processor time: ended after {self.seconds:.1f} s"
        if "Traceback (most recent call last)" in self.err or self.code == UNEXPECTED:
            last = (self.err.strip().splitlines() or ["no word"])[-1]
            return f"traceback: {last[:200]} ({self.frame()})"
        if self.code not in CODES:
            return f"exit code {self.code}: {self.err[-200:]}"
        if "out of memory" in self.err:
            return f"memory: {self.err.splitlines()[0][:200]}"
        if "[y/N]" in self.out + self.err:
            return "asks the user [y/N]"
        if self.outside:
            return f"writes outside: {', '.join(self.outside[:3])}"
        return ""


def command(words: Sequence[str], folder: Path, bounds: Bounds | None = None, listener: Listener | None = None,
            within: Path | None = None) -> Ended:  # fmt: skip
    """`cmivqa WORDS` in ``folder``; ``within`` (by default the folder) is what it may change."""
    return in_child(lambda: _cmivqa(words), folder, bounds or Bounds(), listener, within or folder)


def in_child(act: Callable[[], int], folder: Path, bounds: Bounds, listener: Listener | None, within: Path) -> Ended:
    """Whatever ``act`` does, in a child; its result is the status."""
    streams = [os.memfd_create(name) for name in ("out", "err", "outside")]
    temporary = tempfile.mkdtemp(prefix="cmivqa-fuzz-")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # that threads of the test runner are not in the child
        process = os.fork()
    if process == 0:
        _be_the_child(act, folder, bounds, listener, within, streams, temporary)
    _, status, used = os.wait4(process, 0)
    shutil.rmtree(temporary, ignore_errors=True)
    texts = [os.pread(stream, 8 * MIB, 0).decode("utf-8", "replace") for stream in streams]
    for stream in streams:
        os.close(stream)
    return Ended(
        os.waitstatus_to_exitcode(status), texts[0], texts[1], used.ru_utime + used.ru_stime,
        max(used.ru_maxrss * 1024, before), tuple(sorted(set(texts[2].split("\0")) - {""})),
    )  # fmt: skip


def _be_the_child(
    act: Callable[[], int],
    folder: Path,
    bounds: Bounds,
    listener: Listener | None,
    within: Path,
    streams: list[int],
    temporary: str,
) -> NoReturn:
    code = UNEXPECTED
    try:
        out, err, outside = streams
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(out, 1)
        os.dup2(err, 2)
        sys.stdin = io.TextIOWrapper(io.FileIO(0), encoding="utf-8")
        sys.stdout, sys.stderr = (io.TextIOWrapper(io.FileIO(to, "w"), "utf-8", write_through=True) for to in (1, 2))
        os.chdir(folder)
        _bound(bounds)
        tempfile.tempdir = temporary
        note = os.write
        inside = tuple(os.path.realpath(place) + os.sep for place in (within, tempfile.tempdir, cache_root()))

        def heard(operation: Operation) -> None:
            for path in filter(None, (operation.path, operation.target)):
                if not _may_change(path, inside):
                    note(outside, f"{operation.kind} {path}\0".encode("utf-8", "surrogateescape"))
            if listener is not None:
                listener(operation)

        tell(heard)
        code = act()
        sys.stdout.flush()
    except BaseException:
        traceback.print_exc(file=sys.stderr)
    finally:
        os._exit(code)


def _may_change(path: str, inside: tuple[str, ...]) -> bool:
    if path.startswith(("/memfd:", "pipe:", "descriptor ", "/dev/null", "/dev/pts/", "/dev/tty")):
        return True
    folder, name = os.path.split(path)
    return f"{os.path.realpath(folder)}/{name}".startswith(inside) or path + os.sep in inside


def _bound(bounds: Bounds) -> None:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    size = pages * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (size + bounds.memory,) * 2)
    resource.setrlimit(resource.RLIMIT_CPU, (bounds.seconds, bounds.seconds + 2))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (bounds.file,) * 2)


def _cmivqa(words: Sequence[str]) -> int:
    from cmivqa_kit.cli import main

    sys.argv = ["cmivqa", *words]
    try:
        main.run()
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else UNEXPECTED
    return UNEXPECTED
