"""Another project's package ``baselines`` in the environment: what it is and what to do, in one plain message."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

import cmivqa_kit
from cmivqa_kit.plugin import foreign
from cmivqa_kit.plugin.foreign import foreign_error, foreign_package
from tests.cli.running import python

RUN = "from cmivqa_kit.cli.main import run; run()"
KIT = Path(cmivqa_kit.__file__).parents[1]


@pytest.fixture
def openai(tmp_path: Path) -> Path:
    """A folder with a package as OpenAI Baselines installs it: no system of the kit in it."""
    package = tmp_path / "elsewhere" / "baselines"
    (package / "deepq").mkdir(parents=True)
    for file in (package / "__init__.py", package / "deepq" / "__init__.py"):
        file.write_text("", encoding="utf-8")
    return package


@pytest.mark.parametrize("arguments", [("baselines",), ("train", "-m", "bm25"), ("baselines", "--format", "json")])
def test_the_command_line_says_what_is_in_the_way(openai: Path, tmp_path: Path, arguments: tuple[str, ...]) -> None:
    done = python(RUN, *arguments, cwd=tmp_path, PYTHONPATH=f"{openai.parent}:{KIT}")
    assert done.returncode == 2
    assert done.stdout == ""
    assert f"another project's package 'baselines' ({openai}) is in the way" in done.stderr
    assert "pip uninstall baselines" in done.stderr
    assert "pip install --force-reinstall " in done.stderr
    assert "fresh virtual environment" in done.stderr
    assert "Traceback" not in done.stderr


def test_behind_the_kits_own_it_is_in_nobodys_way(openai: Path, tmp_path: Path) -> None:
    done = python(RUN, "baselines", cwd=tmp_path, PYTHONPATH=f"{KIT}:{openai.parent}")
    assert done.returncode == 0, done.stderr
    assert "bm25" in done.stdout


def test_a_package_that_raises_is_foreign_too(openai: Path, tmp_path: Path) -> None:
    (openai / "__init__.py").write_text("raise RuntimeError('no tensorflow 1')", encoding="utf-8")
    done = python(RUN, "baselines", cwd=tmp_path, PYTHONPATH=f"{openai.parent}:{KIT}")
    assert done.returncode == 2
    assert "is in the way of the kit's own" in done.stderr


def test_files_of_another_distribution_among_the_kits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(foreign, "packages_distributions", lambda: {"baselines": ["cmivqa-kit", "baselines"]})
    assert foreign_package() == KIT / "baselines"
    error = foreign_error("bm25", "baselines.bm25")
    assert error is not None and str(KIT / "baselines") in error.message


def test_the_kits_own_and_others_are_not_foreign(monkeypatch: pytest.MonkeyPatch) -> None:
    assert foreign_package() is None
    assert foreign_error("bm25", "baselines.bm25") is None
    monkeypatch.setattr(foreign, "packages_distributions", lambda: {"baselines": ["cmivqa-kit", "baselines"]})
    assert foreign_error("mine", "my_package.baseline") is None


def test_a_module_of_that_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "baselines.py").write_text("", encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    for name in [name for name in sys.modules if name.partition(".")[0] == "baselines"]:
        monkeypatch.delitem(sys.modules, name)
    assert foreign_package() == tmp_path / "baselines.py"
