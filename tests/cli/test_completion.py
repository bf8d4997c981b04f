"""What the shell offers for values: by click's own completion, as a shell asks it; and in a real bash."""

from __future__ import annotations

import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from click.shell_completion import ShellComplete

from cmivqa_kit.cli.main import cli
from cmivqa_kit.cli.shells import Bash, Fish, Zsh
from cmivqa_kit.runs.directory import start_run

EMPTY: dict[str, object] = {}


def offered(*words: str) -> list[str]:
    """What is offered for the last word."""
    return [
        item.value for item in ShellComplete(cli, EMPTY, "cmivqa", "_C").get_completions(list(words[:-1]), words[-1])
    ]


@pytest.fixture(autouse=True)
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_names() -> None:
    assert {"bm25", "ccgs", "mutualsl"} <= set(offered("train", "-m", ""))
    assert offered("train", "--baseline", "cc") == ["ccgs"]
    assert "testA" in offered("predict", "--split", "")
    assert offered("score", "--split", "tes") == [name for name in offered("score", "--split", "") if name[:3] == "tes"]
    assert "mmivqa-2024" in offered("score", "--edition", "mm")


def test_presets_and_settings_of_the_baseline_that_is_named(workspace: Path) -> None:
    assert "tiny" in offered("train", "-m", "ccgs", "--preset", "")
    assert "index.k1=" in offered("train", "-m", "bm25", "--set", "index.")
    (workspace / "cmivqa.toml").write_text('[model]\nbaseline = "bm25"\n', encoding="utf-8")
    assert offered("train", "--set", "index.k") == ["index.k1="]
    assert offered("train", "--set", "index.k1=") == []  # the value is free


def test_runs(workspace: Path) -> None:
    start_run(workspace / "runs", "bm25", {}, 0)
    start_run(workspace / "runs", "ccgs", {}, 0)
    (workspace / "runs" / "notes").mkdir()
    assert offered("runs", "show", "") == ["bm25-1", "ccgs-1"]
    assert offered("runs", "compare", "bm25-1", "c") == ["ccgs-1"]
    assert [Path(path).name for path in offered("predict", "--run", "")] == ["runs", "bm25-1", "ccgs-1"]


@pytest.mark.parametrize(
    "words",
    [("train", "-m", "nope", "--preset", ""), ("train", "-m", "nope", "--set", ""), ("runs", "show", ""),
     ("predict", "--edition", "nope", "--split", "")],
)  # fmt: skip
def test_nothing_is_offered_where_nothing_is_known(words: tuple[str, ...]) -> None:
    assert offered(*words) == []


def test_a_damaged_workspace_is_no_traceback(workspace: Path) -> None:
    (workspace / "cmivqa.toml").write_text("[", encoding="utf-8")
    assert offered("runs", "show", "") == []
    assert offered("train", "--preset", "") == []


ROOT = Path(__file__).parents[2]


def test_a_real_bash_completes(workspace: Path) -> None:
    """The line of the docs, then what bash does at a press of the key; it cuts words at ``=``."""
    program = workspace / "cmivqa"
    code = f"import sys; sys.path.insert(0, {str(ROOT)!r}); from cmivqa_kit.cli.main import run; run()"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -c {shlex.quote(code)} "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    lines = [
        'eval "$(_CMIVQA_COMPLETE=bash_source ./cmivqa)"',
        'compopt() { echo "compopt $1 $2"; }',
        'typed() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=(); _cmivqa_completion ./cmivqa; '
        'echo "${COMPREPLY[*]}"; }',
        "typed cmivqa train -m bm25 --set index.k",
        "typed cmivqa train --baseline = ccgs --preset tiny-",
        "typed cmivqa train --baseline = bm",
        "complete -p cmivqa",
    ]
    done = subprocess.run(
        ["bash", "--norc", "-c", "\n".join(lines)], cwd=workspace, capture_output=True, text=True, check=True
    )
    assert done.stderr == ""
    assert done.stdout.splitlines() == [
        "compopt -o nospace",
        "index.k1=",
        "tiny-visual",
        "bm25",
        "complete -o nosort -F _cmivqa_completion cmivqa",
    ]


def test_a_value_behind_the_sign_of_its_flag(monkeypatch: pytest.MonkeyPatch) -> None:
    """``--flag=VALUE``: bash is given the value, fish the whole word; zsh sets the flag aside itself."""

    def given(shell: type[ShellComplete], words: str, number: str) -> list[str]:
        monkeypatch.setenv("COMP_WORDS", words)
        monkeypatch.setenv("COMP_CWORD", number)
        asked = shell(cli, EMPTY, "cmivqa", "_C")
        return [str(item.value) for item in asked.get_completions(*asked.get_completion_args())]

    assert given(Bash, "cmivqa train --baseline = cc", "4") == ["ccgs"]
    assert given(Bash, "cmivqa train -m bm25 --set index.k1 = 2", "6") == []
    assert given(Fish, "cmivqa train --baseline=cc", "--baseline=cc") == ["--baseline=ccgs"]
    assert given(Fish, "cmivqa train --baseline cc", "cc") == ["ccgs"]
    assert given(Zsh, "cmivqa train --baseline=cc", "2") == ["ccgs"]
    for text in ("compset -P 1 '*='", 'around=(-i "$IPREFIX")', 'around+=(-S "")', '-U "${around[@]}"'):
        assert text in Zsh.source_template
    assert Zsh.source_template.count('"${around[@]}"') == 2
    assert "--max 1" in Fish.source_template
