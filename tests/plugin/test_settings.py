"""A baseline's settings: config.toml, a preset, --set; wrong keys offer the nearest, wrong types are said."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from cmivqa_kit.errors import UserError
from cmivqa_kit.plugin.settings import merge, name_recipe, package_toml, presets, settings
from tests.prediction.fake import DECLARATION, install

DEFAULT = {
    "index": {"k1": 1.5, "size": 10, "name": "words", "on": True, "lengths": [20, 40]},
    "other": {"k1": 0.5},
}


@pytest.fixture(autouse=True)
def _installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    install(monkeypatch, tmp_path)


def refusal(*overrides: str, preset: str | None = None) -> str:
    with pytest.raises(UserError) as caught:
        settings(DECLARATION, preset, overrides)
    return str(caught.value)


def test_defaults() -> None:
    assert settings(DECLARATION) == DEFAULT
    assert presets(DECLARATION) == ("small",)


def test_preset_then_set() -> None:
    assert settings(DECLARATION, "small")["index"] == {**DEFAULT["index"], "size": 2, "k1": 1.0}
    assert settings(DECLARATION, "small", ["index.size=3"])["index"]["size"] == 3
    assert settings(DECLARATION)["index"]["size"] == 10  # the file is read anew each time


@pytest.mark.parametrize(
    ("text", "key", "value"),
    [("index.k1=2", "k1", 2.0), ("index.k1 = 1e-3", "k1", 0.001), ("index.size=-4", "size", -4),
     ("index.name=a b=c", "name", "a b=c"), ('index.name="7"', "name", "7"), ("index.name=", "name", ""),
     ("index.on=false", "on", False), ("index.lengths=[1, 2.5]", "lengths", [1, 2.5])],
)  # fmt: skip
def test_values_are_toml_and_bare_words_are_texts(text: str, key: str, value: object) -> None:
    found = settings(DECLARATION, None, [text])["index"][key]
    assert found == value
    assert type(found) is type(value)


def test_the_last_set_counts() -> None:
    assert settings(DECLARATION, None, ["index.size=1", "index.size=2"])["index"]["size"] == 2


@pytest.mark.parametrize(
    ("override", "part"),
    [
        ("index.kl=1", "--set: unknown setting 'index.kl'. Did you mean 'index.k1'?"),
        ("k1=1", "Settings: index.k1, index.size"),
        ("index=1", "--set: index.name: 1 is not a text"),
        (".=1", "unknown setting '.'"),
        ("index.k1", "no '='"),
        ("index.k1=much", "--set: index.k1: 'much' is not a number"),
        ("index.k1=true", "True is not a number"),
        ("index.k1=" + "9" * 400, "is not a number"),
        ("index.k1=" + "9" * 5000, "is not a number"),
        ("index.lengths=" + "[" * 5000, "is not a list"),
        ("index.size=1.5", "1.5 is not a whole number"),
        ("index.size=true", "True is not a whole number"),
        ("index.name=7", "7 is not a text"),
        ("index.on=1", "1 is not true or false"),
        ("index.lengths=5", "5 is not a list"),
        ("index.name=2024-01-01", "is not a text"),
    ],
)
def test_wrong_overrides(override: str, part: str) -> None:
    assert part in refusal(override)
    with pytest.raises(UserError) as caught:  # `predict --set` on a run's stored settings refuses the same
        merge(DEFAULT, DECLARATION, [override])
    assert part in str(caught.value)


def test_unknown_presets() -> None:
    assert "fake has no preset 'smal'. Did you mean 'small'?\nIt has: small." in refusal(preset="smal")


def test_stored_settings_win_over_the_file() -> None:
    stored = {"index": {"k1": 9.0, "gone": 1}, "old": {"x": 1}}
    merged = merge(stored, DECLARATION, ["index.size=4"])
    assert merged["index"] == {**DEFAULT["index"], "k1": 9.0, "gone": 1, "size": 4}
    assert merged["other"] == DEFAULT["other"]
    assert merged["old"] == {"x": 1}
    assert stored["index"] == {"k1": 9.0, "gone": 1}


@pytest.mark.parametrize(
    ("text", "config"),
    [("", "fake_settings:none.toml"), ("", "no_such_package_here:config.toml"), ("", ""), ("[x", ""),
     ("default = 5", ""), ("[default]\nk1 = 5", ""), ("preset = 5", ""), ("[preset]\nsmall = 5", ""),
     ("[preset.small]\nk1 = 5", ""), ("x = 1\nx = 2", "")],
)  # fmt: skip
def test_a_broken_config_is_a_plain_error(tmp_path: Path, text: str, config: str) -> None:
    if text:
        (tmp_path / "packages" / "fake_settings" / "config.toml").write_text(text, encoding="utf-8")
        config = DECLARATION.config
    with pytest.raises(UserError, match=r"baseline 'fake': .* cannot be read"):
        settings(replace(DECLARATION, config=config), "small")


def test_an_empty_config_has_no_settings(tmp_path: Path) -> None:
    (tmp_path / "packages" / "fake_settings" / "config.toml").write_text("", encoding="utf-8")
    assert settings(DECLARATION) == {}
    assert "Settings: none." in refusal("a.b=1")
    assert "It has none." in refusal(preset="small")


def test_the_published_recipe_lies_under_preset_and_flags() -> None:
    published = settings(DECLARATION, recipe="published")
    assert (published["index"]["k1"], published["index"]["size"]) == (9.0, 7)
    assert settings(DECLARATION)["index"]["k1"] == 1.5
    assert settings(DECLARATION, "small", ["index.k1=3.0"], "published")["index"]["size"] == 2
    assert settings(DECLARATION, "small", ["index.k1=3.0"], "published")["index"]["k1"] == 3.0


def test_output_names_the_recipe_of_systems_that_have_two() -> None:
    assert name_recipe("fake", "kit") == "fake (recipe kit: not the published baseline)"
    assert name_recipe("fake", "published") == "fake (recipe published)"
    assert name_recipe("gone", "kit") == "gone"


def test_a_file_of_the_package_is_read_or_its_fault_is_said(tmp_path: Path) -> None:
    (tmp_path / "packages" / "fake_settings" / "more.toml").write_text("a = 1", encoding="utf-8")
    assert package_toml(DECLARATION, "fake_settings:more.toml") == {"a": 1}
    for place in ("fake_settings:none.toml", "nowhere:more.toml", "fake_settings"):
        with pytest.raises(UserError, match=f"baseline 'fake': {place} cannot be read"):
            package_toml(DECLARATION, place)
