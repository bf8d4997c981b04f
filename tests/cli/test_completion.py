"""What the shell offers for values: by click's own completion, as a shell asks it."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.shell_completion import ShellComplete

from cmivqa_kit.cli.main import cli
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
