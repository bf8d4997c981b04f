"""The public face: `import cmivqa_kit as ck` is light, says its names, and does what its docstrings show."""

from __future__ import annotations

import ast
import doctest
import shutil
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

import cmivqa_kit as ck
from tests.cli.running import cmivqa_here, python
from tests.house.markdown import ROOT

FUNCTIONS = [name for name in ck.__all__ if name.islower() and not name.startswith("_")]


def test_importing_it_loads_nothing_heavy(tmp_path: Path) -> None:
    done = python(
        "import sys, cmivqa_kit as ck; assert {'score', 'open_entry'} <= set(dir(ck)); "
        "print([name for name in sys.modules if name.split('.')[0] in ('numpy', 'torch', 'scipy', 'click', 'rich') "
        "or name.startswith('cmivqa_kit.')])",
        cwd=tmp_path,
    )
    assert done.stdout.strip() == "[]", done.stdout + done.stderr


def test_validating_and_scoring_load_no_torch(tmp_path: Path, made: Path) -> None:
    done = python(
        "import sys, cmivqa_kit as ck; entry = ck.open_entry(sys.argv[1]); "
        "assert entry.report.ok and entry.cards[0].intervals and str(entry.cards[0]); ck.compare(entry, entry); "
        "print([name for name in ('torch', 'transformers', 'scipy.stats', 'click', 'rich') if name in sys.modules])",
        made / "mine.json",
        cwd=tmp_path,
    )
    assert done.stdout.strip() == "[]", done.stdout + done.stderr


def test_checkers_see_what_is_imported_at_first_use() -> None:
    tree = ast.parse(Path(ck.__file__).read_text(encoding="utf-8"))
    (block,) = [node for node in tree.body if isinstance(node, ast.If)]
    stated = {
        alias.asname or alias.name: f"{node.module}:{alias.name}"
        for node in block.body
        if isinstance(node, ast.ImportFrom) and node.module != "typing"
        for alias in node.names
    }
    assert set(stated) == set(ck.__all__) - {"__version__"}
    for name, source in stated.items():
        module, _, own = source.partition(":")
        assert getattr(ck, name) is getattr(import_module(module), own), name


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'scoer'"):
        _ = ck.scoer


def test_the_older_ways_in_still_work() -> None:
    from cmivqa_kit.scoring import score
    from cmivqa_kit.submission import write

    assert (score, write) == (ck.score, ck.write)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with ``mine.json``, of bm25, and ``template.json``, both for the embedded testA."""
    folder = tmp_path_factory.mktemp("made")
    run = ck.train("bm25", runs=folder / "runs")
    ck.predict(run, "testA", folder / "mine.json")
    assert cmivqa_here("sample", "--out", "template.json", cwd=folder).returncode == 0
    return folder


def examples(name: str) -> doctest.DocTest:
    owner: Any = ck if name == "cmivqa_kit" else getattr(ck, name)
    return doctest.DocTestParser().get_doctest(owner.__doc__ or "", {}, name, None, None)


@pytest.mark.parametrize("name", ["cmivqa_kit", *FUNCTIONS])
def test_docstrings_show_what_happens(name: str, made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for file in made.glob("*.json"):
        shutil.copy(file, tmp_path)
    shutil.copytree(ROOT / "submissions", tmp_path / "submissions")
    monkeypatch.chdir(tmp_path)
    example = examples(name)
    assert example.examples, f"{name} shows no use"
    said: list[str] = []
    failed, _ = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(example, out=said.append)
    assert not failed, "".join(said)
