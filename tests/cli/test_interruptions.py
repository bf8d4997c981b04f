"""A reader that leaves, an interrupt, a full disk, a named pipe: plain ends with codes that are no finding."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from cmivqa_kit.data.demo import demo_corpus
from cmivqa_kit.runs.directory import RunDirectory
from tests.cli.running import cmivqa_here, python

PROGRAM = [sys.executable, "-c", "from cmivqa_kit.cli.main import run; run()"]


@pytest.mark.parametrize("form", ["text", "json", "csv"])
def test_a_reader_that_leaves_is_no_finding(tmp_path: Path, form: str) -> None:
    """The reading end is closed before the program starts: every write fails."""
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [*PROGRAM, "data", "check", "--data", str(demo_corpus()), "--all", "--format", form],
        cwd=tmp_path, stdout=writer, stderr=subprocess.PIPE, check=False,
    )  # fmt: skip
    os.close(writer)
    assert (done.returncode, done.stderr) == (141, b"")


def test_a_reader_that_leaves_takes_no_file_with_it(tmp_path: Path) -> None:
    """What a command was asked to write is there, whole, though nobody reads what it prints."""
    written = {
        "train -m prior": "runs/prior-1/run.json",
        "predict -m prior --track 1 --out mine.json": "mine.json",
        "validate mine.json --fix mended.json": "mended.json",
        "score mine.json --per-question rows.csv": "rows.csv",
        "diagnose mine.json --html page.html": "page.html",
        "sample --out sample.json": "sample.json",
        "init": "cmivqa.toml",
    }
    reader, writer = os.pipe()
    os.close(reader)
    for command, name in written.items():
        done = subprocess.run(
            [*PROGRAM, *command.split()], cwd=tmp_path, stdout=writer, stderr=subprocess.PIPE, check=False
        )
        assert (command, done.returncode, done.stderr) == (command, 141, b"")
        assert (tmp_path / name).stat().st_size > 20
    os.close(writer)
    assert b'"finished"' in (tmp_path / "runs/prior-1/run.json").read_bytes()
    assert len(json.loads((tmp_path / "mine.json").read_bytes())) == 113


@pytest.mark.parametrize("arguments", [["--help"], ["baselines"], ["data", "check", "--split", "dev"]], ids=" ".join)
def test_output_to_a_full_disk_is_a_plain_error(tmp_path: Path, arguments: list[str]) -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run([*PROGRAM, *arguments], cwd=tmp_path, stdout=full, stderr=subprocess.PIPE, check=False)
    assert done.returncode == 4
    assert b"No space left" in done.stderr
    assert b"Traceback" not in done.stderr
    assert b"Exception ignored" not in done.stderr


def test_an_interrupt_is_no_finding(tmp_path: Path) -> None:
    code = (
        "import signal\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"  # a shell's background jobs ignore it
        "import cmivqa_kit.prediction.answer_plan as answer_plan\n"
        "import cmivqa_kit.cli.main as main\n"
        "answer_plan.load_split = lambda *a: signal.raise_signal(signal.SIGINT)\n"
        "import sys; sys.argv = ['cmivqa', 'predict']\n"
        "main.run()"
    )
    assert cmivqa_here("train", "-m", "bm25", cwd=tmp_path).returncode == 0
    before = sorted(p.name for p in tmp_path.iterdir())
    done = python(code, cwd=tmp_path)
    assert done.returncode == 128 + signal.SIGINT
    assert done.stderr.splitlines()[-1].startswith("Stopped before")
    assert "Traceback" not in done.stderr
    assert sorted(p.name for p in tmp_path.iterdir()) == before


def test_a_named_pipe_in_a_data_root_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "train.json")
    done = cmivqa_here("data", "check", "--data", ".", cwd=tmp_path)
    assert done.returncode == 2
    assert b"no question file found" in done.stderr


def test_an_error_names_the_file_that_was_asked_for(tmp_path: Path) -> None:
    assert cmivqa_here("train", "-m", "bm25", cwd=tmp_path).returncode == 0
    code = (
        "import cmivqa_kit.submission.write as write, cmivqa_kit.files as files, sys\n"
        "def full(path, text): raise files.RunFailed(f'{path}: could not be written')\n"
        "files.write_text = full\n"
        "from cmivqa_kit.cli.main import run\n"
        "sys.argv = ['cmivqa', 'predict', '--out', 'mine.json']\n"
        "run()"
    )
    done = python(code, cwd=tmp_path)
    assert done.returncode == 4
    assert "Error: mine.json: could not be written" in done.stderr


@pytest.mark.parametrize(("command", "code"), [("validate", 1), ("score", 3)])
def test_a_file_that_may_not_be_read_is_an_unreadable_submission(tmp_path: Path, command: str, code: int) -> None:
    """Permissions do not bind root, who may run the tests: the refusal is played."""
    (tmp_path / "entry.json").touch()
    played = (
        "import os, sys, pathlib\n"
        "opened = pathlib.Path.open\n"
        "def refused(self, *a, **k):\n"
        "    if self.name == 'entry.json': raise PermissionError(13, 'Permission denied', str(self))\n"
        "    return opened(self, *a, **k)\n"
        "pathlib.Path.open = refused\n"
        "pathlib.Path.read_bytes = lambda self: refused(self, 'rb').read()\n"
        "os.access = lambda *a, **k: False\n"
        "from cmivqa_kit.cli.main import run\n"
        f"sys.argv = ['cmivqa', '{command}', 'entry.json']\n"
        "run()"
    )
    done = python(played, cwd=tmp_path)
    assert done.returncode == code
    assert "E101" in done.stdout


def test_a_folder_that_may_not_be_read_is_an_error(tmp_path: Path) -> None:
    played = (
        "import os, sys\n"
        "def walk(top, onerror=None, **k):\n"
        "    onerror(PermissionError(13, 'Permission denied', str(top)))\n"
        "    return iter(())\n"
        "os.walk = walk\n"
        "from cmivqa_kit.cli.main import run\n"
        "sys.argv = ['cmivqa', *sys.argv[1:]]\n"
        "run()"
    )
    (tmp_path / "secret").mkdir()
    for arguments in (["data", "check", "--data", "secret"], ["init", "--from", "secret"]):
        done = python(played, *arguments, cwd=tmp_path)
        assert done.returncode == 2
        assert "secret: cannot be read (Permission denied)" in done.stderr


def test_an_empty_cell_stays_empty_in_csv(tmp_path: Path) -> None:
    done = cmivqa_here("data", "check", "--split", "dev", "--all", "--format", "csv", cwd=tmp_path)
    assert {row["dropped_by"] for row in csv.DictReader(done.stdout.decode().splitlines())} == {""}


def test_a_killed_training_goes_on_over_half_a_tokenizer(
    tmp_path: Path, few_videos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The tokenizer is written again, the cut line of the log is dropped: the same files in the end."""
    settings = ("max_steps=4", "pairs=8", "dev_questions=1", "evaluate_every=2", "save_every=2", "log_every=1")
    words = ("train", "-m", "ccgs", "--preset", "tiny", "--data", few_videos)
    words += tuple(word for setting in settings for word in ("--set", f"train.{setting}"))
    whole, stopped = tmp_path / "whole", tmp_path / "stopped"
    for folder in (whole, stopped):
        folder.mkdir()
    assert cmivqa_here(*words, cwd=whole).returncode == 0
    log, lines = RunDirectory.log, iter(range(4))

    def logged(self: RunDirectory, event: Mapping[str, Any]) -> None:
        log(self, event)
        if next(lines) == 3:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(RunDirectory, "log", logged)
        assert cmivqa_here(*words, cwd=stopped).returncode == 130
    run = stopped / "runs" / "ccgs-1"
    for name, part in (("tokenizer/tokenizer.json", 500), ("metrics.jsonl", -7)):
        (run / name).write_bytes((run / name).read_bytes()[:part])
    done = cmivqa_here("train", "--resume", "runs/ccgs-1", "--data", few_videos, cwd=stopped)
    assert done.returncode == 0, done.stderr
    for name in ("tokenizer/tokenizer.json", "metrics.jsonl", "model.safetensors", "last.safetensors"):
        assert (run / name).read_bytes() == (whole / "runs" / "ccgs-1" / name).read_bytes(), name
