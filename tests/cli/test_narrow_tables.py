"""On a terminal of 80 columns no short word breaks, and an interval stays on its line."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from cmivqa_kit.cli import render
from cmivqa_kit.data.demo import demo_corpus
from tests.cli.running import cmivqa_here
from tests.data.corpora import read, smaller

WORD = 11  # an id of YouTube
_CODES = re.compile(r"\x1b\[[0-9;]*m")
_INTERVAL = re.compile(r"\[-?\d+\.\d{4}, -?\d+\.\d{4}\]|[+-]\d+\.\d{4} to [+-]\d+\.\d{4}")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("narrow")
    smaller(demo_corpus(), folder / "data")
    flags = ("--data", "data")
    assert cmivqa_here("train", "-m", "bm25", *flags, cwd=folder).returncode == 0
    for name, track in (("first", "1"), ("lists", "3")):
        command = ("predict", "-m", "bm25", "--split", "dev", "--track", track, "--out", f"{name}.json", *flags)
        assert cmivqa_here(*command, cwd=folder).returncode == 0
    lists = read(folder / "lists.json")
    for at, name in enumerate(("a second one with a long name", "third", "fourth")):
        changed = [{**row, "output": row["output"][at + 1 :]} for row in lists]
        (folder / f"{name}.json").write_text(json.dumps(changed), encoding="utf-8")
    odd = [{**row, "id": f"{row['id']}x", "question": "another"} if at == 3 else row for at, row in enumerate(lists)]
    (folder / "odd.json").write_text(json.dumps(odd), encoding="utf-8")
    return folder


def shown(monkeypatch: pytest.MonkeyPatch, folder: Path, arguments: tuple[str, ...], width: int) -> list[str]:
    """The lines of the tables that a command prints on a terminal of ``width`` columns; other lines never fold."""
    tables: list[str] = []

    def table(out: render.Console, *rest: object) -> None:
        terminal = render.Console(width=width, force_terminal=True, highlight=False, markup=False, emoji=False)
        with terminal.capture() as capture:
            print_table(terminal, *rest)  # type: ignore[arg-type]
        tables.extend(_CODES.sub("", capture.get()).splitlines())

    print_table = render.table
    monkeypatch.setattr(render, "table", table)
    done = cmivqa_here(*arguments, cwd=folder)
    assert done.returncode in (0, 1), done.stderr.decode()
    monkeypatch.undo()
    return tables


FEW = ("--resamples", "200")
MANY = ("lists.json", "a second one with a long name.json", "third.json", "fourth.json")


@pytest.mark.parametrize(
    "arguments",
    [
        ("score", "lists.json", *FEW),
        ("score", "first.json", *FEW),
        ("score", *MANY, *FEW),
        ("score", *MANY, *FEW, "--raw"),
        ("compare", *MANY[:2], *FEW),
        ("compare", *MANY, *FEW),
        ("compare", *MANY, *FEW, "--all-pairs", "-v"),
        ("diagnose", "lists.json"),
        ("diagnose", "first.json"),
        ("diagnose", *MANY[:2]),
        ("data", "check"),
        ("data", "check", "--all"),
        ("baselines",),
    ],
    ids=" ".join,
)
def test_nothing_short_breaks(folder: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]) -> None:
    flags = () if arguments[0] == "baselines" else ("--data", "data")
    wide = shown(monkeypatch, folder, (*arguments, *flags), 1000)
    narrow = shown(monkeypatch, folder, (*arguments, *flags), 80)
    assert wide
    assert max(map(len, narrow)) <= 80
    words = [word for line in narrow for word in line.split()]
    broken = {word for line in wide for word in line.split() if len(word) <= WORD} - set(words)
    assert not broken
    text, whole = "\n".join(narrow), "\n".join(wide)
    assert sorted(_INTERVAL.findall(text)) == sorted(_INTERVAL.findall(whole))


def test_a_report_has_no_tables_to_fold(folder: Path) -> None:
    """The lines of `validate` are never wrapped, so that ids and paths can be copied."""
    done = cmivqa_here("validate", "odd.json", "--data", "data", "--track", "3", cwd=folder, COLUMNS="80")
    assert done.returncode == 1
    assert any(len(line) > 80 for line in done.stdout.decode().splitlines())
