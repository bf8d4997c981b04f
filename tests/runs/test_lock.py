"""The lock of a run: one holder at a time, named to the second; a dead holder's lock falls by itself."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from cmivqa_kit.errors import UserError
from cmivqa_kit.runs.directory import RECORD, start_run
from cmivqa_kit.runs.finished_runs import finished_runs
from cmivqa_kit.runs.lock import LOCK, locked

ROOT = Path(__file__).parents[2]
HOLDER = """
import sys, time
from pathlib import Path
from cmivqa_kit.runs.lock import locked
with locked(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


def test_the_second_is_told_who_holds_it_and_a_dead_holder_lets_go(tmp_path: Path) -> None:
    holder = subprocess.Popen([sys.executable, "-c", HOLDER, str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE)
    try:
        assert holder.stdout is not None and holder.stdout.readline() == b"held\n"
        with pytest.raises(UserError) as refusal, locked(tmp_path):
            pass
        assert f"(process {holder.pid} on {socket.gethostname()}, since 20" in refusal.value.message
        assert str(tmp_path) in refusal.value.message
        with locked(tmp_path, main=False):  # another process of the holder's own group
            pass
    finally:
        holder.send_signal(signal.SIGKILL)
        holder.communicate()
    assert json.loads((tmp_path / LOCK).read_text(encoding="utf-8"))["pid"] == holder.pid  # it never cleaned up
    with locked(tmp_path):
        assert json.loads((tmp_path / LOCK).read_text(encoding="utf-8"))["pid"] == os.getpid()
    assert (tmp_path / LOCK).read_bytes() == b""


def test_two_in_one_process_exclude_each_other_and_a_damaged_lock_file_is_no_matter(tmp_path: Path) -> None:
    (tmp_path / LOCK).write_bytes(b"\xff[" * 999)
    with locked(tmp_path):
        (tmp_path / LOCK).write_bytes(b"\xff[")
        with pytest.raises(UserError, match="another process works on it"), locked(tmp_path):
            pass
    with locked(tmp_path):
        pass


def test_a_finished_time_in_the_future_does_not_make_a_run_the_newest(tmp_path: Path) -> None:
    for _ in range(3):
        start_run(tmp_path, "prior", {}, 0).finish()
    for number, finished in ((1, "2999-01-01T00:00:00+00:00"), (2, "x" * 99)):
        path = tmp_path / f"prior-{number}" / RECORD
        path.write_text(json.dumps({**json.loads(path.read_bytes()), "finished": finished}), encoding="utf-8")
    assert [run.path.name for run in finished_runs(tmp_path)] == ["prior-3", "prior-2", "prior-1"]
