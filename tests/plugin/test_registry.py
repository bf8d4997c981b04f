"""Finding baselines: what is installed, what is broken, what is lacking."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from cmivqa_kit.errors import ExitCode, UserError
from cmivqa_kit.plugin import registry
from cmivqa_kit.plugin.registry import baseline_names, create, find_declaration, missing_packages
from tests.prediction.fake import DECLARATION, Fake, install

BROKEN = {
    "gone": "no_such_package_here:DECLARATION",
    "renamed": "cmivqa_kit.plugin.types:NoSuchName",
    "syntax": "bad_syntax:DECLARATION",
    "raises": "raises_at_import:DECLARATION",
    "other": "cmivqa_kit.plugin.types:Declaration",
    "odd": "not a valid value !",
}


@pytest.fixture(autouse=True)
def _installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    install(monkeypatch, tmp_path, **BROKEN)
    (tmp_path / "packages" / "bad_syntax.py").write_text("def (", encoding="utf-8")
    (tmp_path / "packages" / "raises_at_import.py").write_text("raise RuntimeError('no GPU')", encoding="utf-8")


def test_names_are_listed_without_importing() -> None:
    assert baseline_names() == ("fake", "gone", "odd", "other", "raises", "renamed", "syntax")


def test_a_declaration_and_its_system() -> None:
    found = find_declaration("fake")
    assert found == DECLARATION
    assert isinstance(create(found), Fake)
    assert create(found) is not create(found)


@pytest.mark.parametrize("name", sorted(BROKEN))
def test_a_broken_entry_point_is_a_plain_error(name: str) -> None:
    with pytest.raises(UserError) as caught:
        find_declaration(name)
    assert caught.value.message.startswith(f"baseline {name!r}: {BROKEN[name]} ")
    assert caught.value.code == ExitCode.USAGE
    assert caught.value.fix


def test_the_nearest_name_is_offered() -> None:
    with pytest.raises(UserError, match=r"unknown baseline 'fke'\. Did you mean 'fake'\?") as caught:
        find_declaration("fke")
    assert "Installed: fake, gone" in caught.value.fix


def test_no_baseline_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "entry_points", lambda group: [])
    assert baseline_names() == ()
    with pytest.raises(UserError) as caught:
        find_declaration("bm25")
    assert "Installed: none" in caught.value.fix


def test_the_kits_own_baselines_are_declared_soundly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    for name in ("bm25", "prior"):
        assert find_declaration(name).name == name
        assert create(find_declaration(name))


@pytest.mark.parametrize(
    "factory",
    ["no_such_package_here:X", "tests.prediction.fake:NoSuch", "tests.prediction.fake", "", "raises_at_import:X"],
)
def test_a_broken_factory(factory: str) -> None:
    with pytest.raises(UserError, match="cannot be loaded"):
        create(replace(DECLARATION, factory=factory))


def test_a_factory_that_refuses_is_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: Fake) -> None:
        raise UserError("no licence", "Buy one.")

    monkeypatch.setattr(Fake, "__init__", refuse)
    with pytest.raises(UserError, match="no licence"):
        create(DECLARATION)


def test_missing_packages_are_named() -> None:
    needs = (
        "subtitles",
        "package:numpy",
        "package:no_such_package_here",
        "package:no_such.inner",
        "package:numpy.linalg",
    )
    found = replace(DECLARATION, needs=needs)
    assert missing_packages(found) == ("no_such_package_here", "no_such.inner")
    with pytest.raises(UserError, match=r"needs no_such_package_here, no_such\.inner, not installed") as caught:
        create(found)
    assert "pip install" in caught.value.fix


def test_a_package_that_is_optional_is_in_nobody_s_way() -> None:
    found = replace(DECLARATION, needs=("subtitles", "optional:no_such_package_here", "optional:numpy"))
    assert missing_packages(found) == ()
    assert missing_packages(found, optional=True) == ("no_such_package_here",)
    assert isinstance(create(found), Fake)
