"""The commands of README.md and docs/: each exists with its flags, and the marked sections run as they say.

A block after ``<!-- runs -->`` is run line by line in an empty folder on the embedded corpus; ``# exit code N`` behind
a line is what it has to leave with, else 0.
"""

from __future__ import annotations

import shlex
import subprocess
import sys
from pathlib import Path

import click
import pytest

from cmivqa_kit.cli.main import cli
from tests.cli.running import cmivqa_here
from tests.hang import HANG
from tests.house.markdown import ROOT, Line, blocks, run_blocks, shell_lines

PAGES = ("README.md", "README.zh-CN.md", "docs/participants.md", "docs/organizers.md", "docs/results.md")
RUN = ("docs/participants.md", "docs/organizers.md")


def commands(page: str) -> list[list[str]]:
    """The words of every `cmivqa ...` line of a page, without the program's name."""
    texts = [text for language, text in blocks(ROOT / page) if language == "bash"]
    lines = [shlex.split(line.command) for text in texts for line in shell_lines(text)]
    return [words[1:] for words in lines if words[0] == "cmivqa"]


def unknown(words: list[str]) -> list[str]:
    """What of a command line does not exist: the command, or flags of it."""
    command: click.Command | None = cli
    rest = list(words)
    while isinstance(command, click.Group) and rest and not rest[0].startswith("-"):
        command = command.get_command(click.Context(cli), rest.pop(0))
    if command is None:
        return [" ".join(words)]
    known = {flag for option in command.params for flag in (*option.opts, *option.secondary_opts)} | {"--help"}
    return [word for word in rest if word.startswith("-") and word not in known]


@pytest.mark.parametrize("page", PAGES)
def test_commands_exist_with_their_flags(page: str) -> None:
    called = commands(page)
    assert len(called) >= 7
    assert not {" ".join(words): faults for words in called if (faults := unknown(words))}


@pytest.mark.parametrize("line", ["vaildate x.json", "data chekc", "score x.json --trueth y.json"])
def test_an_unknown_command_is_seen(line: str) -> None:
    assert unknown(line.split())


def run(line: Line, folder: Path) -> subprocess.CompletedProcess[bytes]:
    """A line in ``folder``: `cmivqa` in this process, `python` with this interpreter, anything else by the shell."""
    if line.command.startswith("cmivqa "):
        return cmivqa_here(*shlex.split(line.command)[1:], cwd=folder)
    script = line.command.replace("python ", f"{shlex.quote(sys.executable)} ", 1)
    return subprocess.run(["bash", "-c", script], cwd=folder, capture_output=True, timeout=HANG, check=False)


@pytest.mark.parametrize("page", RUN)
def test_the_marked_sections_run_as_they_say(page: str, tmp_path: Path) -> None:
    marked = run_blocks(ROOT / page)
    assert marked
    for number, lines in enumerate(marked):
        assert len(lines) > 8
        folder = tmp_path / str(number)
        folder.mkdir()
        for line in lines:
            ended = run(line, folder)
            assert ended.returncode == line.exit_code, (line, ended.stdout.decode(), ended.stderr.decode())


def test_a_promised_exit_code_is_read() -> None:
    (line,) = shell_lines("cmivqa validate wrong.json  # exit code 1: an id is text\n")
    assert line == Line("cmivqa validate wrong.json", 1)


# Tables of figures that stand in docs/results.md as well, by the start of their first line.
COPIED = {
    "bm25": ("| instead of the default",),
    "ccgs": ("| system |", "| case |", "| Track 2 |", "| Track 3 |"),
    "mutualsl": ("| case |", "| Track 1 |"),
    "prior": ("| TutorialVQA, unseen dev",),
}


@pytest.mark.parametrize(("baseline", "start"), [(name, start) for name in COPIED for start in COPIED[name]])
def test_figures_of_baselines_are_copied_exactly(baseline: str, start: str) -> None:
    own = (ROOT / "baselines" / baseline / "README.md").read_text(encoding="utf-8")
    (table,) = [part for part in own.split("\n\n") if part.startswith(start)]
    assert table.count("\n") >= 3
    assert table.partition("\n<!--")[0].rstrip() in (ROOT / "docs" / "results.md").read_text(encoding="utf-8")
