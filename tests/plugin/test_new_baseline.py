"""`cmivqa baselines new`: a package that trains, predicts and passes its own test."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from cmivqa_kit.errors import UserError
from cmivqa_kit.plugin.new_baseline import PLACES, new_baseline
from tests.cli.running import cmivqa_here

TEMPLATE = Path(__file__).parents[2] / "cmivqa_kit" / "plugin" / "template"


def test_the_files_stand_where_a_package_has_them(tmp_path: Path) -> None:
    package = new_baseline("our_system", tmp_path / "deep" / "package")
    written = {path.relative_to(package.folder).as_posix() for path in package.folder.rglob("*") if path.is_file()}
    assert written == set(package.files) == {
        "pyproject.toml", "README.md", "our_system/__init__.py", "our_system/baseline.py", "our_system/config.toml",
        "our_system/published.toml", "tests/test_our_system.py",
    }  # fmt: skip
    project = tomllib.loads((package.folder / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["name"] == "cmivqa-our-system"
    assert project["entry-points"]["cmivqa_kit.baselines"] == {"our_system": "our_system:DECLARATION"}
    for file in package.files:
        text = (package.folder / file).read_text(encoding="utf-8")
        assert "@" not in text
        if file.endswith(".py"):
            compile(text, file, "exec")
    assert "class OurSystem:" in (package.folder / "our_system" / "baseline.py").read_text(encoding="utf-8")
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["package"]


def test_every_file_of_the_template_has_a_place() -> None:
    assert {path.name for path in TEMPLATE.iterdir()} == PLACES.keys()


@pytest.mark.parametrize("name", ["", "Our", "1a", "class", "our-x", "../x", "x_", "_x", "a.b", "é", "x" * 41, "a b"])
def test_no_name(tmp_path: Path, name: str) -> None:
    with pytest.raises(UserError, match="cannot be the name of a baseline"):
        new_baseline(name, tmp_path / "package")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("name", "why"), [("bm25", "baseline called 'bm25' is installed"), ("json", "package called")])
def test_a_name_that_is_taken(tmp_path: Path, name: str, why: str) -> None:
    with pytest.raises(UserError, match=why):
        new_baseline(name, tmp_path / "package")


@pytest.mark.parametrize("kind", ["file", "folder", "link"])
def test_nothing_is_overwritten(tmp_path: Path, kind: str) -> None:
    target = tmp_path / "package"
    {"file": target.touch, "folder": target.mkdir, "link": lambda: target.symlink_to("nowhere")}[kind]()
    with pytest.raises(UserError, match="package: exists; nothing is overwritten"):
        new_baseline("our_system", target)
    assert [path.name for path in tmp_path.iterdir()] == ["package"]


def test_the_command_says_what_to_do(tmp_path: Path) -> None:
    done = cmivqa_here("baselines", "new", "our_system", cwd=tmp_path)
    text = done.stdout.decode()
    assert done.returncode == 0 and "our_system/pyproject.toml" in text and text.endswith("Next: cmivqa baselines\n")
    assert "pip install --no-build-isolation --no-deps -e our_system" in text
    again = cmivqa_here("baselines", "new", "our_system", cwd=tmp_path)
    assert again.returncode == 2 and "exists; nothing is overwritten" in again.stderr.decode()


def test_the_bare_command_is_the_list_as_ever(tmp_path: Path) -> None:
    assert cmivqa_here("baselines", cwd=tmp_path).stdout.decode().startswith("Baselines")
    assert cmivqa_here("baselines", "--format", "json", cwd=tmp_path).stdout.startswith(b"[")
